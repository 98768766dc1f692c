//! Limits in bytes, and what is known of an update before it is written.

use std::collections::BTreeMap;

use flight::{
    ApplyOutcome, BoardName, Boards, COLUMNS, Change, FeedClaim, Forecast, ForecastScope,
    Forecaster, IdempotencyKey, MAX_BOARDS, MAX_CANDIDATES, MAX_CHECKPOINT_BYTES,
    MAX_IDEMPOTENCY_KEYS, MAX_TIMETABLE_BYTES, PublisherName, RESERVED_KEYS, Rejection,
    StateLimits, Update,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::test_boards::{TestBoards, update};

/// A row with all fields at their limits, each character of which takes the most bytes.
fn largest_row(number: usize) -> Value {
    let text = |chars: usize| "\u{1f6eb}".repeat(chars);
    json!({
        "flight": format!("F{number}"), "date": "2026-11-22", "leg": "0123456789abcdef",
        "origin": text(64), "destination": text(64), "via": vec![text(64); 8], "airline": text(64),
        "codeshares": vec![text(16); 20], "aircraft": text(32), "arrival": "10:00",
        "departure": "09:00", "estimated": "10:05", "actual": "10:06", "state": text(40),
        "terminal": text(32), "gate": text(32), "stand": text(32), "belt": text(32),
        "checkIn": text(32), "remark": text(200), "held": ["gate", "remark"],
    })
}

fn forecast(test: &TestBoards, now: Timestamp, update: &Update) -> Forecast {
    let limits = StateLimits::default();
    Forecaster::new(&test.boards, now, limits, ForecastScope::All).next(update)
}

/// The forecast of a server that knows only its limits.
fn excess(test: &TestBoards, now: Timestamp, update: &Update, limits: StateLimits) -> Forecast {
    Forecaster::new(&test.boards, now, limits, ForecastScope::LimitsOnly).next(update)
}

fn fill(test: &mut TestBoards) -> usize {
    let mut rows = 0;
    loop {
        match test.apply("flightAddition", largest_row(rows)) {
            ApplyOutcome::Changed(_) => rows += 1,
            outcome => {
                let max_bytes = MAX_TIMETABLE_BYTES;
                assert_eq!(outcome, ApplyOutcome::Rejected(Rejection::StateFull { max_bytes }));
                return rows;
            }
        }
    }
}

#[test]
fn largest_state_fits_into_a_checkpoint() {
    let mut test = TestBoards::new(json!({}));
    let rows = fill(&mut test);
    assert!(rows > 1_000, "{rows}");
    let checkpoint = test.boards.checkpoint().encode();
    assert!(checkpoint.len() < MAX_TIMETABLE_BYTES, "{}", checkpoint.len());
    assert!(checkpoint.len() > MAX_TIMETABLE_BYTES / 10 * 9, "{}", checkpoint.len());
    assert!(test.boards.bytes() <= MAX_TIMETABLE_BYTES);
    assert!(test.restored() == test.boards);

    // It still takes changes that make no row larger, and room that is freed is used.
    let landed = json!({"flight": "F0", "state": "landed"});
    assert!(matches!(test.apply("flightStateUpdate", landed), ApplyOutcome::Changed(_)));
    let removed = test.apply("flightRemoval", json!({"flight": "F1"}));
    assert!(matches!(removed, ApplyOutcome::Changed(_)));
    let added = test.apply("flightAddition", largest_row(rows));
    assert!(matches!(added, ApplyOutcome::Changed(_)));
    test.apply("closedConnection", json!({}));
    assert_eq!(test.boards.bytes(), 0);
}

/// Boards and keys fit into the part of a checkpoint that is not for rows.
#[test]
fn other_state_fits_into_the_rest() {
    let text = |chars: usize| "\u{1f6eb}".repeat(chars);
    let link = format!("https://{}", text(192));
    let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    let states = ["landed", "at gate", "baggage", "departed", "cancelled", "diverted"];
    let delays = BTreeMap::from(states.map(|state| (state, "167h 59m 59s 999ms 999us 999ns")));
    let over_delays =
        BTreeMap::from_iter(delays.clone().into_iter().chain([("gate closed", delays["landed"])]));
    let settings = json!({
        "title": text(100), "kind": "departures", "airport": text(64), "note": text(200),
        "timeZone": "America/Argentina/ComodRivadavia", "private": true,
        "removeAfter": delays, "overAfter": over_delays, "expectEvery": "167h 59m 59s 999ms 999us 999ns",
        "notice": text(200), "columns": COLUMNS,
    });
    let source = json!({
        "name": text(64), "attribution": text(200), "link": link, "reason": text(200),
        "lastAnswer": now, "lastChange": now, "status": "current", "lateAfter": 604_800,
    });
    let mut boards = Boards::default();
    let mut seq = u64::MAX / 2;
    let mut apply = |boards: &mut Boards, update: Update| {
        seq += 1;
        let outcome = boards.apply(seq, now, &update);
        assert!(!matches!(outcome, ApplyOutcome::Rejected(_)), "{outcome:?}");
    };
    let publisher = PublisherName::parse("ops").unwrap();
    let name = |number: usize| BoardName::parse(&format!("{number:040}")).unwrap();
    for number in 0..MAX_BOARDS {
        let board = name(number);
        let claim = FeedClaim { holder: "x".repeat(16), millis: 10_000 };
        let parse = |event: &str, data| Change::parse(&board, event, data).unwrap();
        for change in [
            parse("boardUpdate", &settings),
            parse("sourceUpdate", &source),
            Change::ClaimFeed(claim),
        ] {
            apply(&mut boards, Update::new(board.clone(), change));
        }
    }
    // The smallest row.
    let row = Change::parse(&name(0), "flightAddition", &json!({"flight": "A"})).unwrap();
    for key in 0..MAX_IDEMPOTENCY_KEYS {
        let key = IdempotencyKey::parse(&key.to_string()).unwrap();
        let update = Update::new(name(0), row.clone()).with_idempotency_key(Some(key));
        apply(&mut boards, update.published_by(Some(publisher.clone())));
    }
    let bytes = boards.checkpoint().encode().len();
    let rest = MAX_CHECKPOINT_BYTES - MAX_TIMETABLE_BYTES;
    assert!(bytes <= rest && bytes > rest / 10 * 9, "{bytes} of {rest}");
    assert!(Boards::restore(&boards.checkpoint().encode()).unwrap() == boards);
}

/// A removal that comes before its row is remembered, unless that would make the state too large.
#[test]
fn remembered_removals_are_counted() {
    let mut test = TestBoards::new(json!({}));
    let now = test.now;
    let remove = |test: &mut TestBoards, number: usize| {
        let key = json!({"flight": format!("F{number}"), "date": "2026-11-22"});
        test.apply_update(update("flightRemoval", key).as_of(now))
    };
    remove(&mut test, 0);
    assert!(test.boards.bytes() > 0);
    let encoded = test.boards.checkpoint().encode().len();
    remove(&mut test, 1);
    let growth = test.boards.checkpoint().encode().len() - encoded;
    assert!(growth <= test.boards.bytes() / 2, "{growth}");
    fill(&mut test);
    // The last row left room for some.
    for number in 0..100 {
        remove(&mut test, 90_000 + number);
    }
    let free = MAX_TIMETABLE_BYTES - test.boards.bytes();
    assert!(free < 200, "{free}");
}

#[test]
fn ambiguous_rejections_are_short() {
    let mut test = TestBoards::new(json!({}));
    for year in 0..=MAX_CANDIDATES {
        let date = format!("{}-11-22", 2000 + year);
        test.apply("flightAddition", json!({"flight": "A", "date": date}));
    }
    match test.apply("flightStateUpdate", json!({"flight": "A", "gate": "1"})) {
        ApplyOutcome::Rejected(Rejection::AmbiguousFlight { keys }) => {
            assert_eq!(keys.len(), MAX_CANDIDATES);
        }
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn refusals_are_forecast() {
    let mut test = TestBoards::new(json!({}));
    for date in ["2026-11-22", "2026-11-23"] {
        test.apply("flightAddition", json!({"flight": "A", "date": date}));
    }
    let other = BoardName::parse("other").unwrap();
    let row = json!({"flight": "B"});
    let unknown = Change::parse(&other, "flightAddition", &row).unwrap();
    for (update, rejection) in [
        (Update::new(other, unknown), Some(Rejection::UnknownBoard)),
        (update("flightStateUpdate", row.clone()), Some(Rejection::UnknownFlight)),
        (update("flightRemoval", row.clone()), Some(Rejection::UnknownFlight)),
        // The removal is remembered.
        (update("flightRemoval", row.clone()).as_of(test.now), None),
        (update("flightAddition", row), None),
    ] {
        let expected = rejection.map_or(Forecast::Open, Forecast::Refused);
        assert_eq!(forecast(&test, test.now, &update), expected, "{update:?}");
    }
    let ambiguous = update("flightStateUpdate", json!({"flight": "A", "gate": "1"}));
    let refused = forecast(&test, test.now, &ambiguous);
    assert!(matches!(refused, Forecast::Refused(Rejection::AmbiguousFlight { .. })));
    test.apply("closedConnection", json!({}));
    let closed = forecast(&test, test.now, &update("flightAddition", json!({"flight": "B"})));
    assert_eq!(closed, Forecast::Refused(Rejection::BoardClosed));
    assert_eq!(forecast(&test, test.now, &update("boardUpdate", json!({}))), Forecast::Open);
}

#[test]
fn repetitions_are_forecast() {
    let mut test = TestBoards::new(json!({}));
    let row = json!({"flight": "I768"});
    test.apply_once("k1", "flightAddition", row.clone());
    let key = || Some(IdempotencyKey::parse("k1").unwrap());
    let same = update("flightAddition", row).with_idempotency_key(key());
    let other = update("flightRemoval", json!({"flight": "I768"})).with_idempotency_key(key());
    let version = test.seq;
    assert_eq!(forecast(&test, test.now, &same), Forecast::Repeated { version });
    let reused = Forecast::Refused(Rejection::KeyReused);
    assert_eq!(forecast(&test, test.now, &other), reused);
    let next_day = test.now + SignedDuration::from_hours(24) + SignedDuration::from_millis(1);
    assert_eq!(forecast(&test, next_day, &same), Forecast::Open);
}

#[test]
fn servers_limits_are_checked_before_writing() {
    let mut test = TestBoards::new(json!({}));
    test.apply("flightAddition", largest_row(0));
    let bytes = test.boards.bytes();
    let limits = StateLimits::default();
    let rows = StateLimits { max_flights: 1, ..limits };
    let board = StateLimits { max_board_bytes: bytes, ..limits };
    let state = StateLimits { max_bytes: bytes, ..limits };
    let new_row = update("flightAddition", largest_row(1));
    for (limits, rejection) in [
        (rows, Rejection::BoardFull { max_flights: 1 }),
        (board, Rejection::BoardTooLarge { max_bytes: bytes }),
        (state, Rejection::StateFull { max_bytes: bytes }),
    ] {
        let refused = excess(&test, test.now, &new_row, limits);
        assert_eq!(refused, Forecast::Refused(rejection));
        for accepted in [
            update("flightAddition", largest_row(0)),
            update("flightStateUpdate", json!({"flight": "F0", "state": "landed"})),
            update("flightRemoval", json!({"flight": "F0"})),
        ] {
            assert_eq!(excess(&test, test.now, &accepted, limits), Forecast::Open);
        }
    }
    assert_eq!(excess(&test, test.now, &new_row, limits), Forecast::Open);

    // Updates that are written together count together.
    let two = StateLimits { max_flights: 2, ..limits };
    let mut forecaster = Forecaster::new(&test.boards, test.now, two, ForecastScope::All);
    assert_eq!(forecaster.next(&new_row), Forecast::Open);
    let third = forecaster.next(&update("flightAddition", largest_row(2)));
    assert_eq!(third, Forecast::Refused(Rejection::BoardFull { max_flights: 2 }));
}

fn keyed(key: usize, publisher: Option<&str>) -> Update {
    let key = IdempotencyKey::parse(&key.to_string()).unwrap();
    let update = update("flightAddition", json!({"flight": "I768"}));
    let publisher = publisher.map(|name| PublisherName::parse(name).unwrap());
    update.with_idempotency_key(Some(key)).published_by(publisher)
}

/// Publishes under new keys until one is refused. Returns their number.
fn use_all_keys(test: &mut TestBoards, publisher: Option<&str>) -> usize {
    for key in 0..=MAX_IDEMPOTENCY_KEYS {
        match forecast(test, test.now, &keyed(key, publisher)) {
            Forecast::Open => test.apply_update(keyed(key, publisher)),
            refused => {
                assert_eq!(refused, Forecast::Refused(Rejection::TooManyKeys));
                return key;
            }
        };
    }
    panic!("no key is refused")
}

/// While all keys are recent, a new one is refused instead of forgetting an old one.
#[test]
fn recent_keys_are_never_forgotten() {
    let mut test = TestBoards::new(json!({}));
    let keys = use_all_keys(&mut test, None);
    assert_eq!(keys, (MAX_IDEMPOTENCY_KEYS - RESERVED_KEYS) / 4 * 3);
    let repeated = forecast(&test, test.now, &keyed(0, None));
    assert!(matches!(repeated, Forecast::Repeated { .. }));
    let without_key = update("flightAddition", json!({"flight": "I769"}));
    assert_eq!(forecast(&test, test.now, &without_key), Forecast::Open);
    let later = test.now + SignedDuration::from_hours(1);
    assert_eq!(forecast(&test, later, &keyed(keys, None)), Forecast::Open);
}

#[test]
fn publishers_leave_keys_to_others() {
    let mut test = TestBoards::new(json!({}));
    let first = use_all_keys(&mut test, Some("flood"));
    test.restart();
    let second = use_all_keys(&mut test, Some("ops"));
    assert_eq!(second, first / 4);
    let anonymous = use_all_keys(&mut test, None);
    assert_eq!(anonymous, second / 4);
    let refused = forecast(&test, test.now, &keyed(first, Some("flood")));
    assert_eq!(refused, Forecast::Refused(Rejection::TooManyKeys));

    // An hour later they may all have as many again, also without an update in between.
    test.now += SignedDuration::from_hours(1);
    assert_eq!(forecast(&test, test.now, &keyed(first, Some("flood"))), Forecast::Open);
    let flood = (first..=first + MAX_IDEMPOTENCY_KEYS).take_while(|key| {
        let update = keyed(*key, Some("flood"));
        let is_open = forecast(&test, test.now, &update) == Forecast::Open;
        if is_open {
            test.apply_update(update);
        }
        is_open
    });
    assert_eq!(flood.count(), first);
}

#[test]
fn forecasts_respect_pending_updates() {
    let test = TestBoards::new(json!({}));
    let limits = StateLimits::default();
    let mut forecaster = Forecaster::new(&test.boards, test.now, limits, ForecastScope::All);
    let patch = update("flightStateUpdate", json!({"flight": "B", "gate": "1"}));
    let unknown = Forecast::Refused(Rejection::UnknownFlight);
    assert_eq!(forecaster.next(&patch), unknown);
    let row = update("flightAddition", json!({"flight": "B"}));
    for expected in [row, patch] {
        assert_eq!(forecaster.next(&expected), Forecast::Open);
    }
    let other = update("flightStateUpdate", json!({"flight": "C", "gate": "1"}));
    assert_eq!(forecaster.next(&other), unknown);
    assert_eq!(forecaster.next(&update("closedConnection", json!({}))), Forecast::Open);
    assert_eq!(forecaster.next(&other), Forecast::Open, "the board may be closed by then");
}
