//! Forecasts of the outcomes of updates, before they are written: the journal need not keep an update that is going to be
//! refused.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::board::BoardName;
use crate::boards::{Boards, MAX_TIMETABLE_BYTES};
use crate::outcome::Rejection;
use crate::timetable::{MAX_FLIGHTS, Timetable};
use crate::update::{Change, Update};

/// The limits of one server, which are no part of the fold: replicas may have different ones. So they are checked
/// before an update is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateLimits {
    /// Most rows of a board, [`MAX_FLIGHTS`] at most.
    pub max_flights: usize,
    /// Most bytes of a board.
    pub max_board_bytes: usize,
    /// Most bytes of all boards together.
    pub max_bytes: usize,
}

/// The outcome of an update if nothing else is applied before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forecast {
    /// It will be refused, by the fold or for a limit of the server.
    Refused(Rejection),
    /// The fold has applied it before, under its idempotency key.
    Repeated {
        /// Position of the record that made the change.
        version: u64,
    },
    /// It has to be written.
    Open,
}

/// The extent of a forecast. Where other programs write updates too, these boards may not have them yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForecastScope {
    /// The boards are up to date.
    All,
    /// Only the limits can be checked.
    LimitsOnly,
}

/// Forecasts the outcomes of updates that are written together, in their order.
#[derive(Debug)]
pub struct Forecaster<'a> {
    boards: &'a Boards,
    now: Timestamp,
    limits: StateLimits,
    scope: ForecastScope,
    pending: HashMap<BoardName, PendingChanges>,
    pending_keys: HashSet<u128>,
    pending_bytes: usize,
}

/// The changes of one board that are to be written.
#[derive(Debug, Default)]
struct PendingChanges {
    changes_board: bool,
    numbers: HashSet<String>,
    flights: usize,
    bytes: usize,
}

impl Default for StateLimits {
    fn default() -> Self {
        Self {
            max_flights: MAX_FLIGHTS,
            max_board_bytes: 32 * 1024 * 1024,
            // The rest is for updates that were checked together.
            max_bytes: MAX_TIMETABLE_BYTES / 16 * 15,
        }
    }
}

impl<'a> Forecaster<'a> {
    /// A forecast from the present state.
    pub fn new(
        boards: &'a Boards,
        now: Timestamp,
        limits: StateLimits,
        scope: ForecastScope,
    ) -> Self {
        Self {
            boards,
            now,
            limits,
            scope,
            pending: HashMap::new(),
            pending_keys: HashSet::new(),
            pending_bytes: 0,
        }
    }

    /// The forecast for the next update.
    pub fn next(&mut self, update: &Update) -> Forecast {
        let key = update.fingerprints();
        if let Some((key, fingerprint)) = key
            && self.scope == ForecastScope::All
            && let Some(entry) = self.boards.idempotency_keys.peek(self.now, key)
        {
            return if entry.fingerprint == fingerprint {
                Forecast::Repeated { version: entry.version }
            } else {
                Forecast::Refused(Rejection::KeyReused)
            };
        }
        let (bytes, is_new) = self.growth(update);
        let key = key.map(|(key, _)| key);
        let refusal = self.refusal(update).or_else(|| self.excess(update, key, bytes, is_new));
        if let Some(refusal) = refusal {
            return Forecast::Refused(refusal);
        }
        self.pending_keys.extend(key);
        self.pending_bytes += bytes;
        let pending = self.pending.entry(update.board().clone()).or_default();
        pending.flights += usize::from(is_new);
        pending.bytes += bytes;
        match update.change().flight() {
            Some(key) => drop(pending.numbers.insert(key.flight().to_owned())),
            None => pending.changes_board = true,
        }
        Forecast::Open
    }

    /// Why the fold will refuse the update, unless that depends on the updates before it.
    fn refusal(&self, update: &Update) -> Option<Rejection> {
        if self.scope == ForecastScope::LimitsOnly || self.depends_on_pending(update) {
            return None;
        }
        let board = self.boards.board(update.board());
        if let Some(precondition) = update.board_precondition() {
            let open = board.filter(|board| board.close_reason().is_none());
            if let Err(rejection) = precondition.check(open.map(Timetable::head)) {
                return Some(rejection);
            }
        }
        match (board, update.change()) {
            (Some(board), _) => board.refusal(update),
            (None, Change::PutBoard(_)) => None,
            (None, _) => Some(Rejection::UnknownBoard),
        }
    }

    fn depends_on_pending(&self, update: &Update) -> bool {
        let Some(pending) = self.pending.get(update.board()) else { return false };
        pending.changes_board
            || update.board_precondition().is_some()
            || update.change().flight().is_none_or(|key| pending.numbers.contains(key.flight()))
    }

    /// The limit that the update would exceed, if any.
    fn excess(
        &self,
        update: &Update,
        key: Option<u128>,
        bytes: usize,
        is_new: bool,
    ) -> Option<Rejection> {
        let StateLimits { max_flights, max_board_bytes, max_bytes } = self.limits;
        let keys = &self.boards.idempotency_keys;
        if let Some(key) = key
            && !self.pending_keys.contains(&key)
            && keys.peek(self.now, key).is_none()
            && keys.are_full(self.now, update.publisher(), self.pending_keys.len())
        {
            return Some(Rejection::TooManyKeys);
        }
        let board = self.boards.board(update.board())?;
        let pending = self.pending.get(update.board());
        let (flights, board_bytes) =
            pending.map_or((0, 0), |pending| (pending.flights, pending.bytes));
        if is_new && board.len() + flights >= max_flights {
            return Some(Rejection::BoardFull { max_flights });
        }
        if bytes > 0 && board.bytes() + board_bytes + bytes > max_board_bytes {
            return Some(Rejection::BoardTooLarge { max_bytes: max_board_bytes });
        }
        if bytes > 0 && self.boards.bytes() + self.pending_bytes + bytes > max_bytes {
            return Some(Rejection::StateFull { max_bytes });
        }
        None
    }

    /// The most bytes by which the update makes its board larger, and whether it adds a row.
    fn growth(&self, update: &Update) -> (usize, bool) {
        let board = self.boards.board(update.board());
        board.map_or((0, false), |board| board.growth(update.change()))
    }
}

impl Timetable {
    /// Why the board will refuse the update. `None` also for a refused update that leaves a trace: a removal counts
    /// even if it comes before the row.
    fn refusal(&self, update: &Update) -> Option<Rejection> {
        let change = update.change();
        if self.close_reason().is_some() {
            let is_accepted = matches!(change, Change::PutBoard(_) | Change::CloseBoard { .. });
            return (!is_accepted).then_some(Rejection::BoardClosed);
        }
        if let Err(rejection) = self.check_conditions(update) {
            return Some(rejection);
        }
        match change {
            Change::PatchFlight(patch) => self.find(patch.key()).err(),
            Change::RemoveFlight(key) => self.find(key).err().filter(|rejection| {
                *rejection != Rejection::UnknownFlight || update.as_of_time().is_none()
            }),
            _ => None,
        }
    }
}
