//! One board of a feed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use feeds::{AnswerOutcome, Reconciler};
use flight::{BoardSettings, Change, FlightField};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::source_report::SourceReport;
use crate::target::{BoardContents, FeedTarget, PublishReport, TargetError};

/// Most changes in one call of [`FeedTarget::publish`].
pub const MAX_BATCH_CHANGES: usize = 500;

/// A board, and the comparison of its rows with the source's.
pub(crate) struct FeedBoard {
    pub(crate) settings: BoardSettings,
    reconciler: Reconciler,
}

impl FeedBoard {
    /// `fields` are those that the source gives.
    pub(crate) fn new(settings: BoardSettings, fields: &[FlightField]) -> Self {
        let zone = TimeZoneDatabase::bundled().get(&settings.time_zone);
        let zone = zone.unwrap_or(TimeZone::UTC);
        let removal = settings.remove_after.clone();
        let reconciler = Reconciler::new(settings.kind, zone, fields.to_vec(), removal);
        Self { settings, reconciler }
    }

    /// Reads the board, and opens it if it is missing.
    pub(crate) async fn read(
        &self,
        target: &impl FeedTarget,
    ) -> Result<BoardContents, TargetError> {
        if let Some(contents) = target.read_board(&self.settings.name).await? {
            return Ok(contents);
        }
        target.open_board(&self.settings).await?;
        Ok(target.read_board(&self.settings.name).await?.unwrap_or_default())
    }

    /// Publishes the changes that lead from `contents` to the outcome, and the source's report. `now` is the
    /// feed's clock.
    pub(crate) async fn publish(
        &mut self,
        target: &impl FeedTarget,
        contents: &BoardContents,
        outcome: &AnswerOutcome,
        now: Timestamp,
        report: &SourceReport,
    ) -> Result<PublishReport, TargetError> {
        if contents.last_answer.is_some() {
            self.reconciler.resume();
        }
        let reconciled = catch_unwind(AssertUnwindSafe(|| {
            self.reconciler.reconcile(&contents.flights, outcome, now)
        }));
        let (mut changes, failure) = match reconciled {
            Ok(changes) => (changes, None),
            Err(_) => (Vec::new(), Some("the rows could not be compared")),
        };
        let failure = failure.or(outcome.unanswered_reason(self.settings.kind));
        changes.push(report.to_change(outcome, failure, contents, !changes.is_empty()));
        let mut published = PublishReport::default();
        let mut changes = changes.into_iter().peekable();
        while changes.peek().is_some() {
            let batch: Vec<Change> = changes.by_ref().take(MAX_BATCH_CHANGES).collect();
            let report = target.publish(&self.settings.name, batch).await?;
            published.changed += report.changed;
            published.rejected.extend(report.rejected);
        }
        Ok(published)
    }
}
