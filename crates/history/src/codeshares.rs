//! Flights that have a row for each of their numbers.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::past_flight::{FlightOutcome, PastFlight};

/// Leaves one row of each flight. Rows are of the same flight if one names the number of the other as a codeshare, and
/// both are scheduled at the same time.
pub(crate) fn without_codeshares(flights: Vec<PastFlight>) -> Vec<PastFlight> {
    let mut rows: HashMap<(Timestamp, &str), Vec<usize>> = HashMap::new();
    for (index, flight) in flights.iter().enumerate() {
        rows.entry((flight.scheduled, &flight.number)).or_default().push(index);
    }
    let mut groups = RowGroups((0..flights.len()).collect());
    let mut named = vec![false; flights.len()];
    for (index, flight) in flights.iter().enumerate() {
        for number in &flight.codeshares {
            for &other in rows.get(&(flight.scheduled, &**number)).into_iter().flatten() {
                named[other] |= other != index;
                groups.join(index, other);
            }
        }
    }
    // A row with an outcome goes first, then the one that no other names: that of the operating airline, unless rows
    // name each other.
    let rank = |index: usize| {
        let flight: &PastFlight = &flights[index];
        (flight.outcome == FlightOutcome::Unknown, named[index], &flight.number, index)
    };
    let mut chosen: HashMap<usize, usize> = HashMap::new();
    for index in 0..flights.len() {
        let best = chosen.entry(groups.first_of(index)).or_insert(index);
        if rank(index) < rank(*best) {
            *best = index;
        }
    }
    let rows = flights.iter().enumerate();
    let rows = rows.filter(|(index, _)| chosen[&groups.first_of(*index)] == *index);
    rows.map(|(_, flight)| flight.clone()).collect()
}

/// The rows of each flight: each has an earlier one of its flight, or itself.
struct RowGroups(Vec<usize>);

impl RowGroups {
    fn first_of(&self, mut index: usize) -> usize {
        while self.0[index] != index {
            index = self.0[index];
        }
        index
    }

    fn join(&mut self, one: usize, other: usize) {
        let [one, other] = [self.first_of(one), self.first_of(other)];
        self.0[one.max(other)] = one.min(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of `number: codeshares`, with `!` after a number whose outcome is known.
    fn check(rows: &[&str], expected: &[&str]) {
        let row = |text: &&str| {
            let (number, codeshares) = text.split_once(": ").unwrap_or((text, ""));
            let outcome = match number.ends_with('!') {
                true => FlightOutcome::Moved { delay: 0 },
                false => FlightOutcome::Unknown,
            };
            PastFlight {
                number: number.trim_end_matches('!').to_owned(),
                airline: String::new(),
                codeshares: codeshares.split_whitespace().map(str::to_owned).collect(),
                scheduled: Timestamp::UNIX_EPOCH,
                outcome,
            }
        };
        let mut rows: Vec<_> = rows.iter().map(row).collect();
        for _ in 0..rows.len() {
            rows.rotate_left(1);
            let left = without_codeshares(rows.clone());
            let mut left: Vec<_> = left.iter().map(|flight| &*flight.number).collect();
            left.sort_unstable();
            assert_eq!(left, expected, "{rows:?}");
        }
    }

    #[test]
    fn codeshares_are_one_flight() {
        check(&["A1", "B1"], &["A1", "B1"]);
        check(&["B1: A1", "A1"], &["B1"]);
        check(&["B1: A1 C1", "A1: B1", "C1"], &["A1"]);
        check(&["A1: B1", "B1: C1", "C1: A1"], &["A1"]);
        check(&["A1: B1", "B1!"], &["B1"]);
        check(&["A1: A1", "B1: X1"], &["A1", "B1"]);
        check(&["A1: X1", "B1: X1"], &["A1", "B1"]);
    }

    #[test]
    fn other_times_are_other_flights() {
        let row = |number: &str, codeshares: &[&str], second| PastFlight {
            number: number.to_owned(),
            airline: String::new(),
            codeshares: codeshares.iter().map(|number| (*number).to_owned()).collect(),
            scheduled: Timestamp::from_second(second).unwrap(),
            outcome: FlightOutcome::Unknown,
        };
        let rows = vec![row("A1", &["B1"], 0), row("B1", &[], 60)];
        assert_eq!(without_codeshares(rows.clone()), rows);
    }
}
