//! Any order of good, failed and misleading answers.

use std::collections::BTreeMap;

use feeds::AnswerOutcome;
use flight::{Change, Flight, FlightKey};
use jiff::SignedDuration;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::board::{FedBoard, answer, departure, full};

/// Rows that each good answer has, so that none is short.
const STEADY_ROWS: u8 = 9;

const STATES: [&str; 5] = ["scheduled", "boarding", "expected", "departed", "cancelled"];

/// Answers that come between the good ones.
#[derive(Debug, Clone)]
enum Noise {
    Failed,
    Unchanged,
    Empty,
    /// A few rows of the last good answer.
    Short(usize),
    /// The last good answer again.
    Repeated,
    /// A good answer from before, counted from the last.
    Older(usize),
    /// Not a full answer: some rows of the last good one.
    Partial(usize),
    /// A new process.
    Restart,
}

/// The rows of a good answer: state and gate by number.
type GoodRows = BTreeMap<u8, (u8, u8)>;

/// A good answer, and those after it, each with the seconds before it.
type Phase = (GoodRows, Vec<(Noise, i64)>);

/// The choice between rows that expire and rows that stay.
#[derive(Debug, Clone, Copy)]
enum RowExpiry {
    Due,
    Never,
}

fn noise() -> impl Strategy<Value = Noise> {
    prop_oneof![
        Just(Noise::Failed),
        Just(Noise::Unchanged),
        Just(Noise::Empty),
        (0..4_usize).prop_map(Noise::Short),
        Just(Noise::Repeated),
        (1..4_usize).prop_map(Noise::Older),
        (0..12_usize).prop_map(Noise::Partial),
        Just(Noise::Restart),
    ]
}

fn phases() -> impl Strategy<Value = Vec<Phase>> {
    let rows = btree_map(0..6_u8, (0..5_u8, 0..3_u8), 0..6);
    vec((rows, vec((noise(), 5..300_i64), 0..6)), 1..6)
}

/// The rows of a good answer: two that are over, those that stay as they are, and others.
fn rows(good: &GoodRows) -> Vec<Value> {
    let steady = (0..STEADY_ROWS).map(|at| departure(&format!("ST{at}"), "19:00", json!({})));
    let over = [("OV1", "departed"), ("OV2", "cancelled")];
    let over = over.map(|(number, state)| departure(number, "07:20", json!({"state": state})));
    let others = good.iter().map(|(at, (state, gate))| {
        let mut fields = json!({ "state": STATES[usize::from(*state)] });
        if *gate > 0 {
            fields["gate"] = json!(gate.to_string());
        }
        departure(&format!("QX{at}"), "20:00", fields)
    });
    over.into_iter().chain(steady).chain(others).collect()
}

/// Reads the answers, and then the last good one until all has settled.
fn fold(board: &mut FedBoard, phases: &[Phase], expiry: RowExpiry) -> Vec<Change> {
    let mut changes = Vec::new();
    let wait = |board: &mut FedBoard, seconds: i64| {
        let time = SignedDuration::from_secs(seconds);
        match expiry {
            RowExpiry::Due => board.pass(time),
            RowExpiry::Never => board.now += time,
        }
    };
    for (at, (good, noise)) in phases.iter().enumerate() {
        let rows_of = |at: usize| rows(&phases[at].0);
        wait(board, 61);
        changes.extend(board.read(&full(&rows(good))));
        for (noise, seconds) in noise {
            wait(board, *seconds);
            let outcome = match noise {
                Noise::Failed => AnswerOutcome::failed("no route to host"),
                Noise::Unchanged => AnswerOutcome::Unchanged,
                Noise::Empty => full(&[]),
                Noise::Short(length) => full(&rows_of(at)[..*length]),
                Noise::Repeated => full(&rows_of(at)),
                Noise::Older(back) => full(&rows_of(at.saturating_sub(*back))),
                Noise::Partial(length) => {
                    let rows = rows_of(at);
                    let length = rows.len().min(*length);
                    AnswerOutcome::Partial { answer: answer(&rows[..length]), reason: None }
                }
                Noise::Restart => {
                    board.restart();
                    continue;
                }
            };
            changes.extend(board.read(&outcome));
        }
    }
    let last = full(&rows(&phases[phases.len() - 1].0));
    for _ in 0..5 {
        wait(board, 200);
        changes.extend(board.read(&last));
    }
    changes
}

fn board() -> FedBoard {
    FedBoard::new("2026-11-22T08:00:00Z")
}

fn by_key(rows: Vec<Flight>) -> BTreeMap<FlightKey, Flight> {
    rows.into_iter().map(|row| (row.key().clone(), row)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_ends_in_same_rows(phases in phases()) {
        let mut board = board();
        fold(&mut board, &phases, RowExpiry::Never);
        let last = rows(&phases[phases.len() - 1].0);
        let expected = last.iter().map(super::board::flight).collect();
        prop_assert_eq!(by_key(board.rows()), by_key(expected));
        prop_assert_eq!(board.read(&full(&last)), []);
    }

    #[test]
    fn listed_rows_are_never_removed(phases in phases()) {
        let mut board = board();
        let removed = |change: &Change| match change {
            Change::RemoveFlight(key) => key.flight().starts_with("ST"),
            _ => false,
        };
        prop_assert!(!fold(&mut board, &phases, RowExpiry::Never).iter().any(removed));
    }

    #[test]
    fn expired_rows_stay_away(phases in phases()) {
        let mut board = board();
        let changes = fold(&mut board, &phases, RowExpiry::Due);
        let added = |number: &str| {
            let is_added = |change: &&Change| match change {
                Change::PutFlight(flight) => flight.key().flight() == number,
                _ => false,
            };
            changes.iter().filter(is_added).count()
        };
        prop_assert_eq!([added("OV1"), added("OV2")], [1, 1]);
    }

    #[test]
    fn held_values_stay(phases in phases()) {
        let mut board = board();
        let gate = departure("ST0", "19:00", json!({"gate": "X", "held": ["gate"]}));
        let row = departure("ST1", "18:00", json!({"gate": "Y", "held": ["flight"]}));
        for row in [&gate, &row] {
            board.apply(Change::PutFlight(super::board::flight(row)));
        }
        fold(&mut board, &phases, RowExpiry::Never);
        prop_assert_eq!(board.row("ST0"), Some(gate));
        prop_assert_eq!(board.row("ST1"), Some(row));
    }
}
