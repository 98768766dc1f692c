//! A board's rows, settings and source: the fold of its events, by the same rules as the server.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::board_url::BoardUrl;
use crate::follower::BoardFollower;
use crate::http::ClientSetupError;
use crate::options::FollowOptions;
use crate::row::{BoardRow, RowChange, RowKey};
use crate::stream_event::{BoardStep, JsonObject, RowPatch, is_known, step};

/// Everything that is known of a board.
#[derive(Debug, Clone, Default)]
pub struct Board {
    settings: Option<JsonObject>,
    source: Option<JsonObject>,
    rows: IndexMap<RowKey, Arc<BoardRow>>,
    closed: Option<String>,
}

/// An event is not one of these rows: it is unreadable, or of a row that is not there, so an earlier event is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event is unreadable, or of a row that is missing")]
pub struct UnfitEvent;

/// The effect of an event on a board.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum StepEffect {
    /// All rows are new: there were none before.
    FirstRows,
    /// These rows differ; maybe none.
    Changes(Vec<RowChange>),
    /// The settings or the source, and these rows.
    Details(Vec<RowChange>),
    /// The board is closed and has no rows.
    Closed(String),
}

impl Board {
    /// Follows the board at a URL, such as `https://airport.example/boards/main`, with the default settings. The URL of
    /// a server means its board `main`. Nothing is requested before the first [`BoardFollower::next`].
    ///
    /// # Errors
    /// The URL is not that of a board, or TLS is not available. A server that cannot be reached is a status.
    pub fn follow(url: &str) -> Result<BoardFollower, ClientSetupError> {
        let url: BoardUrl =
            url.parse().map_err(|error| ClientSetupError(format!("{url}: {error}")))?;
        BoardFollower::new(url, FollowOptions::default())
    }

    /// Applies an event, by name, to the rows, and returns the rows that differ; `None` if all are new. Names of later
    /// versions and heartbeats change nothing. [`BoardFollower`] calls this for the events of its stream.
    ///
    /// # Errors
    /// The event does not fit the rows. They stay as they were.
    pub fn apply(&mut self, name: &str, data: Value) -> Result<Option<Vec<RowChange>>, UnfitEvent> {
        if !is_known(name) || name == "heartbeat" {
            return Ok(Some(Vec::new()));
        }
        Ok(match self.take(step(name, data).ok_or(UnfitEvent)?)? {
            StepEffect::FirstRows => None,
            StepEffect::Changes(changes) | StepEffect::Details(changes) => Some(changes),
            StepEffect::Closed(_) => Some(Vec::new()),
        })
    }

    /// All rows, in the order in which they were added.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &Arc<BoardRow>> {
        self.rows.values()
    }

    /// The row with this key.
    pub fn row(&self, key: &RowKey) -> Option<&Arc<BoardRow>> {
        self.rows.get(key)
    }

    /// The settings, such as `title`, `kind` and `timeZone`: see `docs/protocol.md`, section "Boards". `None` until the
    /// first rows: until then it is not even known whether the board is empty.
    pub fn settings(&self) -> Option<&Map<String, Value>> {
        self.settings.as_ref()
    }

    /// The source of the rows, as in `docs/protocol.md`, section "The source of a board".
    pub fn source(&self) -> Option<&Map<String, Value>> {
        self.source.as_ref()
    }

    /// Why the board is closed; `None` while it is open.
    pub fn closed(&self) -> Option<&str> {
        self.closed.as_deref()
    }

    /// Applies a step, or leaves everything as it is.
    pub(crate) fn take(&mut self, step: BoardStep) -> Result<StepEffect, UnfitEvent> {
        Ok(match step {
            BoardStep::Timetable { settings, source, rows } => self.replace(settings, source, rows),
            BoardStep::Addition(row) => {
                let key = row.key().clone();
                let row = Arc::new(row);
                let before = self.rows.insert(key.clone(), Arc::clone(&row));
                StepEffect::Changes(
                    RowChange::between(key, before, Some(row)).into_iter().collect(),
                )
            }
            BoardStep::Patch(patch) => StepEffect::Changes(self.patch(vec![patch])?),
            BoardStep::Removal(key) => {
                let before = self.rows.shift_remove(&key).ok_or(UnfitEvent)?;
                StepEffect::Changes(vec![RowChange { key, before: Some(before), after: None }])
            }
            BoardStep::Settings { settings, patches } => {
                let changes = self.patch(patches)?;
                self.settings = Some(settings);
                StepEffect::Details(changes)
            }
            BoardStep::Source(source) => {
                self.source = source;
                StepEffect::Details(Vec::new())
            }
            BoardStep::Closed { reason } => {
                self.rows.clear();
                self.closed = Some(reason.clone());
                StepEffect::Closed(reason)
            }
        })
    }

    fn replace(
        &mut self,
        settings: JsonObject,
        source: Option<JsonObject>,
        rows: Vec<BoardRow>,
    ) -> StepEffect {
        let rows = rows.into_iter().map(|row| (row.key().clone(), Arc::new(row)));
        let is_first = self.settings.is_none() || self.closed.is_some();
        let next = Self { settings: Some(settings), source, rows: rows.collect(), closed: None };
        let before = std::mem::replace(self, next);
        if is_first {
            return StepEffect::FirstRows;
        }
        let removed = before.rows.iter().filter(|(key, _)| !self.rows.contains_key(*key));
        let removed = removed.map(|(key, row)| (key, Some(row), None));
        let current = self.rows.iter().map(|(key, row)| (key, before.rows.get(key), Some(row)));
        let changes = removed.chain(current).filter_map(|(key, before, after)| {
            RowChange::between(key.clone(), before.cloned(), after.cloned())
        });
        let changes = changes.collect();
        if before.settings == self.settings && before.source == self.source {
            StepEffect::Changes(changes)
        } else {
            StepEffect::Details(changes)
        }
    }

    /// Applies all patches or none.
    fn patch(&mut self, patches: Vec<RowPatch>) -> Result<Vec<RowChange>, UnfitEvent> {
        if !patches.iter().all(|patch| self.rows.contains_key(&patch.key)) {
            return Err(UnfitEvent);
        }
        let changes = patches.into_iter().filter_map(|RowPatch { key, fields }| {
            let row = self.rows.get_mut(&key)?;
            let after = Arc::new(row.patched(&fields));
            let before = std::mem::replace(row, Arc::clone(&after));
            RowChange::between(key, Some(before), Some(after))
        });
        Ok(changes.collect())
    }
}
