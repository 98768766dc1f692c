//! The size of a board's rows, and the room for more.

use super::Timetable;
use crate::boards::MAX_TIMETABLE_BYTES;
use crate::encoded_size::{REMOVED_ROW_BYTES, growth, row_bytes};
use crate::outcome::Rejection;
use crate::row::Flight;
use crate::timetable_row::TimetableRow;
use crate::update::Change;

impl Timetable {
    /// The most bytes that the rows take in a checkpoint, including those that have left and are remembered.
    pub fn bytes(&self) -> usize {
        self.row_bytes + self.removed_rows.len() * REMOVED_ROW_BYTES
    }

    /// The most bytes by which `change` makes the board larger, and whether it adds a row.
    pub(crate) fn growth(&self, change: &Change) -> (usize, bool) {
        match change {
            Change::PutFlight(flight) => match self.get(flight.key()) {
                Some(row) => (row_bytes(flight).saturating_sub(row_bytes(row.flight())), false),
                None => (row_bytes(flight), true),
            },
            Change::PatchFlight(patch) => {
                let row = self.find(patch.key()).map(TimetableRow::flight);
                (row.map_or(0, |row| growth(row, patch)), false)
            }
            _ => (0, false),
        }
    }
}

/// Checks that a row may become as large as `new` is.
pub(super) fn check_room(old: Option<&Flight>, new: &Flight, room: usize) -> Result<(), Rejection> {
    let growth = row_bytes(new).saturating_sub(old.map_or(0, row_bytes));
    if growth > room {
        return Err(Rejection::StateFull { max_bytes: MAX_TIMETABLE_BYTES });
    }
    Ok(())
}
