use std::collections::BTreeMap;
use std::time::Duration;

use feeds::{Announcement, RepeatMode, Speed, day};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::folded_board::{FoldedBoard, board_name};
use crate::recording::{TableRow, departures, time};

fn once() -> Vec<Announcement> {
    day(&board_name(), RepeatMode::Once, Speed::REAL_TIME).collect()
}

/// One announcement for a flight.
struct FlightEvent {
    at: Timestamp,
    event: String,
    data: Value,
}

impl FlightEvent {
    fn field(&self, name: &str) -> Option<&str> {
        self.data[name].as_str()
    }
}

/// All rows of the table, each with the announcements for its flight on the board's clock.
fn histories() -> Vec<(TableRow, Vec<FlightEvent>)> {
    let start = start();
    let mut histories: BTreeMap<String, Vec<FlightEvent>> = BTreeMap::new();
    for announcement in &once()[1..] {
        let mut change = serde_json::to_value(&announcement.change).unwrap();
        let data = change["data"].take();
        let flight = data["flight"].as_str().unwrap().to_owned();
        let event = change["event"].as_str().unwrap().to_owned();
        let at = start + announcement.after;
        histories.entry(flight).or_default().push(FlightEvent { at, event, data });
    }
    let with_rows = departures().into_iter().map(|row| {
        let events = histories.remove(&row["flight"]).unwrap();
        (row, events)
    });
    with_rows.collect()
}

/// The board's clock at the start of the feed. Departures are announced within their minute, and at
/// least one of them at its first second.
fn start() -> Timestamp {
    let starts = once().into_iter().filter_map(|Announcement { after, change }| {
        let change = serde_json::to_value(change).unwrap();
        Some(time(change["data"]["actual"].as_str()?) - after)
    });
    starts.max().unwrap()
}

fn mins(mins: i64) -> SignedDuration {
    SignedDuration::from_mins(mins)
}

/// Returns true if `at` is in the minute that begins `offset` minutes after `base`.
fn is_in_minute(at: Timestamp, base: &str, offset: i64) -> bool {
    let minute = time(base) + mins(offset);
    (minute..minute + mins(1)).contains(&at)
}

#[test]
fn board_settings_describe_the_replay() {
    let mut board = FoldedBoard::default();
    board.event(day(&board_name(), RepeatMode::Once, Speed::MINUTE_PER_SECOND).next().unwrap());
    let settings = serde_json::to_value(board.timetable().settings()).unwrap();
    let expected = json!({
        "name": "here",
        "title": "JFK departures, 10 July 2013",
        "kind": "departures",
        "airport": "JFK",
        "timeZone": "America/New_York",
        "note": "A real day replayed 60 times as fast: its times are real, the moment of each \
                 announcement is invented.",
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&settings[field], value);
    }
    for state in ["departed", "cancelled"] {
        assert_eq!(settings["removeAfter"][state], "never", "the feed removes rows itself");
    }
}

#[test]
fn rows_precede_changes() {
    let mut board = FoldedBoard::default();
    let (first, later): (Vec<Announcement>, Vec<Announcement>) =
        once().into_iter().partition(|announcement| announcement.after == Duration::ZERO);
    for announcement in first {
        board.event(announcement);
    }

    let rows = departures().into_iter().map(|row| {
        let mut expected = json!({"date": "2013-07-10", "state": "scheduled"});
        let columns = ["flight", "airline", "destination", "aircraft", "departure", "arrival"];
        for column in columns.into_iter().filter(|column| !row[*column].is_empty()) {
            expected[column] = json!(row[column]);
        }
        expected
    });
    assert_eq!(board.rows(), rows.collect::<Value>());

    assert!(later.iter().all(|announcement| announcement.after >= Duration::from_secs(60)));
}

#[test]
fn announcements_end_with_an_empty_board() {
    let mut board = FoldedBoard::default();
    let announcements = once();
    assert!(announcements.is_sorted_by_key(|announcement| announcement.after));
    for announcement in announcements {
        board.event(announcement);
    }
    assert!(board.timetable().is_empty());
    assert_eq!(board.timetable().close_reason(), None);
}

#[test]
fn states_come_in_order() {
    let departed =
        ["scheduled", "check-in", "boarding", "final call", "gate closed", "departed", "removed"];
    let cancelled = ["scheduled", "check-in", "cancelled", "removed"];
    for (row, events) in histories() {
        let state = |event: &FlightEvent| match &*event.event {
            "flightRemoval" => Some("removed".to_owned()),
            _ => event.field("state").map(str::to_owned),
        };
        let states: Vec<_> = events.iter().filter_map(state).collect();
        match &*row["outcome"] {
            "cancelled" => assert_eq!(states, cancelled, "{row:?}"),
            _ => assert_eq!(states, departed, "{row:?}"),
        }
        assert_eq!(events[0].event, "flightAddition", "{row:?}");
        assert!(events[1..].iter().all(|event| event.event != "flightAddition"), "{row:?}");
    }
}

