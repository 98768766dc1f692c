//! An invented hour of traffic at Oslo, in the form of Avinor's feed.

use std::fmt::Write;

use serde_json::{Value, json};

/// The feed's clock at the start: noon local time has not come yet.
pub(super) const CLOCK: &str = "2031-03-05T10:00:00Z";

/// The last of the answers, which are three minutes apart.
pub(super) const LAST_STEP: usize = 20;

/// Half of them are departures.
const FLIGHTS: u32 = 382;

/// Minutes after midnight UTC at the first step.
const FIRST_MINUTE: u32 = 10 * 60;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Arrival,
    Departure,
}

/// One flight as an answer has it. Times are minutes after midnight UTC.
struct Movement {
    number: u32,
    direction: Direction,
    scheduled: u32,
    status: Option<(char, Option<u32>)>,
    /// The gate of a departure, the belt of an arrival.
    place: Option<String>,
}

/// The body of the answer number `step`.
pub(super) fn answer(step: usize) -> String {
    answer_with(step, &[])
}

/// The same with other gates and belts for the flights with these numbers.
pub(super) fn answer_with(step: usize, moved: &[(u32, String)]) -> String {
    let mut xml = head(step);
    for mut movement in movements(step) {
        let place = moved.iter().find(|(number, _)| *number == movement.number);
        movement.place = place.map(|(_, place)| place.clone()).or(movement.place);
        write_movement(&mut xml, &movement);
    }
    xml + END
}

/// An answer without flights.
pub(super) fn empty_answer(step: usize) -> String {
    head(step) + END
}

/// The fields of the rows that the answer number `step` determines, by flight.
pub(super) fn rows(step: usize, direction: Direction) -> Vec<Value> {
    let movements = movements(step).into_iter();
    let mut rows: Vec<_> =
        movements.filter(|movement| movement.direction == direction).map(|m| row(&m)).collect();
    rows.sort_by_key(|row| row["flight"].as_str().map(str::to_owned));
    rows
}

/// The same fields of rows of a board.
pub(super) fn known_fields(rows: &[Value]) -> Vec<Value> {
    let names = ["flight", "state", "estimated", "actual", "gate", "belt"];
    let known = |row: &Value| {
        let fields =
            names.iter().filter_map(|name| Some(((*name).to_owned(), row.get(*name)?.clone())));
        Value::Object(fields.collect())
    };
    let mut rows: Vec<_> = rows.iter().map(known).collect();
    rows.sort_by_key(|row| row["flight"].as_str().map(str::to_owned));
    rows
}

/// Rows that differ between two answers.
pub(super) fn changes(from: usize, to: usize, direction: Direction) -> usize {
    let (before, after) = (rows(from, direction), rows(to, direction));
    before.iter().zip(&after).filter(|(before, after)| before != after).count()
}

const END: &str = "</flights></airport>";

fn head(step: usize) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<airport name=\"OSL\">\
         <flights lastUpdate=\"2031-03-05T{}:30Z\">",
        clock_text(minute_of(step))
    )
}

fn movements(step: usize) -> Vec<Movement> {
    (0..FLIGHTS).map(|index| movement(index, step)).collect()
}

fn movement(index: u32, step: usize) -> Movement {
    let now = minute_of(step);
    let direction = if index.is_multiple_of(2) { Direction::Arrival } else { Direction::Departure };
    let scheduled = FIRST_MINUTE - 20 + index * 2;
    let delay = index * 7 % 25;
    let moves_at = scheduled + delay;
    let is_cancelled = index % 13 == 5 && step > (index % 17) as usize;
    let has_moved = now >= moves_at;
    let status = match direction {
        _ if is_cancelled => Some(('C', None)),
        Direction::Arrival if has_moved => Some(('A', Some(moves_at))),
        Direction::Departure if has_moved => Some(('D', Some(moves_at))),
        _ if delay > 0 => Some(('E', Some(moves_at))),
        _ => None,
    };
    let place = match direction {
        Direction::Arrival => has_moved.then(|| (1 + index % 9).to_string()),
        Direction::Departure if step < (index % 10) as usize => None,
        Direction::Departure if index % 7 == 1 && step >= 12 => Some(format!("E{index}")),
        Direction::Departure => Some(format!("D{index}")),
    };
    Movement { number: 100 + index, direction, scheduled, status, place }
}

fn write_movement(xml: &mut String, movement: &Movement) {
    let (kind, place) = match movement.direction {
        Direction::Arrival => ('A', "belt"),
        Direction::Departure => ('D', "gate"),
    };
    let number = movement.number;
    write!(
        xml,
        "<flight uniqueID=\"{number}\"><airline>ZX</airline><flight_id>ZX{number}</flight_id>\
         <dom_int>S</dom_int><schedule_time>{}</schedule_time><arr_dep>{kind}</arr_dep>\
         <airport>BGO</airport>",
        utc(movement.scheduled)
    )
    .unwrap();
    if let Some(value) = &movement.place {
        write!(xml, "<{place}>{value}</{place}>").unwrap();
    }
    match movement.status {
        Some((code, Some(time))) => {
            write!(xml, "<status code=\"{code}\" time=\"{}\"/>", utc(time)).unwrap();
        }
        Some((code, None)) => write!(xml, "<status code=\"{code}\"/>").unwrap(),
        None => {}
    }
    *xml += "</flight>";
}

fn row(movement: &Movement) -> Value {
    let mut row = json!({ "flight": format!("ZX{}", movement.number) });
    let place = if movement.direction == Direction::Arrival { "belt" } else { "gate" };
    if let Some(value) = &movement.place {
        row[place] = value.clone().into();
    }
    let (state, time) = match movement.status {
        None => ("scheduled", None),
        Some(('C', _)) => ("cancelled", None),
        Some(('E', time)) => ("expected", time.map(|time| ("estimated", time))),
        Some(('A', time)) => ("landed", time.map(|time| ("actual", time))),
        Some((_, time)) => ("departed", time.map(|time| ("actual", time))),
    };
    row["state"] = state.into();
    if let Some((field, minute)) = time {
        // Oslo is an hour ahead of UTC in winter.
        row[field] = format!("2031-03-05T{}:00+01:00", clock_text(minute + 60)).into();
    }
    row
}

fn minute_of(step: usize) -> u32 {
    FIRST_MINUTE + 3 * u32::try_from(step).unwrap()
}

fn utc(minute: u32) -> String {
    format!("2031-03-05T{}:00Z", clock_text(minute))
}

fn clock_text(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}
