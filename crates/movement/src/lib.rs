//! A flight as a reader of its board sees it: its state in a word or two, its difference from the schedule, and whether
//! it is too late for it. The rules are those of the page (`web/src/rows`).
//!
//! ```
//! use jiff::{Timestamp, tz::TimeZone};
//! use movement::FlightMovement;
//!
//! let time = |text: &str| text.parse::<Timestamp>().ok();
//! let movement = FlightMovement {
//!     state: "scheduled",
//!     scheduled: time("2026-11-22T10:40:00Z"),
//!     estimated: time("2026-11-22T11:05:00Z"),
//!     ..FlightMovement::default()
//! };
//! let now = "2026-11-22T10:00:00Z".parse()?;
//! assert_eq!(movement.state_text(now, &TimeZone::UTC).text, "25 min late");
//! # Ok::<(), jiff::Error>(())
//! ```

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Minutes from which a flight counts as late.
const LATE_MINUTES: i64 = 15;

/// Minutes from which a flight counts as early.
const EARLY_MINUTES: i64 = 10;

/// A colour with a meaning. Only a state on which somebody acts is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateTone {
    /// Nothing to do.
    Quiet,
    /// Later than scheduled.
    Late,
    /// Check-in, or landed.
    Info,
    /// Travellers may go.
    Go,
    /// The last call.
    Call,
    /// Cancelled.
    Stop,
    /// Diverted.
    Turn,
    /// It is too late.
    Done,
}

/// The state of a flight for its readers, in a word or two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateText {
    /// The colour of the text.
    pub tone: StateTone,
    /// A known state in English, or the text of the publisher.
    pub text: String,
}

/// The state and the times of one row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FlightMovement<'a> {
    /// The publisher's state, or empty.
    pub state: &'a str,
    /// The scheduled time at the board's own airport.
    pub scheduled: Option<Timestamp>,
    /// The estimated time.
    pub estimated: Option<Timestamp>,
    /// The actual time.
    pub actual: Option<Timestamp>,
    /// True if its belt is known.
    pub has_belt: bool,
}

/// The known states: as they are compared, as they are shown, and their tones.
const STATES: [(&str, &str, StateTone); 14] = [
    ("scheduled", "Scheduled", StateTone::Quiet),
    ("expected", "Expected", StateTone::Quiet),
    ("check-in", "Check-in", StateTone::Info),
    ("gate open", "Gate open", StateTone::Go),
    ("boarding", "Boarding", StateTone::Go),
    ("final call", "Final call", StateTone::Call),
    ("gate closed", "Gate closed", StateTone::Done),
    ("departed", "Departed", StateTone::Done),
    ("landing", "Landing", StateTone::Info),
    ("landed", "Landed", StateTone::Info),
    ("at gate", "At gate", StateTone::Info),
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

/// Minutes after which a row in a state is over, unless the board has others.
const OVER_AFTER_MINUTES: [(&str, i64); 7] = [
    ("departed", 5),
    ("gate closed", 10),
    ("baggage", 20),
    ("landed", 30),
    ("at gate", 30),
    ("cancelled", 30),
    ("diverted", 30),
];

/// Their delays begin with the schedule: there is no other movement to wait for.
const COUNTED_FROM_SCHEDULE: [&str; 3] = ["gate closed", "cancelled", "diverted"];

/// Minutes after its movement was due from which a row without news is over.
const UNTOLD_MINUTES: i64 = 30;

/// A flight that is being called, or whose state is not known here, may be late without an estimate.
const CALLED_MINUTES: i64 = 6 * 60;

impl StateTone {
    /// The name of the tone in the page's elements.
    pub fn name(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Late => "late",
            Self::Info => "info",
            Self::Go => "go",
            Self::Call => "call",
            Self::Stop => "stop",
            Self::Turn => "turn",
            Self::Done => "done",
        }
    }
}

