//! What is announced of one recorded departure, and when.
//!
//! Invented here are the moments, at the distances usual at airports, and nothing else: the
//! recording tells how late a flight was, not when that was made known. A plan depends on its
//! flight alone, so a day is the same each time it is played.

use std::ops::Range;

use flight::{BoardName, Change};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::recording::{Departure, OFFSET, Outcome};
use crate::script::update;

const CHECK_IN_BEFORE_SCHEDULE: SignedDuration = SignedDuration::from_mins(120);

/// How long before the departure expected until then a later one is announced.
const ESTIMATE_AHEAD: SignedDuration = SignedDuration::from_mins(45);

/// From the actual departure. After the last estimate: nobody boards a flight that will be put
/// off once more.
const BOARDING_BEFORE: SignedDuration = SignedDuration::from_mins(35);
const FINAL_CALL_BEFORE: SignedDuration = SignedDuration::from_mins(15);
const GATE_CLOSED_BEFORE: SignedDuration = SignedDuration::from_mins(6);

const REMARK_AFTER_DEPARTURE: SignedDuration = SignedDuration::from_mins(5);
const REMOVAL_AFTER_DEPARTURE: SignedDuration = SignedDuration::from_mins(15);
const REMOVAL_AFTER_CANCELLED_SCHEDULE: SignedDuration = SignedDuration::from_mins(30);

/// A cancellation comes from one to two hours before the scheduled time, and after check-in began.
const CANCELLATION_BEFORE_MINS: Range<i64> = 60..120;

/// Less is not announced as a delay.
const LEAST_DELAY_MINS: i64 = 5;

/// A delay becomes known in steps of at most so much, unless that made too many.
const DELAY_STEP_MINS: i64 = 45;
const MAX_DELAY_STEPS: i64 = 6;

/// Estimates that are not the last are round.
const ROUND_SECS: i64 = 5 * 60;

/// The row as it stands before anything is announced.
pub(crate) fn row(board: &BoardName, departure: &Departure) -> Change {
    let mut row = with_key(
        departure,
        json!({
            "airline": departure.airline,
            "arrival": departure.arrival,
            "departure": local(departure.scheduled),
            "destination": departure.destination,
            "state": "scheduled",
        }),
    );
    if let Some(aircraft) = &departure.aircraft {
        row["aircraft"] = json!(aircraft);
    }
    update(board, "flightAddition", &row)
}

/// Every change of the row up to its removal, in order.
pub(crate) fn changes(board: &BoardName, departure: &Departure) -> Vec<(Timestamp, Change)> {
    let (mut steps, removal) = match departure.outcome {
        Outcome::Cancelled => cancelled(departure),
        Outcome::Left { actual, arrived } => left(departure.scheduled, actual, arrived),
    };
    let check_in = departure.scheduled - CHECK_IN_BEFORE_SCHEDULE;
    steps.insert(0, (check_in, json!({"state": "check-in"})));

    // Most flights are scheduled for the same few minutes of an hour. Each has a second of its
    // own, so that the board changes here and there and not in bursts.
    let second = SignedDuration::from_secs(draw(&departure.flight, "second", 60));
    let patches = steps.into_iter().map(|(at, fields)| {
        (at + second, update(board, "flightStateUpdate", &with_key(departure, fields)))
    });
    let removal =
        (removal + second, update(board, "flightRemoval", &with_key(departure, json!({}))));
    patches.chain([removal]).collect()
}

/// Fields with the moment at which they change, and the moment of the removal.
type Steps = (Vec<(Timestamp, Value)>, Timestamp);

fn cancelled(departure: &Departure) -> Steps {
    let Range { start, end } = CANCELLATION_BEFORE_MINS;
    let before = start + draw(&departure.flight, "cancellation", end - start);
    let at = departure.scheduled - SignedDuration::from_mins(before);
    let removal = departure.scheduled + REMOVAL_AFTER_CANCELLED_SCHEDULE;
    (vec![(at, json!({"state": "cancelled"}))], removal)
}

fn left(scheduled: Timestamp, actual: Timestamp, arrived: bool) -> Steps {
    let mut steps: Vec<_> = estimates(scheduled, actual)
        .map(|(at, estimated)| (at, json!({"estimated": local(estimated)})))
        .collect();
    steps.extend([
        (actual - BOARDING_BEFORE, json!({"state": "boarding"})),
        (actual - FINAL_CALL_BEFORE, json!({"state": "final call"})),
        (actual - GATE_CLOSED_BEFORE, json!({"state": "gate closed"})),
        (actual, json!({"state": "departed", "actual": local(actual)})),
    ]);
    if !arrived {
        let remark = json!({"remark": "diverted, or its arrival is unknown"});
        steps.push((actual + REMARK_AFTER_DEPARTURE, remark));
    }
    (steps, actual + REMOVAL_AFTER_DEPARTURE)
}

/// The steps in which a delay becomes known: when it is said, and the departure then expected.
/// Each is later than the one before, and the last is right.
fn estimates(
    scheduled: Timestamp,
    actual: Timestamp,
) -> impl Iterator<Item = (Timestamp, Timestamp)> {
    let delay = actual.duration_since(scheduled);
    let steps = match delay.as_mins() {
        ..LEAST_DELAY_MINS => 0,
        mins => (mins / DELAY_STEP_MINS + 1).min(MAX_DELAY_STEPS),
    };
    let after = move |step: i64| match step {
        0 => scheduled,
        _ if step == steps => actual,
        _ => rounded(scheduled + SignedDuration::from_secs(delay.as_secs() * step / steps)),
    };
    (1..=steps).map(move |step| (after(step - 1) - ESTIMATE_AHEAD, after(step)))
}

fn rounded(time: Timestamp) -> Timestamp {
    time - SignedDuration::from_secs(time.as_second().rem_euclid(ROUND_SECS))
}

fn with_key(departure: &Departure, mut fields: Value) -> Value {
    fields["flight"] = json!(departure.flight);
    fields["date"] = json!(OFFSET.to_datetime(departure.scheduled).date());
    fields
}

fn local(time: Timestamp) -> String {
    time.display_with_offset(OFFSET).to_string()
}

/// A number below `sides` that looks like chance and is the same for the same flight (FNV-1a).
fn draw(flight: &str, what: &str, sides: i64) -> i64 {
    let bytes = flight.bytes().chain(what.bytes());
    let hash = bytes
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    i64::from(hash) % sides
}
