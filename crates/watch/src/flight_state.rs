//! The states of flights, in words and by urgency.

use flightboard_client::BoardRow;
use jiff::Timestamp;

use crate::board_clock::{BoardClock, instant_of};
use crate::printable::printable;

/// Minutes from which a flight counts as late.
const LATE_MINUTES: i64 = 15;

/// Minutes from which a flight counts as early.
const EARLY_MINUTES: i64 = 10;

/// A colour with a meaning, as on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StateTone {
    Quiet,
    Late,
    Progress,
    Go,
    Call,
    Stop,
    Turn,
    Over,
}

/// The state of a flight for its readers, in a word or two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StateText {
    pub(crate) tone: StateTone,
    pub(crate) text: String,
}

/// The known states: as they are compared, as they are shown, and their tones.
const STATES: [(&str, &str, StateTone); 14] = [
    ("scheduled", "Scheduled", StateTone::Quiet),
    ("expected", "Expected", StateTone::Quiet),
    ("check-in", "Check-in", StateTone::Progress),
    ("gate open", "Gate open", StateTone::Go),
    ("boarding", "Boarding", StateTone::Go),
    ("final call", "Final call", StateTone::Call),
    ("gate closed", "Gate closed", StateTone::Over),
    ("departed", "Departed", StateTone::Over),
    ("landing", "Landing", StateTone::Progress),
    ("landed", "Landed", StateTone::Progress),
    ("at gate", "At gate", StateTone::Progress),
    ("baggage", "Baggage", StateTone::Go),
    ("cancelled", "Cancelled", StateTone::Stop),
    ("diverted", "Diverted", StateTone::Turn),
];

/// States that say less than the difference from the schedule.
const QUIET_STATES: [&str; 2] = ["scheduled", "expected"];

/// States whose text has the time of the movement.
const MOVED_STATES: [&str; 3] = ["departed", "landed", "at gate"];

/// Nothing can be late any more.
const SETTLED_STATES: [&str; 6] =
    ["landed", "at gate", "baggage", "departed", "cancelled", "diverted"];

/// The times of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowTimes {
    pub(crate) scheduled: Option<Timestamp>,
    /// The actual or estimated time, if it is in another minute than the scheduled one.
    pub(crate) revised: Option<Timestamp>,
    /// The best that is known of its movement.
    pub(crate) expected: Option<Timestamp>,
}

impl RowTimes {
    pub(crate) fn of_row(row: &BoardRow, clock: &BoardClock) -> Self {
        let scheduled = instant_of(row, clock.scheduled_field());
        // An estimate for a flight that will not move says nothing.
        let news = match known_state(row) {
            Some("cancelled") => None,
            _ => instant_of(row, "actual").or_else(|| instant_of(row, "estimated")),
        };
        let revised = news.filter(|news| scheduled.map(minute) != Some(minute(*news)));
        Self { scheduled, revised, expected: news.or(scheduled) }
    }
}

impl StateText {
    /// The state, or the difference from the schedule where that says more. A flight is on time only before `now` has
    /// passed its time.
    pub(crate) fn of_row(row: &BoardRow, clock: &BoardClock, now: Timestamp) -> Self {
        let times = RowTimes::of_row(row, clock);
        let state = row.text("state").unwrap_or_default();
        let known = known_state(row);
        if let Some(name) = known.filter(|name| !QUIET_STATES.contains(name)) {
            return Self::of_known(name, row, clock);
        }
        let minutes = lateness(row, &times);
        let is_delayed = state.eq_ignore_ascii_case("delayed");
        if !state.is_empty() && known.is_none() && !(is_delayed && minutes.is_some()) {
            let tone = if is_delayed { StateTone::Late } else { StateTone::Quiet };
            return Self { tone, text: printable(state) };
        }
        match minutes {
            Some(minutes) if minutes > 0 => {
                Self { tone: StateTone::Late, text: format!("{} late", duration_text(minutes)) }
            }
            Some(minutes) => {
                Self { tone: StateTone::Quiet, text: format!("{} early", duration_text(-minutes)) }
            }
            None => {
                let is_due = times.expected.is_none_or(|at| minute(at) < minute(now));
                let text = match known {
                    _ if !is_due && row.text("actual").is_none() => "On time",
                    Some(name) => label(name).0,
                    None => "No news yet",
                };
                Self { tone: StateTone::Quiet, text: text.to_owned() }
            }
        }
    }

    fn of_known(name: &str, row: &BoardRow, clock: &BoardClock) -> Self {
        let (word, tone) = label(name);
        let moved_at = instant_of(row, "actual").filter(|_| MOVED_STATES.contains(&name));
        let text = match moved_at {
            Some(moved_at) => format!("{word} {}", clock.minute(moved_at)),
            None if name == "baggage" && row.text("belt").is_some() => "Bags on belt".to_owned(),
            None => word.to_owned(),
        };
        Self { tone, text }
    }
}

/// The known state of a row. Letter case is ignored from A to Z only, as on the server.
fn known_state(row: &BoardRow) -> Option<&'static str> {
    let state = row.text("state")?;
    STATES.iter().map(|(name, ..)| *name).find(|name| name.eq_ignore_ascii_case(state))
}

fn label(name: &str) -> (&'static str, StateTone) {
    let known = STATES.iter().find(|(known, ..)| *known == name);
    known.map_or(("", StateTone::Quiet), |(_, word, tone)| (*word, *tone))
}

/// Minutes behind schedule, negative if early, while that matters and where it is enough to say.
fn lateness(row: &BoardRow, times: &RowTimes) -> Option<i64> {
    let is_settled = known_state(row).is_some_and(|name| SETTLED_STATES.contains(&name));
    if is_settled || row.text("actual").is_some() {
        return None;
    }
    let difference = times.revised?.as_second() - times.scheduled?.as_second();
    let minutes = (difference as f64 / 60.0).round() as i64;
    (minutes >= LATE_MINUTES || minutes <= -EARLY_MINUTES).then_some(minutes)
}

fn duration_text(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, rest) => format!("{rest} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, rest) => format!("{hours} h {rest} min"),
    }
}

fn minute(instant: Timestamp) -> i64 {
    instant.as_second().div_euclid(60)
}