impl FlightMovement<'_> {
    /// The known state, in small letters. Letter case is ignored from A to Z only.
    pub fn known_state(&self) -> Option<&'static str> {
        self.known().map(|(name, ..)| *name)
    }

    /// The best that is known of the time.
    pub fn expected(&self) -> Option<Timestamp> {
        self.news().or(self.scheduled)
    }

    /// The actual or estimated time, if it is in another minute than the scheduled one.
    pub fn revised(&self) -> Option<Timestamp> {
        self.news().filter(|news| self.scheduled.map(minute_of) != Some(minute_of(*news)))
    }

    /// True if it has moved, or will not: it cannot be late any more.
    pub fn is_settled(&self) -> bool {
        self.actual.is_some() || self.is_in(&SETTLED_STATES)
    }

    /// Minutes behind schedule, negative if early, while that matters and where it is enough to say.
    pub fn lateness(&self) -> Option<i64> {
        if self.is_settled() {
            return None;
        }
        let difference = self.revised()?.as_second() - self.scheduled?.as_second();
        let minutes = (difference as f64 / 60.0).round() as i64;
        (minutes >= LATE_MINUTES || minutes <= -EARLY_MINUTES).then_some(minutes)
    }

    /// The state, or the difference from the schedule where that says more. A flight is on time only before `now` has
    /// passed its time. `zone` is that of the board.
    pub fn state_text(&self, now: Timestamp, zone: &TimeZone) -> StateText {
        let known = self.known();
        if let Some(known) = known.filter(|(name, ..)| !QUIET_STATES.contains(name)) {
            return self.known_text(*known, zone);
        }
        let minutes = self.lateness();
        let is_delayed = self.state.eq_ignore_ascii_case("delayed");
        if !self.state.is_empty() && known.is_none() && !(is_delayed && minutes.is_some()) {
            let tone = if is_delayed { StateTone::Late } else { StateTone::Quiet };
            return StateText { tone, text: self.state.to_owned() };
        }
        let (tone, text) = match minutes {
            Some(minutes) if minutes > 0 => {
                (StateTone::Late, format!("{} late", duration_text(minutes)))
            }
            Some(minutes) => (StateTone::Quiet, format!("{} early", duration_text(-minutes))),
            None => {
                let is_due = self.expected().is_none_or(|at| minute_of(at) < minute_of(now));
                let text = match known {
                    _ if !is_due && self.actual.is_none() => "On time",
                    Some((_, word, _)) => word,
                    None => "No news yet",
                };
                (StateTone::Quiet, text.to_owned())
            }
        };
        StateText { tone, text }
    }

    /// The tone of the state alone; `None` if it is not a known one.
    pub fn state_tone(&self) -> Option<StateTone> {
        self.known().map(|(_, _, tone)| *tone)
    }

    /// The time from which the row makes room for flights that a reader can still catch or meet; `None` without a time.
    /// `set_delay` has the delays that the board has for states; `Some(None)` means never.
    pub fn over_at(
        &self,
        set_delay: impl Fn(&str) -> Option<Option<SignedDuration>>,
    ) -> Option<Timestamp> {
        let is_from_schedule = self.is_in(&COUNTED_FROM_SCHEDULE);
        let from = self.scheduled.filter(|_| is_from_schedule).or_else(|| self.expected())?;
        let state = self.known_state();
        let minutes = |minutes| Some(SignedDuration::from_mins(minutes));
        let delay = match state.and_then(set_delay) {
            Some(set) => set,
            None => match OVER_AFTER_MINUTES.iter().find(|(name, _)| Some(*name) == state) {
                Some((_, usual)) => minutes(*usual),
                None if self.state.is_empty() || self.is_in(&QUIET_STATES) => {
                    minutes(UNTOLD_MINUTES)
                }
                None => minutes(CALLED_MINUTES),
            },
        };
        from.checked_add(delay?).ok()
    }

    /// True if it is too late to catch a departure that has these. One that is cancelled is news until its time has passed.
    pub fn is_missed(&self, now: Timestamp) -> bool {
        match self.known_state() {
            Some("gate closed" | "departed") => true,
            Some("cancelled") => self.scheduled.is_some_and(|scheduled| scheduled < now),
            _ => self.actual.is_some(),
        }
    }

    fn known_text(
        &self,
        (name, word, tone): (&str, &str, StateTone),
        zone: &TimeZone,
    ) -> StateText {
        let moved_at = self.actual.filter(|_| MOVED_STATES.contains(&name));
        let text = match moved_at {
            Some(moved_at) => format!("{word} {}", clock_text(moved_at, zone)),
            None if name == "baggage" && self.has_belt => "Bags on belt".to_owned(),
            None => word.to_owned(),
        };
        StateText { tone, text }
    }

    fn known(&self) -> Option<&'static (&'static str, &'static str, StateTone)> {
        STATES.iter().find(|(name, ..)| name.eq_ignore_ascii_case(self.state))
    }

    fn is_in(&self, states: &[&str]) -> bool {
        self.known_state().is_some_and(|state| states.contains(&state))
    }

    /// An estimate for a flight that will not move says nothing.
    fn news(&self) -> Option<Timestamp> {
        let news = self.actual.or(self.estimated);
        news.filter(|_| self.known_state() != Some("cancelled"))
    }
}

