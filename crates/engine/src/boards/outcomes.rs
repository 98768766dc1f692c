//! Outcomes of published updates.

use flight::{Change, FlightRow, Rejection, Update};
use journal::{RecordId, Seq};

use super::BoardsState;

/// The outcome of a published update.
pub type PublishOutcome = Result<AppliedUpdate, Rejection>;

/// An update that was applied, now or under the same idempotency key before.
#[derive(Debug, Clone)]
pub struct AppliedUpdate {
    /// Its effect.
    pub effect: UpdateEffect,
    /// Id of the event that made the change. `None` if the journal no longer knows its epoch.
    pub id: Option<RecordId>,
    /// True if the update created the board or row that it put.
    pub created: bool,
    /// The row right after the update, if it put or patched one.
    pub row: Option<FlightRow>,
}

/// The effect of an applied update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateEffect {
    /// It changed the board.
    Changed,
    /// The board already was as it asks.
    Unchanged,
    /// It had been applied before, under the same idempotency key.
    Repeated,
}

impl BoardsState {
    /// Describes an update that was applied at `seq`, with its change at `version`.
    pub(super) fn applied_update(
        &self,
        update: &Update,
        seq: Seq,
        effect: UpdateEffect,
        version: Seq,
    ) -> AppliedUpdate {
        let timetable = self.boards.board(update.board());
        let key = match update.change() {
            Change::PutFlight(flight) => Some(flight.key()),
            Change::PatchFlight(patch) => Some(patch.key()),
            _ => None,
        };
        let row = timetable.zip(key).and_then(|(timetable, key)| timetable.find(key).ok());
        let created = match update.change() {
            Change::PutFlight(_) => row.is_some_and(|row| row.added_seq() == seq.0),
            Change::PutBoard(_) => timetable.is_some_and(|board| board.opened_seq() == seq.0),
            _ => false,
        };
        let row = row.map(|row| row.row().clone());
        AppliedUpdate { effect, id: self.epochs.record_id(version), created, row }
    }
}
