//! The announcements for one recorded departure, and their times.
//!
//! Only the times are invented, by the intervals usual at airports: the recording has the delay of a
//! flight, not when the delay became known. The plan of a flight depends on nothing else, so the day
//! is the same each time it is played.

use std::ops::Range;

use flight::{BoardName, Change};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::demo::recording::{AIRPORT_OFFSET, DepartureOutcome, RecordedDeparture};
use crate::demo::script::change;

const CHECK_IN_BEFORE_SCHEDULE: SignedDuration = SignedDuration::from_mins(120);

/// A later departure is announced this long before the one expected until then.
const ESTIMATE_LEAD: SignedDuration = SignedDuration::from_mins(45);

/// Before the actual departure. Shorter than `ESTIMATE_LEAD`: a flight is not delayed again while it
/// boards.
const BOARDING_BEFORE: SignedDuration = SignedDuration::from_mins(35);
const FINAL_CALL_BEFORE: SignedDuration = SignedDuration::from_mins(15);
const GATE_CLOSED_BEFORE: SignedDuration = SignedDuration::from_mins(6);

const REMARK_AFTER_DEPARTURE: SignedDuration = SignedDuration::from_mins(5);
const REMOVAL_AFTER_DEPARTURE: SignedDuration = SignedDuration::from_mins(15);
const REMOVAL_AFTER_CANCELLED_SCHEDULE: SignedDuration = SignedDuration::from_mins(30);

/// A cancellation is announced one to two hours before the scheduled departure, after check-in has
/// begun.
const CANCELLATION_BEFORE_MINS: Range<i64> = 60..120;

/// A shorter delay is not announced.
const MIN_DELAY_MINS: i64 = 5;

/// A delay is announced in steps of at most this size, unless there would be too many steps.
const DELAY_STEP_MINS: i64 = 45;
const MAX_DELAY_STEPS: i64 = 6;

/// All estimates but the last are rounded down to a multiple of this.
const ESTIMATE_ROUNDING_SECS: i64 = 5 * 60;

/// The row before any announcement.
pub(crate) fn initial_row(board: &BoardName, departure: &RecordedDeparture) -> Change {
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
    change(board, "flightAddition", &row)
}

/// Every change of the row up to its removal, in order.
pub(crate) fn changes(
    board: &BoardName,
    departure: &RecordedDeparture,
) -> Vec<(Timestamp, Change)> {
    let DeparturePlan { mut steps, removal } = match departure.outcome {
        DepartureOutcome::Cancelled => plan_cancelled(departure),
        DepartureOutcome::Departed { actual, arrived } => {
            plan_departed(departure.scheduled, actual, arrived)
        }
    };
    let check_in = departure.scheduled - CHECK_IN_BEFORE_SCHEDULE;
    steps.insert(0, (check_in, json!({"state": "check-in"})));

    // Most flights are scheduled for the same few minutes of an hour. Moving each by a second of its
    // minute spreads the changes of the board, which would otherwise come in bursts.
    let second = SignedDuration::from_secs(draw(&departure.flight, "second", 60));
    let patches = steps.into_iter().map(|(at, fields)| {
        (at + second, change(board, "flightStateUpdate", &with_key(departure, fields)))
    });
    let removal =
        (removal + second, change(board, "flightRemoval", &with_key(departure, json!({}))));
    patches.chain([removal]).collect()
}

/// The changes to one row.
struct DeparturePlan {
    /// Times and the fields that change then.
    steps: Vec<(Timestamp, Value)>,
    /// Time of the removal.
    removal: Timestamp,
}

fn plan_cancelled(departure: &RecordedDeparture) -> DeparturePlan {
    let Range { start, end } = CANCELLATION_BEFORE_MINS;
    let before = start + draw(&departure.flight, "cancellation", end - start);
    let at = departure.scheduled - SignedDuration::from_mins(before);
    let removal = departure.scheduled + REMOVAL_AFTER_CANCELLED_SCHEDULE;
    DeparturePlan { steps: vec![(at, json!({"state": "cancelled"}))], removal }
}

fn plan_departed(scheduled: Timestamp, actual: Timestamp, arrived: bool) -> DeparturePlan {
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
    DeparturePlan { steps, removal: actual + REMOVAL_AFTER_DEPARTURE }
}

/// Returns the announcements of a delay: their times and the departure then expected. Each is later
/// than the one before, and the last is the actual departure.
fn estimates(
    scheduled: Timestamp,
    actual: Timestamp,
) -> impl Iterator<Item = (Timestamp, Timestamp)> {
    let delay = actual.duration_since(scheduled);
    let steps = match delay.as_mins() {
        ..MIN_DELAY_MINS => 0,
        mins => (mins / DELAY_STEP_MINS + 1).min(MAX_DELAY_STEPS),
    };
    // The departure expected after this many steps.
    let expected = move |step: i64| match step {
        0 => scheduled,
        _ if step == steps => actual,
        _ => round_down(scheduled + SignedDuration::from_secs(delay.as_secs() * step / steps)),
    };
    (1..=steps).map(move |step| (expected(step - 1) - ESTIMATE_LEAD, expected(step)))
}

fn round_down(time: Timestamp) -> Timestamp {
    time - SignedDuration::from_secs(time.as_second().rem_euclid(ESTIMATE_ROUNDING_SECS))
}

fn with_key(departure: &RecordedDeparture, mut fields: Value) -> Value {
    fields["flight"] = json!(departure.flight);
    fields["date"] = json!(AIRPORT_OFFSET.to_datetime(departure.scheduled).date());
    fields
}

fn local(time: Timestamp) -> String {
    time.display_with_offset(AIRPORT_OFFSET).to_string()
}

/// Returns a pseudo-random number below `limit` that depends only on the flight and the purpose
/// (FNV-1a).
fn draw(flight: &str, purpose: &str, limit: i64) -> i64 {
    let bytes = flight.bytes().chain(purpose.bytes());
    let hash = bytes
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    i64::from(hash) % limit
}
