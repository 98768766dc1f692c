//! The choices of the reader, and the cells that have just changed. It knows neither the terminal nor the connection.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use flightboard_client::{Board, FollowStatus, RowChange, RowKey};
use jiff::Timestamp;

use crate::board_clock::BoardClock;
use crate::printable::printable;
use crate::row_view::{CellKind, ShownRow, sorted_rows};
use crate::search::find_rows;
use crate::source_doubt::source_doubt;

/// Time for which a changed cell is marked.
pub(crate) const MARK_TIME: Duration = Duration::from_secs(30);

/// Longest search, in characters.
const MAX_QUERY_CHARS: usize = 40;

/// A row that moved this long ago is not the first that a reader looks for.
const PAST_SECS: i64 = 30 * 60;

/// A key that the reader has pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScreenKey {
    Char(char),
    Enter,
    Escape,
    Backspace,
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
}

/// The effect of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyEffect {
    Redraw,
    Quit,
}

pub(crate) struct ScreenState {
    pub(crate) clock: BoardClock,
    pub(crate) title: String,
    pub(crate) attribution: Option<String>,
    pub(crate) status: FollowStatus,
    pub(crate) has_settings: bool,
    /// The rows that the search finds, in their order.
    pub(crate) rows: Vec<ShownRow>,
    pub(crate) all_rows: usize,
    pub(crate) query: String,
    pub(crate) is_searching: bool,
    pub(crate) followed: Option<ShownRow>,
    /// The followed flight is not on the board any more.
    pub(crate) is_followed_gone: bool,
    selected: Option<RowKey>,
    /// Rows on the screen, for the keys that turn pages.
    pub(crate) page_rows: usize,
    marks: HashMap<RowKey, HashMap<String, Instant>>,
    now: Timestamp,
    /// The time of the board's last update, as far as the server has told it.
    last_update: Option<Timestamp>,
    /// A sentence, if the rows may be old although the connection is good.
    pub(crate) source_doubt: Option<String>,
}

