//! Updates that the boards reject, and boards that do not exist.

use std::collections::BTreeSet;

use flight::{FlightKey, MAX_BOARDS, Rejection};
use http::StatusCode;

use super::Problem;

/// Most dates and legs that a problem names.
const MAX_NAMED_ROWS: usize = 5;

impl Problem {
    /// The airport has no open board of this kind.
    pub(crate) fn no_board_of(airport: &str, kind: &str) -> Self {
        let detail = format!("no board of {kind} at {airport}");
        Self::with_detail(StatusCode::NOT_FOUND, "Unknown board", "airport", &detail)
    }

    pub(crate) fn unknown_board() -> Self {
        Rejection::UnknownBoard.into()
    }

    /// Names the dates to choose from, or the legs where the date does not decide.
    fn ambiguous_flight(keys: &[FlightKey]) -> Self {
        let keys = &keys[..keys.len().min(MAX_NAMED_ROWS)];
        let dates: BTreeSet<_> =
            keys.iter().filter_map(FlightKey::date).map(|date| date.to_string()).collect();
        let legs: BTreeSet<_> = keys.iter().filter_map(FlightKey::leg).map(str::to_owned).collect();
        let choose = |parts: &BTreeSet<String>| Vec::from_iter(parts.clone()).join(", ");
        let (field, reason) = match (dates.len(), legs.len()) {
            (_, 0) => ("date", format!("is required, one of {}", choose(&dates))),
            (0 | 1, _) => ("leg", format!("is required, one of {}", choose(&legs))),
            _ => {
                let (dates, legs) = (choose(&dates), choose(&legs));
                ("date", format!("is required, one of {dates}, or a leg, one of {legs}"))
            }
        };
        let mut problem = Self::new(StatusCode::CONFLICT, "Ambiguous flight", field, reason);
        problem.0.dates = dates;
        problem.0.legs = legs;
        problem
    }
}

/// The only place that maps rejections to statuses.
impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        use StatusCode as S;
        match rejection {
            Rejection::UnknownBoard => {
                Self::with_detail(S::NOT_FOUND, "Unknown board", "board", "no such board")
            }
            Rejection::BoardClosed => Self::new(S::GONE, "Closed board", "board", "is closed"),
            Rejection::UnknownFlight => {
                let detail = "no such flight on this board";
                Self::with_detail(S::NOT_FOUND, "Unknown flight", "flight", detail)
            }
            Rejection::AmbiguousFlight { keys } => Self::ambiguous_flight(&keys),
            Rejection::VersionMismatch => {
                let reason = "does not match the current version";
                Self::new(S::PRECONDITION_FAILED, "Precondition failed", "If-Match", reason)
            }
            Rejection::AlreadyExists => {
                let reason = "requires that there is none, but there is";
                Self::new(S::PRECONDITION_FAILED, "Precondition failed", "If-None-Match", reason)
            }
            Rejection::SameVersion => {
                let reason = "matches the current version";
                Self::new(S::PRECONDITION_FAILED, "Precondition failed", "If-None-Match", reason)
            }
            Rejection::KeyReused => {
                let title = "Idempotency key reused";
                let reason = "was used for another update";
                Self::new(S::UNPROCESSABLE_ENTITY, title, "Idempotency-Key", reason)
            }
            Rejection::BoardFull { max_flights } => {
                let detail = format!("board is full ({max_flights} flights)");
                Self::with_detail(S::CONFLICT, "Board full", "flight", &detail)
            }
            Rejection::BoardTooLarge { max_bytes } => {
                let detail = format!("board is full ({max_bytes} bytes)");
                Self::with_detail(S::CONFLICT, "Board full", "flight", &detail)
            }
            Rejection::StateFull { max_bytes } => {
                let detail = format!("the boards are full ({max_bytes} bytes in all)");
                Self::with_detail(S::CONFLICT, "Boards full", "flight", &detail)
            }
            Rejection::TooManyKeys => {
                let reason = "is one too many: the server remembers as many recent keys of this publisher as it can";
                let title = "Too many idempotency keys";
                Self::new(S::TOO_MANY_REQUESTS, title, "Idempotency-Key", reason)
            }
            Rejection::TooManyBoards => {
                let detail = format!("too many boards are open ({MAX_BOARDS})");
                Self::with_detail(S::CONFLICT, "Too many boards", "board", &detail)
            }
            // Only for the engine's own removals.
            Rejection::NotDue => {
                Self::new(S::CONFLICT, "Not due", "flight", "is not due for removal")
            }
            Rejection::LeaseHeld => {
                Self::new(S::CONFLICT, "Lease held", "board", "is fed by another server")
            }
            Rejection::Overtaken => {
                let reason = "was changed by a later message";
                Self::new(S::CONFLICT, "Overtaken", "flight", reason)
            }
        }
    }
}
