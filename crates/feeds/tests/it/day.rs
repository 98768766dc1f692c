use std::collections::BTreeMap;
use std::time::Duration;

use feeds::{Announcement, Run, Speed, day};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::audience::{Audience, name};
use crate::recording::{Row, departures, time};

fn once() -> Vec<Announcement> {
    day(&name(), Run::Once, Speed::REAL).collect()
}

/// What was announced of one flight: the event, and its data.
struct Said {
    at: Timestamp,
    event: String,
    data: Value,
}

impl Said {
    fn says(&self, field: &str) -> Option<&str> {
        self.data[field].as_str()
    }
}

/// All flights of the table, each with what was announced of it on the board's clock.
fn histories() -> Vec<(Row, Vec<Said>)> {
    let start = start();
    let mut said: BTreeMap<String, Vec<Said>> = BTreeMap::new();
    for announcement in &once()[1..] {
        let mut update = serde_json::to_value(&announcement.update).unwrap();
        let (event, data) = (update["event"].take(), update["data"].take());
        let flight = data["flight"].as_str().unwrap().to_owned();
        let event = event.as_str().unwrap().to_owned();
        said.entry(flight).or_default().push(Said { at: start + announcement.after, event, data });
    }
    let histories = departures().into_iter().map(|row| {
        let said = said.remove(&row["flight"]).unwrap();
        (row, said)
    });
    histories.collect()
}

/// The board's clock at the start. Each departure is announced within its minute, some at once.
fn start() -> Timestamp {
    let starts = once().into_iter().filter_map(|Announcement { after, update }| {
        let update = serde_json::to_value(update).unwrap();
        Some(time(update["data"]["actual"].as_str()?) - after)
    });
    starts.max().unwrap()
}

fn mins(mins: i64) -> SignedDuration {
    SignedDuration::from_mins(mins)
}

/// Whether `at` is in the minute that is so many minutes before (or after) that time.
fn is_in_minute(at: Timestamp, of: &str, offset: i64) -> bool {
    let minute = time(of) + mins(offset);
    (minute..minute + mins(1)).contains(&at)
}

