//! The texts of an image.

use crate::typeface::Typeface;

/// The texts of one flight.
#[derive(Debug, Clone, Default)]
pub struct ImageRow {
    /// The scheduled time, `20:15`.
    pub scheduled: String,
    /// The new time, if it differs.
    pub revised: Option<String>,
    /// Where the flight goes to or comes from.
    pub place: String,
    /// Its number.
    pub flight: String,
    /// The airline, or empty.
    pub airline: String,
    /// The gate or the belt, or empty.
    pub exit: String,
    /// Its state, or empty.
    pub state: String,
    /// The colour of the state.
    pub tone: Tone,
}

impl ImageRow {
    /// The row without the texts that the fonts have only in part. The number of the flight then stands in place of the
    /// name.
    pub(crate) fn whole(&self, typeface: &Typeface) -> Self {
        let whole = |text: &str| typeface.whole(text).to_owned();
        let (place, flight) = match typeface.whole(&self.place) {
            "" => (whole(&self.flight), String::new()),
            place => (place.to_owned(), whole(&self.flight)),
        };
        Self {
            place,
            flight,
            airline: whole(&self.airline),
            exit: whole(&self.exit),
            state: whole(&self.state),
            ..self.clone()
        }
    }
}

/// A colour with a meaning. Only a state on which somebody acts is filled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to do.
    #[default]
    Quiet,
    /// Landed, or check-in.
    Info,
    /// Travellers may go.
    Go,
    /// The last call.
    Call,
    /// Cancelled.
    Stop,
    /// Diverted.
    Turn,
}

impl Tone {
    /// The tone of a known state, in any letter case.
    pub fn of_state(state: &str) -> Self {
        match state.to_ascii_lowercase().as_str() {
            "check-in" | "landing" | "landed" | "at gate" => Self::Info,
            "gate open" | "boarding" | "baggage" => Self::Go,
            "final call" => Self::Call,
            "cancelled" => Self::Stop,
            "diverted" => Self::Turn,
            _ => Self::Quiet,
        }
    }

    /// The colours of ground and text, those of the page; `None` for no ground.
    pub(crate) fn colours(self) -> (Option<&'static str>, &'static str) {
        match self {
            Self::Quiet => (None, "#b1bdca"),
            Self::Info => (Some("#2468cc"), "#ffffff"),
            Self::Go => (Some("#0b7a43"), "#ffffff"),
            Self::Call => (Some("#ffd02e"), "#0a0e13"),
            Self::Stop => (Some("#cf2433"), "#ffffff"),
            Self::Turn => (Some("#c02696"), "#ffffff"),
        }
    }
}
