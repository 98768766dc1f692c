//! Boards that a test applies updates to, one after the other.

use flight::{ApplyOutcome, BoardName, Boards, Change, IdempotencyKey, Update};
use serde_json::Value;

/// Boards, with the position and time of the next update.
pub(crate) struct TestBoards {
    pub(crate) boards: Boards,
    pub(crate) seq: u64,
    pub(crate) now: jiff::Timestamp,
}

impl TestBoards {
    /// Opens the board `main` at 10:00 UTC.
    pub(crate) fn new(settings: Value) -> Self {
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        let mut test = Self { boards: Boards::default(), seq: 0, now };
        assert!(matches!(test.apply("boardUpdate", settings), ApplyOutcome::Changed(_)));
        test
    }

    pub(crate) fn apply(&mut self, event: &str, data: Value) -> ApplyOutcome {
        self.apply_update(update(event, data))
    }

    pub(crate) fn apply_once(&mut self, key: &str, event: &str, data: Value) -> ApplyOutcome {
        let key = IdempotencyKey::parse(key).unwrap();
        self.apply_update(update(event, data).with_idempotency_key(Some(key)))
    }

    pub(crate) fn apply_update(&mut self, update: Update) -> ApplyOutcome {
        self.seq += 1;
        self.boards.apply(self.seq, self.now, &update)
    }

    pub(crate) fn settings(&self) -> Value {
        serde_json::to_value(self.boards.board(&main_board()).unwrap().settings()).unwrap()
    }

    pub(crate) fn due_expiries(&self, now: &str) -> Vec<Update> {
        self.boards.due_expiries(now.parse().unwrap()).collect()
    }

    /// The boards restored from a checkpoint.
    pub(crate) fn restored(&self) -> Boards {
        Boards::restore(&self.boards.checkpoint().encode()).unwrap()
    }

    /// Continues from a checkpoint.
    pub(crate) fn restart(&mut self) {
        self.boards = self.restored();
    }
}

/// An update of the board `main`.
pub(crate) fn update(event: &str, data: Value) -> Update {
    Update::new(main_board(), Change::parse(&main_board(), event, &data).unwrap())
}

pub(crate) fn main_board() -> BoardName {
    BoardName::parse("main").unwrap()
}