#[test]
fn the_board_names_the_day_and_what_is_invented() {
    let mut audience = Audience::default();
    audience.event(day(&name(), Run::Once, Speed::MINUTE_A_SECOND).next().unwrap());
    let settings = serde_json::to_value(audience.timetable().settings()).unwrap();
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
fn all_rows_come_first_as_the_table_has_them() {
    let mut audience = Audience::default();
    let (first, later) = once().into_iter().partition(|said| said.after == Duration::ZERO);
    let first: Vec<Announcement> = first;
    first.into_iter().for_each(|said| _ = audience.event(said));

    let rows = departures().into_iter().map(|row| {
        let mut expected = json!({"date": "2013-07-10", "state": "scheduled"});
        let columns = ["flight", "airline", "destination", "aircraft", "departure", "arrival"];
        for column in columns.into_iter().filter(|column| !row[*column].is_empty()) {
            expected[column] = json!(row[column]);
        }
        expected
    });
    assert_eq!(audience.rows(), rows.collect::<Value>());

    let later: Vec<Announcement> = later;
    assert!(later.iter().all(|said| said.after >= Duration::from_secs(60)));
}

#[test]
fn every_announcement_changes_the_board_and_the_last_leaves_it_empty() {
    let mut audience = Audience::default();
    let announcements = once();
    assert!(announcements.is_sorted_by_key(|announcement| announcement.after));
    announcements.into_iter().for_each(|announcement| _ = audience.event(announcement));
    assert!(audience.timetable().is_empty());
    assert_eq!(audience.timetable().close_reason(), None);
}

#[test]
fn states_come_in_their_order() {
    let leaving =
        ["scheduled", "check-in", "boarding", "final call", "gate closed", "departed", "gone"];
    let cancelled = ["scheduled", "check-in", "cancelled", "gone"];
    for (row, said) in histories() {
        let gone = |said: &Said| (said.event == "flightRemoval").then_some("gone".to_owned());
        let state = |said: &Said| said.says("state").map(str::to_owned).or_else(|| gone(said));
        let states: Vec<_> = said.iter().filter_map(state).collect();
        match &*row["outcome"] {
            "cancelled" => assert_eq!(states, cancelled, "{row:?}"),
            _ => assert_eq!(states, leaving, "{row:?}"),
        }
        assert_eq!(said[0].event, "flightAddition", "{row:?}");
        assert!(said[1..].iter().all(|said| said.event != "flightAddition"), "{row:?}");
    }
}

#[test]
fn each_state_has_its_time() {
    for (row, said) in histories() {
        let at = |state| said.iter().find(|said| said.says("state") == Some(state)).unwrap().at;
        let removed = said.last().unwrap().at;
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
fn what_left_says_when_and_what_did_not_arrive_says_so() {
    let remark = "diverted, or its arrival is unknown";
    for (row, said) in histories() {
        let all = |field| said.iter().filter_map(|said| said.says(field)).collect::<Vec<_>>();
        let departed = said.iter().position(|said| said.says("state") == Some("departed"));
        let actual = departed.and_then(|at| said[at].says("actual"));
        assert_eq!(actual.unwrap_or_default(), row["actual"], "{row:?}");
        assert_eq!(all("actual").len(), usize::from(departed.is_some()), "{row:?}");
        match &*row["outcome"] {
            "unknown-arrival" => {
                assert_eq!(all("remark"), [remark], "{row:?}");
                let at = said.iter().position(|said| said.says("remark").is_some());
                assert!(at > departed, "{row:?}");
            }
            _ => assert!(all("remark").is_empty(), "{row:?}"),
        }
    }
}

#[test]
fn delays_become_known_in_steps_that_end_in_the_truth() {
    let mut most = 0;
    for (row, said) in histories() {
        let delay = row["delayMinutes"].parse().unwrap_or(0);
        let estimates: Vec<_> =
            said.iter().filter_map(|said| Some((said.at, said.says("estimated")?))).collect();
        assert_eq!(estimates.is_empty(), delay < 5, "{row:?}");
        let Some((first, last)) = estimates.first().zip(estimates.last()) else { continue };

        assert!(is_in_minute(first.0, &row["departure"], -45), "{row:?}");
        assert!(time(first.1) > time(&row["departure"]), "{row:?}");
        assert_eq!(last.1, row["actual"]);
        assert!(estimates.is_sorted_by(|(_, one), (_, next)| time(one) < time(next)), "{row:?}");
        for (at, estimated) in &estimates {
            assert!(time(estimated) > *at + mins(30), "{estimated} said at {at}: {row:?}");
        }
        let boarding = said.iter().find(|said| said.says("state") == Some("boarding")).unwrap();
        assert!(last.0 < boarding.at, "put off while boarding: {row:?}");
        most = most.max(estimates.len());
    }
    assert!(most > 3, "the worst delay, over ten hours, came in {most} steps");
}

#[test]
fn announcements_of_one_minute_do_not_come_at_once() {
    let mut changes: BTreeMap<Duration, usize> = BTreeMap::new();
    for announcement in once().into_iter().filter(|said| said.after > Duration::ZERO) {
        *changes.entry(announcement.after).or_default() += 1;
    }
    let most = changes.values().max().unwrap();
    assert!(*most <= 4, "{most} in one second");
}

#[test]
fn for_ever_begins_anew_on_an_empty_board() {
    let once = once();
    let rows = once.len() - 1;
    let forever: Vec<_> = day(&name(), Run::Forever, Speed::REAL).take(1 + 2 * rows).collect();
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
fn restarted_in_the_middle_it_ends_with_an_empty_board() {
    for cut in [1, 200, 332, 1_000, 2_000] {
        let mut audience = Audience::default();
        audience.hear(once().into_iter().take(cut));
        let unchanged = audience.hear(once());
        assert!(audience.timetable().is_empty());
        assert!(unchanged <= 1 + 331, "rows that had not changed yet, and the board");
    }
}
