//! The sample board: six arrivals that land one after another.
//!
//! It needs no data and shows every kind of update within seconds. Its rows have times without a
//! date, so that it looks right on any day.

use std::time::Duration;

use flight::BoardName;
use serde_json::{Value, json};

use crate::script::{Announcement, Cue, Run, Script, update};
use crate::speed::Speed;

/// Origin, flight and scheduled arrival, in the order of the board.
const ARRIVALS: [(&str, &str, &str); 6] = [
    ("London", "A123", "08:15"),
    ("Berlin", "D654", "08:45"),
    ("New York", "U213", "09:05"),
    ("Buenos Aires", "A987", "09:30"),
    ("Rome", "I768", "10:10"),
    ("Tokyo", "G119", "10:35"),
];

/// The one that lands first; the others follow in the order of the board.
const FIRST: &str = "I768";

/// Between two changes.
const STEP: Duration = Duration::from_secs(3);

/// The board "Arrivals" with six rows. One flight after another is `landing`, then `landed`, then
/// gone, with three seconds between two changes. [`Run::Once`] lets the first one land and then
/// closes the board; [`Run::Forever`] fills the board again when it is empty.
///
/// It may be started on a board that still has rows of an earlier start: they are replaced.
pub fn sample(
    board: &BoardName,
    run: Run,
    speed: Speed,
) -> impl Iterator<Item = Announcement> + use<> {
    let say = |event, data| update(board, event, &data);
    let others =
        ARRIVALS.map(|(_, flight, _)| flight).into_iter().filter(|flight| *flight != FIRST);
    let changes: Vec<_> = match run {
        Run::Once => landing(FIRST).into_iter().chain([closing()]).collect(),
        Run::Forever => [FIRST].into_iter().chain(others).flat_map(landing).collect(),
    };
    let rows = ARRIVALS.map(|(origin, flight, arrival)| {
        let row = json!({"flight": flight, "origin": origin, "arrival": arrival, "state": ""});
        Cue { at: Duration::ZERO, update: say("flightAddition", row) }
    });
    let moments = (1..).map(|step| STEP * step);
    let changes =
        moments.zip(changes).map(|(at, (event, data))| Cue { at, update: say(event, data) });
    let settings = json!({"title": "Arrivals", "kind": "arrivals"});
    Script {
        board: say("boardUpdate", settings),
        round: rows.into_iter().chain(changes).collect(),
        pause: STEP,
    }
    .play(run, speed)
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