impl ScreenState {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            clock: BoardClock::of_board(&Board::default()),
            title: String::new(),
            attribution: None,
            status: FollowStatus::Connecting,
            has_settings: false,
            rows: Vec::new(),
            all_rows: 0,
            query: String::new(),
            is_searching: false,
            followed: None,
            is_followed_gone: false,
            selected: None,
            page_rows: 1,
            marks: HashMap::new(),
            now,
            last_update: None,
            source_doubt: None,
        }
    }

    /// Takes over the board, as of `now` on the server's clock.
    pub(crate) fn update(&mut self, board: &Board, status: &FollowStatus, now: Timestamp) {
        let text = |name: &str| board.settings().and_then(|settings| settings.get(name)?.as_str());
        self.clock = BoardClock::of_board(board);
        self.title = printable(text("title").or_else(|| text("name")).unwrap_or_default());
        let attribution = board.source().and_then(|source| source.get("attribution")?.as_str());
        self.attribution = attribution.map(printable);
        self.status = status.clone();
        self.has_settings = board.settings().is_some();
        self.now = now;
        self.source_doubt = source_doubt(board, self.last_update, now);
        let rows = sorted_rows(board, &self.clock, now);
        self.all_rows = rows.len();
        if let Some(followed) = &mut self.followed {
            let row = rows.iter().find(|row| row.key == followed.key);
            self.is_followed_gone = row.is_none();
            if let Some(row) = row {
                *followed = row.clone();
            }
        }
        self.rows = find_rows(rows, &self.query);
        if self.selected_index().is_none() {
            self.selected = self.first_current().map(|row| row.key.clone());
        }
    }

    pub(crate) fn set_last_update(&mut self, at: Option<Timestamp>) {
        self.last_update = at;
    }

    /// Returns true if the doubt about the source is another one by `now`.
    pub(crate) fn has_other_doubt(&self, board: &Board, now: Timestamp) -> bool {
        self.source_doubt != source_doubt(board, self.last_update, now)
    }

    pub(crate) fn mark(&mut self, changes: &[RowChange], at: Instant) {
        for change in changes.iter().filter(|change| change.after.is_some()) {
            let fields = self.marks.entry(change.key.clone()).or_default();
            let names = change.fields().into_iter().map(|field| field.name.to_owned());
            fields.extend(names.map(|name| (name, at)));
        }
    }

    /// Forgets the marks that are over. Returns true if there were any.
    pub(crate) fn expire_marks(&mut self, now: Instant) -> bool {
        let count = |marks: &HashMap<RowKey, HashMap<String, Instant>>| {
            marks.values().map(HashMap::len).sum::<usize>()
        };
        let before = count(&self.marks);
        self.marks.retain(|_, fields| {
            fields.retain(|_, at| now.saturating_duration_since(*at) < MARK_TIME);
            !fields.is_empty()
        });
        count(&self.marks) < before
    }

    /// Returns true if a cell has just changed.
    pub(crate) fn is_marked(&self, key: &RowKey, kind: CellKind) -> bool {
        let fields = self.marks.get(key);
        fields.is_some_and(|fields| {
            kind.fields(&self.clock).iter().any(|field| fields.contains_key(*field))
        })
    }

    pub(crate) fn selected_index(&self) -> Option<usize> {
        let selected = self.selected.as_ref()?;
        self.rows.iter().position(|row| row.key == *selected)
    }

    pub(crate) fn handle_key(&mut self, key: ScreenKey, board: &Board) -> KeyEffect {
        match key {
            ScreenKey::Escape if self.is_searching || !self.query.is_empty() => {
                self.is_searching = false;
                self.search("", board);
            }
            ScreenKey::Escape => self.followed = None,
            ScreenKey::Char(sign) if self.is_searching => {
                if self.query.chars().count() < MAX_QUERY_CHARS && !sign.is_control() {
                    self.search(&format!("{}{sign}", self.query), board);
                }
            }
            ScreenKey::Backspace if self.is_searching => {
                let mut query = self.query.clone();
                query.pop();
                self.search(&query, board);
            }
            ScreenKey::Enter if self.is_searching => self.is_searching = false,
            ScreenKey::Enter => self.follow_selected(),
            ScreenKey::Char('/') => self.is_searching = true,
            ScreenKey::Char('q') => return KeyEffect::Quit,
            ScreenKey::Up | ScreenKey::Char('k') => self.select_by(-1),
            ScreenKey::Down | ScreenKey::Char('j') => self.select_by(1),
            ScreenKey::PageUp => self.select_by(-self.page_step()),
            ScreenKey::PageDown => self.select_by(self.page_step()),
            ScreenKey::Home => self.select_by(isize::MIN),
            ScreenKey::End => self.select_by(isize::MAX),
            ScreenKey::Char(_) | ScreenKey::Backspace => {}
        }
        KeyEffect::Redraw
    }

    fn search(&mut self, query: &str, board: &Board) {
        query.clone_into(&mut self.query);
        let status = self.status.clone();
        self.update(board, &status, self.now);
    }

    /// Follows the selected flight, or stops following it.
    fn follow_selected(&mut self) {
        let selected = self.selected_index().map(|index| self.rows[index].clone());
        let is_same = |row: &ShownRow| self.followed.as_ref().is_some_and(|one| one.key == row.key);
        self.followed = selected.filter(|row| !is_same(row));
        self.is_followed_gone = false;
    }

    fn select_by(&mut self, step: isize) {
        let Some(last) = self.rows.len().checked_sub(1) else { return };
        let index = self.selected_index().unwrap_or(0).saturating_add_signed(step).min(last);
        self.selected = Some(self.rows[index].key.clone());
    }

    fn page_step(&self) -> isize {
        isize::try_from(self.page_rows).unwrap_or(1)
    }

    /// The first row that is not long over, else the first one.
    fn first_current(&self) -> Option<&ShownRow> {
        let oldest = self.now.as_second() - PAST_SECS;
        let is_current = |row: &&ShownRow| row.expected.is_none_or(|at| at.as_second() >= oldest);
        self.rows.iter().find(is_current).or(self.rows.first())
    }
}
