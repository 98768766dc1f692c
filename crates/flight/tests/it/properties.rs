//! Properties of any sequence of updates.

use flight::{
    ApplyOutcome, BoardName, Change, Forecast, ForecastScope, Forecaster, Rejection, StateLimits,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::test_boards::{TestBoards, main_board, update as update_of};

/// The rows of a client that sees only the events, and adds, replaces, merges and removes rows.
#[derive(Default)]
struct ClientRows(Vec<Value>);

impl ClientRows {
    fn apply(&mut self, event: &str, data: Value) {
        if event == "boardUpdate" {
            let patches = data.get("flights").and_then(Value::as_array);
            for patch in patches.into_iter().flatten() {
                self.apply("flightStateUpdate", patch.clone());
            }
            return;
        }
        let index = self.0.iter().position(|row| has_same_key(row, &data));
        match (event, index) {
            ("flightAddition", Some(index)) => self.0[index] = data,
            ("flightAddition", None) => self.0.push(data),
            ("flightStateUpdate", Some(index)) => merge(&mut self.0[index], data),
            ("flightRemoval", Some(index)) => drop(self.0.remove(index)),
            (event, index) => panic!("{event} of {data} at {index:?}"),
        }
    }
}

fn has_same_key(row: &Value, data: &Value) -> bool {
    ["flight", "date", "leg"].iter().all(|name| row.get(name) == data.get(name))
}

/// RFC 7396 for rows, whose values are never objects.
fn merge(row: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else { panic!("a patch is an object") };
    let row = row.as_object_mut().unwrap();
    for (name, value) in patch {
        if value.is_null() {
            row.remove(&name)
        } else {
            row.insert(name, value)
        };
    }
}

fn update() -> impl Strategy<Value = (&'static str, Value)> {
    let date = prop::option::of(prop::sample::select(vec!["2026-11-22", "2026-11-23"]));
    let leg = prop::option::weighted(0.3, prop::sample::select(vec!["00:25", "23:55"]));
    let key = ("[AB][12]", date, leg);
    let fields = (
        prop::option::of("[a-c]"),
        prop::option::of(prop::sample::select(vec!["landing", "landed", "Landed", ""])),
        prop::option::of(prop::collection::vec("[x-z]", 0..2)),
        prop::array::uniform4(time()),
    );
    let events = vec!["flightAddition", "flightStateUpdate", "flightRemoval", "boardUpdate"];
    let event = prop::sample::select(events);
    let zone = prop::sample::select(vec!["UTC", "Europe/Rome", "Australia/Lord_Howe"]);
    (event, key, fields, zone).prop_map(
        |(event, (flight, date, leg), (gate, state, via, times), zone)| {
            if event == "boardUpdate" {
                return (event, json!({ "timeZone": zone }));
            }
            let mut data = json!({ "flight": flight });
            if let Some(date) = date {
                data["date"] = json!(date);
            }
            if let Some(leg) = leg {
                data["leg"] = json!(leg);
            }
            if event != "flightRemoval" {
                data["gate"] = json!(gate);
                data["state"] = json!(state);
                data["via"] = json!(via);
                for (name, time) in
                    ["arrival", "departure", "estimated", "actual"].iter().zip(times)
                {
                    if let Some(time) = time {
                        data[name] = time;
                    }
                }
            }
            (event, data)
        },
    )
}

/// Two days before the clocks of Europe are set back.
const START: Timestamp = Timestamp::constant(1_792_800_000, 0);

fn rows(test: &TestBoards) -> Vec<Value> {
    let rows = test.boards.board(&main_board()).unwrap().rows().into_iter();
    rows.map(|row| serde_json::to_value(row.row()).unwrap()).collect()
}

/// Nothing, `null`, or a time in one of the two forms.
fn time() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        3 => Just(None),
        1 => Just(Some(Value::Null)),
        4 => (0..24, 0..60).prop_map(|(hour, minute)| Some(json!(format!("{hour:02}:{minute:02}")))),
        1 => (0..72_i64).prop_map(|hours| {
            let at = START + SignedDuration::from_hours(hours);
            Some(json!(at.to_string()))
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A client that applies the events has the board's rows, across a restart from a checkpoint at
    /// any position.
    #[test]
    fn events_reproduce_the_rows(
        updates in prop::collection::vec((update(), 0..9_i64), 0..60),
        restart_at in 0_usize..60,
    ) {
        let mut test = TestBoards::new(json!({}));
        test.now = START;
        let mut client = ClientRows::default();
        for (index, ((event, data), hours)) in updates.into_iter().enumerate() {
            test.now += SignedDuration::from_hours(hours);
            if index == restart_at {
                let before = test.boards.clone();
                test.restart();
                prop_assert_eq!(&test.boards, &before);
            }
            if let ApplyOutcome::Changed(event) = test.apply(event, data) {
                prop_assert_eq!(test.boards.board(&main_board()).unwrap().head(), test.seq);
                client.apply(event.name(), serde_json::from_str(&event.data()).unwrap());
            }
        }
        prop_assert_eq!(rows(&test), client.0);
    }

    /// A forecast refusal is the fold's, which leaves no trace; all others are the fold's alone. The bytes are
    /// counted as those of the restored rows.
    #[test]
    fn forecasts_come_true(
        updates in prop::collection::vec((update(), prop::option::of(0..3_i64), 0..9_i64), 0..60),
    ) {
        let mut test = TestBoards::new(json!({}));
        test.now = START;
        for ((event, data), as_of, hours) in updates {
            test.now += SignedDuration::from_hours(hours);
            let mut update = update_of(event, data);
            if let Some(hours) = as_of {
                update = update.as_of(START + SignedDuration::from_hours(hours));
            }
            let limits = StateLimits::default();
            let forecast = Forecaster::new(&test.boards, test.now, limits, ForecastScope::All)
                .next(&update);
            let before = test.boards.clone();
            match (forecast, test.apply_update(update)) {
                (Forecast::Refused(forecast), outcome) => {
                    prop_assert_eq!(outcome, ApplyOutcome::Rejected(forecast));
                    prop_assert_eq!(&test.boards, &before);
                }
                (_, ApplyOutcome::Rejected(rejection)) => {
                    prop_assert_eq!(rejection, Rejection::UnknownFlight, "a removal to remember");
                    prop_assert_ne!(&test.boards, &before);
                }
                _ => {}
            }
            prop_assert_eq!(test.restored().bytes(), test.boards.bytes());
        }
    }

    /// The rows of one flight number are the same whatever else is on the board.
    #[test]
    fn other_rows_move_no_instant(
        updates in prop::collection::vec((update(), 0..9_i64), 0..60),
    ) {
        let [mut all, mut alone] = [(); 2].map(|()| TestBoards::new(json!({})));
        let mut now = START;
        let is_a1 = |row: &Value| row["flight"] == "A1";
        for ((event, data), hours) in updates {
            now += SignedDuration::from_hours(hours);
            [all.now, alone.now] = [now; 2];
            if event == "boardUpdate" || is_a1(&data) {
                alone.apply(event, data.clone());
            }
            all.apply(event, data);
        }
        prop_assert_eq!(rows(&all).into_iter().filter(is_a1).collect::<Vec<_>>(), rows(&alone));
    }

    /// Neither a patch of other fields nor the same row within half a day moves an instant.
    #[test]
    fn placed_times_stay(
        updates in prop::collection::vec((update(), 0..9_i64), 0..30),
        hours in 0..12_i64,
    ) {
        let mut test = TestBoards::new(json!({}));
        test.now = START;
        for ((event, data), hours) in updates {
            test.now += SignedDuration::from_hours(hours);
            test.apply(event, data);
        }
        // Actual times and those with an offset may already be a day old.
        let is_recent = |row: &Value| {
            let estimated = row.get("estimated").and_then(Value::as_str).unwrap_or_default();
            row.get("actual").is_none() && !estimated.contains('T')
        };
        for row in rows(&test).into_iter().filter(is_recent) {
            let mut fresh = TestBoards::new(test.settings());
            fresh.now = test.now;
            fresh.apply("flightAddition", row.clone());
            let placed = rows(&fresh);
            fresh.now += SignedDuration::from_hours(hours);
            fresh.apply("flightAddition", row.clone());
            prop_assert_eq!(rows(&fresh), placed);
        }
        test.now += SignedDuration::from_hours(hours * 10);
        for row in rows(&test) {
            let mut patch = json!({"flight": row["flight"], "remark": "x"});
            for name in ["date", "leg"] {
                if let Some(part) = row.get(name) {
                    patch[name] = part.clone();
                }
            }
            let ApplyOutcome::Changed(event) = test.apply("flightStateUpdate", patch.clone()) else {
                panic!("the row has no remark")
            };
            prop_assert_eq!(serde_json::from_str::<Value>(&event.data()).unwrap(), patch);
        }
    }

    /// A field that a person has set survives all updates of a feed. Other fields become as without it.
    #[test]
    fn feeds_change_no_held_field(
        updates in prop::collection::vec(update(), 0..30),
        held in prop::sample::subsequence(vec!["gate", "state", "via", "arrival"], 0..=4),
    ) {
        let person = json!({"flight": "A1", "gate": "p", "state": "p", "via": ["p"], "arrival": "10:10"});
        let [mut test, mut free] = [(); 2].map(|()| TestBoards::new(json!({})));
        let mut set = person.clone();
        set["held"] = json!(held);
        test.apply("flightAddition", set);
        free.apply("flightAddition", person.clone());
        for (event, data) in updates {
            if event == "flightRemoval" || data["flight"] != "A1" || data.get("date").is_some() {
                continue;
            }
            test.apply_update(update_of(event, data.clone()).from_feed());
            free.apply(event, data);
        }
        let is_a1 = |row: &Value| row["flight"] == "A1" && row.get("date").is_none() && row.get("leg").is_none();
        let [row, free] = [test, free].map(|test| rows(&test).into_iter().find(is_a1).unwrap());
        prop_assert_eq!(&row["held"], &json!(held));
        for name in ["gate", "state", "via", "arrival"] {
            let expected = if held.contains(&name) { &person[name] } else { &free[name] };
            prop_assert_eq!(&row[name], expected, "{}", name);
        }
    }

    /// Later updates change neither the boards restored from a checkpoint nor a checkpoint that is
    /// encoded afterwards.
    #[test]
    fn checkpoint_is_unaffected_by_later_updates(
        before in prop::collection::vec(update(), 0..30),
        after in prop::collection::vec(update(), 0..30),
    ) {
        let mut test = TestBoards::new(json!({}));
        for (index, (event, data)) in before.into_iter().enumerate() {
            test.apply_once(&format!("before-{index}"), event, data);
        }
        let checkpoint = test.boards.checkpoint();
        let encoded = checkpoint.encode();
        for (index, (event, data)) in after.into_iter().enumerate() {
            test.apply_once(&format!("after-{index}"), event, data);
        }
        prop_assert_eq!(checkpoint.encode(), encoded);
    }

    #[test]
    fn no_json_panics_the_parser(
        event in "flightAddition|flightStateUpdate|boardUpdate|sourceUpdate|closedConnection|.*",
        name in "flight|date|leg|arrival|state|via|held|timeZone|removeAfter|link|lastAnswer|.*",
        text in ".*|[0-9:TZ.+-]{0,30}",
    ) {
        for value in [json!(text), json!([text]), json!({ &text: text }), json!({ "landed": text })] {
            let data = json!({ "flight": "I768", &name: value });
            let _ = Change::parse(&main_board(), &event, &data);
        }
        let _ = Change::parse(&main_board(), &event, &json!({ "flight": text }));
        let _ = BoardName::parse(&text);
    }
}
