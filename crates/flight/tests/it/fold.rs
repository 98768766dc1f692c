//! Helpers to apply updates in order, and what holds for any of them.

use flight::{ApplyOutcome, BoardName, Boards, Change, IdempotencyKey, Update};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Boards with the position and the time that the next record gets.
pub(crate) struct Fold {
    pub(crate) boards: Boards,
    pub(crate) seq: u64,
    pub(crate) now: jiff::Timestamp,
}

impl Fold {
    /// With the board `main` open.
    pub(crate) fn new(settings: Value) -> Self {
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        let mut fold = Self { boards: Boards::default(), seq: 0, now };
        assert!(matches!(fold.apply("boardUpdate", settings), ApplyOutcome::Changed(_)));
        fold
    }

    pub(crate) fn apply(&mut self, event: &str, data: Value) -> ApplyOutcome {
        self.apply_record(record(event, data))
    }

    pub(crate) fn apply_once(&mut self, key: &str, event: &str, data: Value) -> ApplyOutcome {
        let key = IdempotencyKey::parse(key).unwrap();
        self.apply_record(record(event, data).with_idempotency_key(Some(key)))
    }

    pub(crate) fn apply_record(&mut self, record: Update) -> ApplyOutcome {
        self.seq += 1;
        self.boards.apply(self.seq, self.now, &record)
    }
}

pub(crate) fn record(event: &str, data: Value) -> Update {
    Update::new(main(), Change::parse(&main(), event, &data).unwrap())
}

pub(crate) fn main() -> BoardName {
    BoardName::parse("main").unwrap()
}

/// The rows that a client has who knows only the events: add or replace, merge, remove.
#[derive(Default)]
struct Screen(Vec<Value>);

impl Screen {
    fn take(&mut self, event: &str, data: Value) {
        let at = self.0.iter().position(|row| same_key(row, &data));
        match (event, at) {
            ("flightAddition", Some(at)) => self.0[at] = data,
            ("flightAddition", None) => self.0.push(data),
            ("flightStateUpdate", Some(at)) => merge(&mut self.0[at], data),
            ("flightRemoval", Some(at)) => drop(self.0.remove(at)),
            ("boardUpdate", _) => {}
            (event, at) => panic!("{event} of {data} at {at:?}"),
        }
    }
}

fn same_key(row: &Value, data: &Value) -> bool {
    row["flight"] == data["flight"] && row.get("date") == data.get("date")
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
    let key =
        ("[AB][12]", prop::option::of(prop::sample::select(vec!["2026-11-22", "2026-11-23"])));
    let fields = (
        prop::option::of("[a-c]"),
        prop::option::of(prop::sample::select(vec!["landing", "landed", "Landed", ""])),
        prop::option::of(prop::collection::vec("[x-z]", 0..2)),
    );
    let event = prop::sample::select(vec!["flightAddition", "flightStateUpdate", "flightRemoval"]);
    (event, key, fields).prop_map(|(event, (flight, date), (gate, state, via))| {
        let mut data = json!({ "flight": flight });
        if let Some(date) = date {
            data["date"] = json!(date);
        }
        if event != "flightRemoval" {
            (data["gate"], data["state"], data["via"]) = (json!(gate), json!(state), json!(via));
        }
        (event, data)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Events are enough: whoever applies them has the rows, and a restored checkpoint at any
    /// place goes on alike.
    #[test]
    fn events_alone_give_the_rows(
        updates in prop::collection::vec(update(), 0..60),
        restart in 0_usize..60,
    ) {
        let mut fold = Fold::new(json!({}));
        let mut screen = Screen::default();
        for (at, (event, data)) in updates.into_iter().enumerate() {
            if at == restart {
                fold.boards = Boards::restore(&fold.boards.checkpoint()).unwrap();
            }
            if let ApplyOutcome::Changed(event) = fold.apply(event, data) {
                prop_assert_eq!(fold.boards.board(&main()).unwrap().head(), fold.seq);
                screen.take(event.name(), serde_json::from_str(&event.data()).unwrap());
            }
        }
        let timetable = fold.boards.board(&main()).unwrap();
        let rows: Vec<_> =
            timetable.rows().iter().map(|row| serde_json::to_value(row.flight()).unwrap()).collect();
        prop_assert_eq!(rows, screen.0);
    }

    /// Whatever a publisher sends is understood or refused, and never panics.
    #[test]
    fn any_json_is_an_update_or_an_error(
        event in "flightAddition|flightStateUpdate|boardUpdate|closedConnection|.*",
        name in "flight|date|arrival|state|via|timeZone|removeAfter|.*",
        text in ".*|[0-9:TZ.+-]{0,30}",
    ) {
        for value in [json!(text), json!([text]), json!({ &text: text }), json!({ "landed": text })] {
            let _ = Change::parse(&main(), &event, &json!({ "flight": "I768", &name: value }));
        }
        let _ = Change::parse(&main(), &event, &json!({ "flight": text }));
        let _ = BoardName::parse(&text);
    }
}
