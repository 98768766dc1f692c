//! The sample board: six arrivals that land one after another.
//!
//! It needs no data and shows every kind of update within seconds. Its rows have times without a date,
//! so it looks right on any day, and at any hour in a zone where it is morning.

use std::iter;
use std::time::Duration;

use flight::BoardName;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::demo::script::{Announcement, FeedScript, RepeatMode, ScriptStep, change};
use crate::demo::speed::Speed;

/// Origin, flight and scheduled arrival, in the order of the board.
const ARRIVALS: [(&str, &str, &str); 6] = [
    ("London", "A123", "08:15"),
    ("Berlin", "D654", "08:45"),
    ("New York", "U213", "09:05"),
    ("Buenos Aires", "A987", "09:30"),
    ("Rome", "I768", "10:10"),
    ("Tokyo", "G119", "10:35"),
];

/// The flight that lands first; the others follow in the order of the board.
const FIRST_FLIGHT: &str = "I768";

/// Time between two changes.
const STEP_INTERVAL: Duration = Duration::from_secs(3);

/// The board "Arrivals" with six rows. One flight after another is `landing`, then `landed`, then
/// removed, with three seconds between two changes. [`RepeatMode::Once`] lands the first flight and
/// then closes the board; [`RepeatMode::Forever`] fills the board again when it is empty.
///
/// It may start on a board that still has rows of an earlier start, and replaces them.
pub fn sample(
    board: &BoardName,
    time_zone: &str,
    repeat: RepeatMode,
    speed: Speed,
) -> impl Iterator<Item = Announcement> + use<> {
    let flights = ARRIVALS.map(|(_, flight, _)| flight);
    let others = flights.into_iter().filter(|flight| *flight != FIRST_FLIGHT);
    let events: Vec<_> = match repeat {
        RepeatMode::Once => landing(FIRST_FLIGHT).into_iter().chain([closing()]).collect(),
        RepeatMode::Forever => iter::once(FIRST_FLIGHT).chain(others).flat_map(landing).collect(),
    };
    let rows = ARRIVALS.map(|(origin, flight, arrival)| {
        let row = json!({"flight": flight, "origin": origin, "arrival": arrival, "state": ""});
        ScriptStep { at: Duration::ZERO, change: change(board, "flightAddition", &row) }
    });
    let times = (1..).map(|step| STEP_INTERVAL * step);
    let steps = times
        .zip(events)
        .map(|(at, (event, data))| ScriptStep { at, change: change(board, event, &data) });
    let settings = json!({"title": "Arrivals", "kind": "arrivals", "timeZone": time_zone});
    FeedScript {
        board: change(board, "boardUpdate", &settings),
        round: rows.into_iter().chain(steps).collect(),
        pause: STEP_INTERVAL,
    }
    .play(repeat, speed)
}

/// The zone in which it is between eight and nine o'clock at `now`, by its name in the IANA database,
/// where a minus means east of Greenwich. There all times of [`sample`] are of the same day.
pub fn morning_zone(now: Timestamp) -> String {
    match 8 - now.to_zoned(TimeZone::UTC).hour() {
        0 => "Etc/GMT".to_owned(),
        east @ 1.. => format!("Etc/GMT-{east}"),
        west @ -12..0 => format!("Etc/GMT+{}", -west),
        far_west => format!("Etc/GMT-{}", far_west + 24),
    }
}

fn landing(flight: &str) -> [(&'static str, Value); 3] {
    [
        ("flightStateUpdate", json!({"flight": flight, "state": "landing"})),
        ("flightStateUpdate", json!({"flight": flight, "state": "landed"})),
        ("flightRemoval", json!({"flight": flight})),
    ]
}

fn closing() -> (&'static str, Value) {
    ("closedConnection", json!({"reason": "the sample is over"}))
}
