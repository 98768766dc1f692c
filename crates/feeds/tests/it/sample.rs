use feeds::{Run, Speed, sample};
use serde_json::json;

use crate::audience::{Audience, line, name};

const FILLING: [&str; 6] = ["A123", "D654", "U213", "A987", "I768", "G119"];

/// The filled board at `secs`.
fn filling(secs: u64) -> Vec<String> {
    FILLING.map(|flight| format!("{secs} flightAddition {flight}")).to_vec()
}

fn lines(run: Run, most: usize) -> Vec<String> {
    sample(&name(), run, Speed::REAL).take(most).map(|announcement| line(&announcement)).collect()
}

#[test]
fn once_lets_rome_land_and_closes_the_board() {
    let rome = [
        "3 flightStateUpdate I768 landing",
        "6 flightStateUpdate I768 landed",
        "9 flightRemoval I768",
        "12 closedConnection",
    ];
    let mut expected = vec!["0 boardUpdate".to_owned()];
    expected.extend(filling(0));
    expected.extend(rome.map(str::to_owned));
    assert_eq!(lines(Run::Once, usize::MAX), expected);
}

#[test]
fn for_ever_all_land_and_the_board_is_filled_again() {
    let landings = |start: u64| {
        let order = ["I768", "A123", "D654", "U213", "A987", "G119"];
        order.into_iter().zip((start..).step_by(9)).flat_map(|(flight, start)| {
            [
                format!("{} flightStateUpdate {flight} landing", start + 3),
                format!("{} flightStateUpdate {flight} landed", start + 6),
                format!("{} flightRemoval {flight}", start + 9),
            ]
        })
    };
    let mut expected = vec!["0 boardUpdate".to_owned()];
    for start in [0, 57, 114] {
        expected.extend(filling(start));
        expected.extend(landings(start));
    }
    assert_eq!(lines(Run::Forever, expected.len()), expected);
}

#[test]
fn the_rows_are_those_of_the_tutorial() {
    let mut audience = Audience::default();
    audience.hear(sample(&name(), Run::Once, Speed::REAL).take(7));
    let rows = json!([
        {"flight": "A123", "origin": "London", "arrival": "08:15", "state": ""},
        {"flight": "D654", "origin": "Berlin", "arrival": "08:45", "state": ""},
        {"flight": "U213", "origin": "New York", "arrival": "09:05", "state": ""},
        {"flight": "A987", "origin": "Buenos Aires", "arrival": "09:30", "state": ""},
        {"flight": "I768", "origin": "Rome", "arrival": "10:10", "state": ""},
        {"flight": "G119", "origin": "Tokyo", "arrival": "10:35", "state": ""},
    ]);
    assert_eq!(audience.rows(), rows);
    let settings = serde_json::to_value(audience.timetable().settings()).unwrap();
    assert_eq!((&settings["title"], &settings["kind"]), (&json!("Arrivals"), &json!("arrivals")));
}

#[test]
fn every_announcement_changes_the_board_and_a_round_leaves_it_empty() {
    let mut audience = Audience::default();
    let mut announcements = sample(&name(), Run::Forever, Speed::REAL);
    audience.event(announcements.next().unwrap());
    for _round in 0..3 {
        for announcement in announcements.by_ref().take(FILLING.len() * 4) {
            audience.event(announcement);
        }
        assert!(audience.timetable().is_empty());
    }
}

#[test]
fn restarted_at_any_point_it_has_the_same_rows() {
    let run = |run, most| sample(&name(), run, Speed::REAL).take(most);
    let filled = 1 + FILLING.len();
    let mut fresh = Audience::default();
    fresh.hear(run(Run::Once, filled));

    for cut in 0..40 {
        let mut audience = Audience::default();
        audience.hear(run(Run::Forever, cut));
        audience.hear(run(Run::Once, filled));
        let sorted = |audience: &Audience| {
            let mut rows = audience.rows().as_array().unwrap().clone();
            rows.sort_by_key(ToString::to_string);
            rows
        };
        assert_eq!(sorted(&audience), sorted(&fresh), "cut after {cut}");
    }
}
