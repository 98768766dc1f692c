//! One row of a timetable.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize, Serializer};

use crate::board::BoardSettings;
use crate::field::FlightField;
use crate::final_state::FinalState;
use crate::instants::{FlightRow, FlightRowPatch};
use crate::local_days::{DayRule, LocalDays};
use crate::row::{Flight, FlightKey, FlightPatch};

/// A row, with the parts of its history that later updates depend on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimetableRow {
    #[serde(rename = "flight", serialize_with = "serialize_flight")]
    pub(crate) row: FlightRow,
    #[serde(default, skip_serializing_if = "LocalDays::is_empty")]
    pub(crate) days: LocalDays,
    pub(crate) version: u64,
    #[serde(rename = "added")]
    pub(crate) added_seq: u64,
    /// Time at which the row entered its current state.
    #[serde(rename = "entered")]
    pub(crate) state_since: Timestamp,
    /// Time of the last change. Unknown for rows of an older checkpoint.
    #[serde(rename = "changed", default, skip_serializing_if = "Option::is_none")]
    pub(crate) changed_at: Option<Timestamp>,
    #[serde(rename = "leaves", default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<Timestamp>,
    /// The latest time as of which an update changed the row.
    #[serde(rename = "asOf", default, skip_serializing_if = "Option::is_none")]
    pub(crate) as_of: Option<Timestamp>,
}

impl TimetableRow {
    /// The row as followers see it.
    pub fn row(&self) -> &FlightRow {
        &self.row
    }

    /// The flight.
    pub fn flight(&self) -> &Flight {
        &self.row.flight
    }

    /// Position of the record that last changed the row.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Position of the record that first added the row.
    pub fn added_seq(&self) -> u64 {
        self.added_seq
    }

    /// Time of the last change; in rows of an older checkpoint, that of the last change of state.
    pub fn changed_at(&self) -> Timestamp {
        self.changed_at.unwrap_or(self.state_since)
    }

    fn state(&self) -> &str {
        self.flight().text(FlightField::State).unwrap_or_default()
    }

    pub(crate) fn has_same_state(&self, other: &Self) -> bool {
        self.state().eq_ignore_ascii_case(other.state())
    }

    pub(crate) fn expiry_entry(&self) -> Option<(Timestamp, FlightKey)> {
        Some((self.expires_at?, self.flight().key().clone()))
    }

    pub(crate) fn rule<'a>(&'a self, board: &BoardSettings, zone: &'a TimeZone) -> DayRule<'a> {
        DayRule { flight: self.flight(), kind: board.kind, zone }
    }

    /// Puts the local times on these days. Returns the changes if there are any, which are the record's at
    /// `seq`.
    pub(crate) fn set_days(
        &mut self,
        board: &BoardSettings,
        zone: &TimeZone,
        days: LocalDays,
        seq: u64,
    ) -> Option<FlightRowPatch> {
        let old = self.row.instants.clone();
        self.row.set_instants(board.kind, zone, &days);
        self.days = days;
        if self.row.instants == old {
            return None;
        }
        self.version = seq;
        let no_fields = FlightPatch::empty(self.flight().key().clone());
        Some(self.row.changes_since(&old, no_fields))
    }

    /// The time at which the row expires, if its state is final and the board removes rows in that state.
    pub(crate) fn expiry(&self, board: &BoardSettings) -> Option<Timestamp> {
        let state = FinalState::parse(self.state())?;
        let delay = board.remove_after.delay(state)?;
        let scheduled = self.row.instant(board.kind.scheduled_field());
        let start = match scheduled {
            Some(scheduled) if state.counts_from_schedule() => scheduled.max(self.state_since),
            _ => self.state_since,
        };
        start.checked_add(delay).ok()
    }
}

/// The instants follow from the days.
fn serialize_flight<S: Serializer>(row: &FlightRow, serializer: S) -> Result<S::Ok, S::Error> {
    row.flight().serialize(serializer)
}
