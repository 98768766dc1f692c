//! The conditions of an update, and the row that it concerns.

use jiff::Timestamp;

use super::Timetable;
use crate::outcome::Rejection;
use crate::timetable_row::TimetableRow;
use crate::update::{Change, Precondition, Update};

impl Timetable {
    /// Checks the conditions of an update of an open board.
    pub(crate) fn check_conditions(&self, update: &Update) -> Result<(), Rejection> {
        self.check(update.change(), update.precondition())?;
        self.check_as_of(update.change(), update.as_of_time())
    }

    /// The row that `change` concerns, if there is exactly one.
    pub(super) fn row_of(&self, change: &Change) -> Option<&TimetableRow> {
        self.target(change).ok().flatten()
    }

    fn check(&self, change: &Change, precondition: Option<&Precondition>) -> Result<(), Rejection> {
        match precondition {
            Some(precondition) if change.flight().is_some() => {
                precondition.check(self.target(change)?.map(TimetableRow::version))
            }
            _ => Ok(()),
        }
    }

    /// Rejects an update that a later one has overtaken. A row that is gone needs a later one to return:
    /// a repetition of the update before its removal must not bring it back.
    fn check_as_of(&self, change: &Change, as_of: Option<Timestamp>) -> Result<(), Rejection> {
        let (Some(as_of), Some(key)) = (as_of, change.flight()) else { return Ok(()) };
        let is_overtaken = match self.row_of(change) {
            Some(row) => row.as_of.is_some_and(|known| known > as_of),
            None => self.removed_rows.get(key).is_some_and(|known| known >= as_of),
        };
        if is_overtaken { Err(Rejection::Overtaken) } else { Ok(()) }
    }

    /// The row that `change` concerns. A change that puts a row has its whole key, and needs no row.
    fn target(&self, change: &Change) -> Result<Option<&TimetableRow>, Rejection> {
        match (change, change.flight()) {
            (_, None) => Ok(None),
            (Change::PutFlight(_), Some(key)) => Ok(self.rows.get(key)),
            (_, Some(key)) => self.find(key).map(Some),
        }
    }
}
