//! Held fields, which feeds leave alone. A person names fields in a row's `held`, and feeds change none of them, nor
//! `held` itself.

use std::borrow::Cow;

use crate::field::{FlightField, WHOLE_ROW};
use crate::row::Flight;
use crate::update::Change;

impl Flight {
    /// Returns whether feeds must leave the whole row alone.
    pub fn is_held(&self) -> bool {
        self.holds(WHOLE_ROW)
    }
}

impl Change {
    /// The part of a feed's change that is allowed on `row`, the row that it concerns, which is not held
    /// as a whole.
    pub(crate) fn without_held(&self, row: Option<&Flight>) -> Cow<'_, Self> {
        let is_held = |field: FlightField| {
            field == FlightField::Held || row.is_some_and(|row| row.holds(field.name()))
        };
        match self {
            Self::PutFlight(flight) => {
                let mut flight = flight.clone();
                flight.keep(row, is_held);
                Cow::Owned(Self::PutFlight(flight))
            }
            Self::PatchFlight(patch) => {
                let mut patch = patch.clone();
                patch.retain(|field| !is_held(field));
                Cow::Owned(Self::PatchFlight(patch))
            }
            _ => Cow::Borrowed(self),
        }
    }
}
