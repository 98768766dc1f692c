//! An evening in Hong Kong, poll by poll, on a board.

use feeds::{AnswerOutcome, Source};
use flight::BoardKind::Departures;
use flight::Change;
use serde_json::{Value, json};

use crate::hkia::{body, day, departure};
use crate::reconcile::board::FedBoard;
use crate::source_case::{ok, source_of_kinds, time};

/// The rows of each day's answer, as (day object, row).
type EveningRows = Vec<(&'static str, Value)>;

const SUNDAY: &str = "2026-03-15";
const MONDAY: &str = "2026-03-16";

/// The board, with the source that reads its answers.
struct Evening {
    source: Box<dyn Source>,
    board: FedBoard,
}

impl Evening {
    fn new() -> Self {
        let source = source_of_kinds("hkia", "HKG", "Asia/Hong_Kong", &[Departures]);
        let board = FedBoard::of_source("Asia/Hong_Kong", source.fields(), "2026-03-15T13:00:00Z");
        Self { source, board }
    }

    /// Reads the answers at this time of Hong Kong. Returns the changes.
    fn poll(&mut self, at: &str, answers: [EveningRows; 3]) -> Vec<Value> {
        let now = time(&format!("{at}+08:00"));
        self.board.pass(now.duration_since(self.board.now));
        let outcome = self.read(answers);
        let changes = self.board.read(&outcome);
        assert_eq!(self.board.read(&outcome), [], "a repetition at {at}");
        changes.iter().map(short_form).collect()
    }

    fn read(&mut self, answers: [EveningRows; 3]) -> AnswerOutcome {
        let bodies = answers.map(|rows| {
            let days = rows.iter().map(|(date, row)| day(date, false, std::slice::from_ref(row)));
            ok(&body(&days.collect::<Vec<_>>()))
        });
        self.source.read(&bodies, self.board.now)
    }
}

/// A change as `[number, fields]`, `[number]` for a removal.
fn short_form(change: &Change) -> Value {
    let change = serde_json::to_value(change).unwrap();
    let mut data = change["data"].clone();
    let fields = data.as_object_mut().unwrap();
    let number = fields.remove("flight").unwrap();
    fields.remove("date");
    match change["event"].as_str().unwrap() {
        "flightAddition" => json!([number, "added"]),
        "flightRemoval" => json!([number]),
        _ => json!([number, data]),
    }
}

fn row(number: &str, time: &str, status: &str, gate: &str) -> Value {
    departure(number, time, json!({"status": status, "gate": gate}))
}

/// A row of each neighbouring day, which an answer must have.
fn filler(date: &'static str) -> (&'static str, Value) {
    (date, row("ZZ 1", "12:00", "Cancelled", ""))
}

#[test]
fn values_are_taken_back() {
    let mut evening = Evening::new();
    let poll = |gate| {
        let today = vec![(SUNDAY, row("QX 2", "23:10", "", gate))];
        [vec![filler("2026-03-14")], today, vec![filler(MONDAY)]]
    };
    evening.poll("2026-03-15T22:00", poll("11"));
    assert_eq!(evening.poll("2026-03-15T22:02", poll("")), [json!(["QX2", {"gate": null}])]);
    assert_eq!(evening.poll("2026-03-15T22:04", poll("511")), [json!(["QX2", {"gate": "511"}])]);
}

#[test]
fn departed_flight_leaves_once() {
    let mut evening = Evening::new();
    let poll = |status| {
        let today = vec![
            (SUNDAY, row("QX 1", "21:50", status, "4")),
            (SUNDAY, row("QX 9", "12:00", "Delayed", "")),
        ];
        [vec![filler("2026-03-14")], today, vec![filler(MONDAY)]]
    };
    evening.poll("2026-03-15T22:00", poll("Final Call"));
    let states = [("22:02", "Gate Closed", "gate closed"), ("22:04", "Boarding", "boarding")];
    for (at, status, state) in states {
        let changes = evening.poll(&format!("2026-03-15T{at}"), poll(status));
        assert_eq!(changes, [json!(["QX1", {"state": state}])]);
    }
    let departed = json!(["QX1", {"state": "departed", "actual": "2026-03-15T22:05:00+08:00"}]);
    assert_eq!(evening.poll("2026-03-15T22:06", poll("Dep 22:05")), [departed]);
    for at in ["22:20", "22:22", "23:59"] {
        assert_eq!(evening.poll(&format!("2026-03-15T{at}"), poll("Dep 22:05")), [] as [Value; 0]);
    }
    assert_eq!(evening.board.numbers(), ["QX9", "ZZ1"], "QX9 is late by an unknown time");
}

#[test]
fn flights_move_between_answers() {
    let mut evening = Evening::new();
    let late = |status| (SUNDAY, row("QX 3", "23:50", status, "64"));
    let early = |status| (MONDAY, row("QX 5", "00:05", status, "2"));
    let first = [
        vec![filler("2026-03-14")],
        vec![filler(SUNDAY), late("Est at 00:20 (16/03/2026)")],
        vec![filler(MONDAY), early("Est at 23:50 (15/03/2026)")],
    ];
    let added = evening.poll("2026-03-15T23:30", first);
    let numbers = added.iter().map(|change| change[0].as_str().unwrap());
    assert_eq!(numbers.collect::<Vec<_>>(), ["ZZ1", "QX3", "ZZ1", "QX5"]);
    // A flight of Monday has left on Sunday.
    let second = [
        vec![filler("2026-03-14")],
        vec![filler(SUNDAY), late("Est at 00:20 (16/03/2026)"), early("Dep 23:52 (15/03/2026)")],
        vec![filler(MONDAY)],
    ];
    let departed = json!(["QX5", {
        "actual": "2026-03-15T23:52:00+08:00", "estimated": null, "state": "departed",
    }]);
    assert_eq!(evening.poll("2026-03-15T23:55", second), [departed]);
    // The days are now those around Monday, on which a flight of Sunday leaves.
    let third = [
        vec![filler(SUNDAY), early("Dep 23:52 (15/03/2026)")],
        vec![filler(MONDAY), late("Dep 00:22 (16/03/2026)")],
        vec![filler("2026-03-17")],
    ];
    let departed = json!(["QX3", {
        "actual": "2026-03-16T00:22:00+08:00", "estimated": null, "state": "departed",
    }]);
    assert_eq!(evening.poll("2026-03-16T00:25", third), [departed, json!(["ZZ1", "added"])]);
}

#[test]
fn postponed_flight_keeps_its_key() {
    let mut evening = Evening::new();
    let poll = |number, status| {
        let today = vec![filler(SUNDAY), (SUNDAY, row(number, "22:30", status, ""))];
        [vec![filler("2026-03-14")], today, vec![filler(MONDAY)]]
    };
    evening.poll("2026-03-15T22:00", poll("QX 4", ""));
    let estimate = json!(["QX4", {"estimated": "2026-03-16T07:00:00+08:00", "state": "expected"}]);
    let changes = evening.poll("2026-03-15T22:20", poll("QX 4D", "Est at 07:00 (16/03/2026)"));
    assert_eq!(changes, [estimate]);
}

#[test]
fn unknown_word_keeps_the_state() {
    let mut evening = Evening::new();
    let poll = |status| {
        let today = vec![(SUNDAY, row("QX 2", "23:10", status, "11"))];
        [vec![filler("2026-03-14")], today, vec![filler(MONDAY)]]
    };
    evening.poll("2026-03-15T22:00", poll("Boarding"));
    let changes = evening.poll("2026-03-15T22:02", poll("Holding"));
    assert_eq!(changes, [json!(["QX2", {"remark": "Holding"}])]);
}
