//! Boards in memory that fold changes by the rules of the product.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flight::{ApplyOutcome, BoardName, BoardSettings, BoardSource, Boards, Change, Update};
use jiff::Timestamp;
use polling::{BoardContents, FeedTarget, MAX_BATCH_CHANGES, PublishReport, TargetError};

const CONDITION_TIMEOUT: Duration = Duration::from_secs(60);

const CONDITION_INTERVAL: Duration = Duration::from_millis(10);

/// The boards, shared by feeds and the test.
#[derive(Clone, Default)]
pub(crate) struct MemoryBoards(Arc<SharedBoards>);

#[derive(Default)]
struct SharedBoards {
    folded: Mutex<FoldedBoards>,
    is_unreachable: AtomicBool,
}

#[derive(Default)]
struct FoldedBoards {
    boards: Boards,
    seq: u64,
    /// Events of rows that followers were sent.
    row_events: Vec<String>,
    /// The holder of the lease, and its end.
    lease: Option<(u64, Instant)>,
}

/// The boards as one replica sees them.
pub(crate) struct Replica {
    pub(crate) boards: MemoryBoards,
    pub(crate) holder: u64,
}

impl MemoryBoards {
    pub(crate) fn replica(&self, holder: u64) -> Replica {
        Replica { boards: self.clone(), holder }
    }

    pub(crate) fn set_reachable(&self, is_reachable: bool) {
        self.0.is_unreachable.store(!is_reachable, Ordering::Relaxed);
    }

    /// The rows as JSON, by flight number.
    pub(crate) fn rows(&self, board: &str) -> Vec<String> {
        let contents = self.contents(&BoardName::parse(board).unwrap());
        let flights = contents.map(|contents| contents.flights).unwrap_or_default();
        let mut rows: Vec<_> =
            flights.iter().map(|flight| serde_json::to_string(flight).unwrap()).collect();
        rows.sort();
        rows
    }

    pub(crate) fn row_events(&self) -> Vec<String> {
        self.0.folded.lock().unwrap().row_events.clone()
    }

    pub(crate) fn source(&self, board: &str) -> Option<BoardSource> {
        let folded = self.0.folded.lock().unwrap();
        folded.boards.board(&BoardName::parse(board).unwrap())?.source().cloned()
    }

    pub(crate) fn title(&self, board: &str) -> String {
        let folded = self.0.folded.lock().unwrap();
        let name = BoardName::parse(board).unwrap();
        folded.boards.board(&name).unwrap().settings().title.clone()
    }

    pub(crate) fn apply(&self, board: &str, change: Change) -> ApplyOutcome {
        let update = Update::new(BoardName::parse(board).unwrap(), change);
        self.0.folded.lock().unwrap().apply(&update)
    }

    fn contents(&self, board: &BoardName) -> Option<BoardContents> {
        let folded = self.0.folded.lock().unwrap();
        let timetable = folded.boards.board(board)?;
        let source = timetable.source();
        Some(BoardContents {
            flights: timetable.rows().iter().map(|row| row.flight().clone()).collect(),
            last_answer: source.and_then(|source| source.last_answer),
            last_change: source.and_then(|source| source.last_change),
        })
    }

    fn check(&self) -> Result<(), TargetError> {
        if self.0.is_unreachable.load(Ordering::Relaxed) {
            return Err(TargetError("unreachable".to_owned()));
        }
        Ok(())
    }
}

impl FoldedBoards {
    fn apply(&mut self, update: &Update) -> ApplyOutcome {
        self.seq += 1;
        let outcome = self.boards.apply(self.seq, Timestamp::now(), update);
        if let ApplyOutcome::Changed(event) = &outcome
            && event.name().starts_with("flight")
        {
            self.row_events.push(format!("{} {}", event.name(), event.data()));
        }
        outcome
    }
}

impl FeedTarget for Replica {
    async fn open_board(&self, settings: &BoardSettings) -> Result<(), TargetError> {
        self.boards.check()?;
        let change = Change::PutBoard(Box::new(settings.clone()));
        self.boards.apply(settings.name.as_str(), change);
        Ok(())
    }

    async fn read_board(&self, board: &BoardName) -> Result<Option<BoardContents>, TargetError> {
        self.boards.check()?;
        Ok(self.boards.contents(board))
    }

    async fn publish(
        &self,
        board: &BoardName,
        changes: Vec<Change>,
    ) -> Result<PublishReport, TargetError> {
        self.boards.check()?;
        assert!(changes.len() <= MAX_BATCH_CHANGES);
        let mut report = PublishReport::default();
        for change in changes {
            match self.boards.apply(board.as_str(), change) {
                ApplyOutcome::Changed(_) => report.changed += 1,
                ApplyOutcome::Rejected(rejection) => report.rejected.push(format!("{rejection:?}")),
                ApplyOutcome::Unchanged { .. } | ApplyOutcome::Repeated { .. } => {}
            }
        }
        Ok(report)
    }

    async fn may_poll(&self, _: &BoardName, lease: Duration) -> Result<bool, TargetError> {
        self.boards.check()?;
        let now = Instant::now();
        let mut folded = self.boards.0.folded.lock().unwrap();
        let is_free = folded.lease.is_none_or(|(holder, end)| holder == self.holder || end < now);
        if is_free {
            folded.lease = Some((self.holder, now + lease));
        }
        Ok(is_free)
    }
}

/// Waits until `condition` holds.
pub(crate) async fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + CONDITION_TIMEOUT;
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(CONDITION_INTERVAL).await;
    }
}