#[test]
fn states_come_on_time() {
    for (row, events) in histories() {
        let at =
            |state| events.iter().find(|event| event.field("state") == Some(state)).unwrap().at;
        let removed = events.last().unwrap().at;
        assert!(is_in_minute(at("check-in"), &row["departure"], -120), "{row:?}");
        if row["outcome"] == "cancelled" {
            let before = time(&row["departure"]).duration_since(at("cancelled"));
            assert!((mins(59)..=mins(120)).contains(&before), "{before} {row:?}");
            assert!(is_in_minute(removed, &row["departure"], 30), "{row:?}");
            continue;
        }
        let states = [("boarding", -35), ("final call", -15), ("gate closed", -6), ("departed", 0)];
        for (state, offset) in states {
            assert!(is_in_minute(at(state), &row["actual"], offset), "{state} {row:?}");
        }
        assert!(is_in_minute(removed, &row["actual"], 15), "{row:?}");
    }
}

#[test]
fn departures_have_actual_times_and_remarks() {
    let remark = "diverted, or its arrival is unknown";
    for (row, events) in histories() {
        let all = |field| events.iter().filter_map(|event| event.field(field)).collect::<Vec<_>>();
        let departed = events.iter().position(|event| event.field("state") == Some("departed"));
        let actual = departed.and_then(|at| events[at].field("actual"));
        assert_eq!(actual.unwrap_or_default(), row["actual"], "{row:?}");
        assert_eq!(all("actual").len(), usize::from(departed.is_some()), "{row:?}");
        match &*row["outcome"] {
            "unknown-arrival" => {
                assert_eq!(all("remark"), [remark], "{row:?}");
                let at = events.iter().position(|event| event.field("remark").is_some());
                assert!(at > departed, "{row:?}");
            }
            _ => assert!(all("remark").is_empty(), "{row:?}"),
        }
    }
}

#[test]
fn delays_are_announced_in_steps() {
    let mut max_steps = 0;
    for (row, events) in histories() {
        let delay = row["delayMinutes"].parse().unwrap_or(0);
        let estimates: Vec<_> =
            events.iter().filter_map(|event| Some((event.at, event.field("estimated")?))).collect();
        assert_eq!(estimates.is_empty(), delay < 5, "{row:?}");
        let Some((first, last)) = estimates.first().zip(estimates.last()) else { continue };

        assert!(is_in_minute(first.0, &row["departure"], -45), "{row:?}");
        assert!(time(first.1) > time(&row["departure"]), "{row:?}");
        assert_eq!(last.1, row["actual"]);
        assert!(estimates.is_sorted_by(|(_, one), (_, next)| time(one) < time(next)), "{row:?}");
        for (at, estimated) in &estimates {
            assert!(time(estimated) > *at + mins(30), "{estimated} announced at {at}: {row:?}");
        }
        let boarding =
            events.iter().find(|event| event.field("state") == Some("boarding")).unwrap();
        assert!(last.0 < boarding.at, "delayed while boarding: {row:?}");
        max_steps = max_steps.max(estimates.len());
    }
    assert!(max_steps > 3, "the longest delay, over ten hours, came in {max_steps} steps");
}

#[test]
fn announcements_are_spread_over_the_minute() {
    let mut changes: BTreeMap<Duration, usize> = BTreeMap::new();
    for announcement in
        once().into_iter().filter(|announcement| announcement.after > Duration::ZERO)
    {
        *changes.entry(announcement.after).or_default() += 1;
    }
    let max = changes.values().max().unwrap();
    assert!(*max <= 4, "{max} in one second");
}

#[test]
fn forever_repeats_the_day() {
    let once = once();
    let rows = once.len() - 1;
    let forever: Vec<_> =
        day(&board_name(), RepeatMode::Forever, Speed::REAL_TIME).take(1 + 2 * rows).collect();
    let (first, second) = forever.split_at(once.len());
    assert_eq!(first, once);

    let pause = second[0].after - first[rows].after;
    assert_eq!(pause, Duration::from_secs(30 * 60));
    let again = once[1..].iter().map(|announcement| Announcement {
        after: announcement.after + second[0].after,
        ..announcement.clone()
    });
    assert_eq!(second, again.collect::<Vec<_>>());
}

#[test]
fn restart_ends_with_an_empty_board() {
    for cut in [1, 200, 332, 1_000, 2_000] {
        let mut board = FoldedBoard::default();
        board.apply_all(once().into_iter().take(cut));
        let unchanged = board.apply_all(once());
        assert!(board.timetable().is_empty());
        assert!(unchanged <= 1 + 331, "only the board and rows not yet changed may be unchanged");
    }
}