/// The time of day at the board, `HH:MM`.
pub fn clock_text(instant: Timestamp, zone: &TimeZone) -> String {
    instant.to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

/// The minute since 1970. A clock shows the one that has begun.
pub fn minute_of(instant: Timestamp) -> i64 {
    instant.as_second().div_euclid(60)
}

fn duration_text(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, rest) => format!("{rest} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, rest) => format!("{hours} h {rest} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_768_500_000 + 60 * minutes).unwrap()
    }

    fn scheduled(state: &str) -> FlightMovement<'_> {
        FlightMovement { state, scheduled: Some(at(0)), ..FlightMovement::default() }
    }

    #[test]
    fn difference_replaces_quiet_states() {
        let text = |movement: FlightMovement<'_>| movement.state_text(at(-5), &TimeZone::UTC).text;
        assert_eq!(text(scheduled("Scheduled")), "On time");
        let late = FlightMovement { estimated: Some(at(75)), ..scheduled("expected") };
        assert_eq!(text(late), "1 h 15 min late");
        assert_eq!(text(FlightMovement { state: "Delayed", ..late }), "1 h 15 min late");
        assert_eq!(text(FlightMovement { state: "boarding", ..late }), "Boarding");
        assert_eq!(text(FlightMovement { state: "Waiting", ..late }), "Waiting");
        assert_eq!(text(FlightMovement { actual: Some(at(75)), ..late }), "Expected");
        assert_eq!(scheduled("").state_text(at(1), &TimeZone::UTC).text, "No news yet");
        let landed = FlightMovement { actual: Some(at(3)), ..scheduled("landed") };
        assert_eq!(text(landed), "Landed 18:03");
    }

    #[test]
    fn rows_are_over_by_their_state() {
        let over_at = |movement: FlightMovement<'_>| movement.over_at(|_| None);
        assert_eq!(over_at(scheduled("")), Some(at(30)));
        assert_eq!(over_at(scheduled("Boarding")), Some(at(360)));
        let late = FlightMovement { estimated: Some(at(60)), ..scheduled("departed") };
        assert_eq!(over_at(late), Some(at(65)));
        assert_eq!(over_at(FlightMovement { state: "gate closed", ..late }), Some(at(10)));
        assert_eq!(over_at(FlightMovement { state: "cancelled", ..late }), Some(at(30)));
        assert_eq!(over_at(FlightMovement::default()), None);
        let set = |state: &str| match state {
            "departed" => Some(Some(SignedDuration::from_hours(1))),
            "cancelled" => Some(None),
            _ => None,
        };
        assert_eq!(late.over_at(set), Some(at(120)));
        assert_eq!(scheduled("cancelled").over_at(set), None);
    }

    #[test]
    fn departures_are_missed() {
        assert!(scheduled("Departed").is_missed(at(-5)));
        assert!(FlightMovement { actual: Some(at(0)), ..scheduled("") }.is_missed(at(1)));
        assert!(!scheduled("boarding").is_missed(at(5)));
        assert!(!scheduled("cancelled").is_missed(at(-1)));
        assert!(scheduled("cancelled").is_missed(at(1)));
    }
}
