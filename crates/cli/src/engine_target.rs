//! The boards of this process, for its feeds.

use std::time::Duration;

use engine::{Engine, PublishError, error_chain};
use flight::{BoardName, BoardSettings, Change, Flight, Precondition, Rejection, Update};
use polling::{BoardContents, FeedTarget, PublishReport, TargetError};

/// The boards of an engine. One value serves all feeds of a process.
#[derive(Clone)]
pub(crate) struct EngineTarget {
    engine: Engine,
    /// Names this process among those that share the journal.
    holder: String,
}

impl EngineTarget {
    pub(crate) fn new(engine: Engine) -> Self {
        Self { engine, holder: format!("{:016x}", rand::random::<u64>()) }
    }
}

impl FeedTarget for EngineTarget {
    async fn open_board(&self, settings: &BoardSettings) -> Result<(), TargetError> {
        let change = Change::PutBoard(Box::new(settings.clone()));
        let update = Update::new(settings.name.clone(), change)
            .with_board_precondition(Some(Precondition::Absent));
        match self.engine.publisher().publish_one(update).await.map_err(unavailable)? {
            // Another replica has opened it first.
            Ok(_) | Err(Rejection::AlreadyExists) => Ok(()),
            Err(rejection) => {
                Err(TargetError(format!("cannot open {}: {rejection:?}", settings.name)))
            }
        }
    }

    async fn read_board(&self, board: &BoardName) -> Result<Option<BoardContents>, TargetError> {
        Ok(self.engine.boards().read(|boards, _| {
            let timetable = boards.board(board)?;
            let source = timetable.source();
            let flights: Vec<Flight> =
                timetable.rows().into_iter().map(|row| row.flight().clone()).collect();
            Some(BoardContents {
                flights,
                last_answer: source.and_then(|source| source.last_answer),
                last_change: source.and_then(|source| source.last_change),
            })
        }))
    }

    async fn publish(
        &self,
        board: &BoardName,
        changes: Vec<Change>,
    ) -> Result<PublishReport, TargetError> {
        let weights: Vec<_> = changes.iter().map(counted_changes).collect();
        let updates =
            changes.into_iter().map(|change| Update::new(board.clone(), change).from_feed());
        let mut report = PublishReport::default();
        let outcomes = self.engine.publisher().publish(updates.collect()).await;
        for (outcome, weight) in outcomes.into_iter().zip(weights) {
            match outcome.map_err(unavailable)? {
                Ok(_) => report.changed += weight,
                Err(rejection) => report.rejected.push(format!("{rejection:?}")),
            }
        }
        Ok(report)
    }

    async fn may_poll(&self, board: &BoardName, lease: Duration) -> Result<bool, TargetError> {
        self.engine.claim_feed(board, &self.holder, lease).await.map_err(unavailable)
    }
}

/// The number that a change adds to the metric: changes of rows count, the report of a poll does not.
pub(crate) fn counted_changes(change: &Change) -> u64 {
    u64::from(change.flight().is_some())
}

fn unavailable(error: PublishError) -> TargetError {
    TargetError(error_chain(&error))
}
