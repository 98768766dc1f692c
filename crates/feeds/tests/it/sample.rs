use feeds::{RepeatMode, Speed, morning_zone, sample};
use jiff::Timestamp;
use serde_json::json;

use crate::folded_board::{FoldedBoard, board_name, line};

const FLIGHTS: [&str; 6] = ["A123", "D654", "U213", "A987", "I768", "G119"];

/// The additions of all rows at `secs`.
fn additions(secs: u64) -> Vec<String> {
    FLIGHTS.map(|flight| format!("{secs} flightAddition {flight}")).to_vec()
}

fn lines(repeat: RepeatMode, max: usize) -> Vec<String> {
    sample(&board_name(), "UTC", repeat, Speed::REAL_TIME)
        .take(max)
        .map(|announcement| line(&announcement))
        .collect()
}

#[test]
fn once_lands_one_flight_and_closes() {
    let rome = [
        "3 flightStateUpdate I768 landing",
        "6 flightStateUpdate I768 landed",
        "9 flightRemoval I768",
        "12 closedConnection",
    ];
    let mut expected = vec!["0 boardUpdate".to_owned()];
    expected.extend(additions(0));
    expected.extend(rome.map(str::to_owned));
    assert_eq!(lines(RepeatMode::Once, usize::MAX), expected);
}

#[test]
fn forever_lands_all_flights_and_repeats() {
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
        expected.extend(additions(start));
        expected.extend(landings(start));
    }
    assert_eq!(lines(RepeatMode::Forever, expected.len()), expected);
}

#[test]
fn rows_match_the_tutorial() {
    let mut board = FoldedBoard::default();
    board.apply_all(sample(&board_name(), "UTC", RepeatMode::Once, Speed::REAL_TIME).take(7));
    let rows = json!([
        {"flight": "A123", "origin": "London", "arrival": "08:15", "state": ""},
        {"flight": "D654", "origin": "Berlin", "arrival": "08:45", "state": ""},
        {"flight": "U213", "origin": "New York", "arrival": "09:05", "state": ""},
        {"flight": "A987", "origin": "Buenos Aires", "arrival": "09:30", "state": ""},
        {"flight": "I768", "origin": "Rome", "arrival": "10:10", "state": ""},
        {"flight": "G119", "origin": "Tokyo", "arrival": "10:35", "state": ""},
    ]);
    assert_eq!(board.rows(), rows);
    let settings = serde_json::to_value(board.timetable().settings()).unwrap();
    assert_eq!((&settings["title"], &settings["kind"]), (&json!("Arrivals"), &json!("arrivals")));
}

#[test]
fn morning_zone_is_in_its_morning() {
    for hour in 0..24 {
        let now = Timestamp::from_second(hour * 3_600 + 1_799).unwrap();
        let local = now.in_tz(&morning_zone(now)).unwrap();
        assert_eq!((local.hour(), local.minute()), (8, 29), "{now}");
    }
}

#[test]
fn rounds_leave_the_board_empty() {
    let mut board = FoldedBoard::default();
    let mut announcements = sample(&board_name(), "UTC", RepeatMode::Forever, Speed::REAL_TIME);
    board.event(announcements.next().unwrap());
    for _round in 0..3 {
        for announcement in announcements.by_ref().take(FLIGHTS.len() * 4) {
            board.event(announcement);
        }
        assert!(board.timetable().is_empty());
    }
}

#[test]
fn restart_gives_the_same_rows() {
    let announcements =
        |repeat, max| sample(&board_name(), "UTC", repeat, Speed::REAL_TIME).take(max);
    let filled = 1 + FLIGHTS.len();
    let mut fresh = FoldedBoard::default();
    fresh.apply_all(announcements(RepeatMode::Once, filled));

    for cut in 0..40 {
        let mut board = FoldedBoard::default();
        board.apply_all(announcements(RepeatMode::Forever, cut));
        board.apply_all(announcements(RepeatMode::Once, filled));
        let sorted_rows = |board: &FoldedBoard| {
            let mut rows = board.rows().as_array().unwrap().clone();
            rows.sort_by_key(ToString::to_string);
            rows
        };
        assert_eq!(sorted_rows(&board), sorted_rows(&fresh), "cut after {cut}");
    }
}
