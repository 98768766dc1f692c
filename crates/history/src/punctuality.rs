//! The punctuality of flights: shares, delays and groups of them.

use std::collections::{BTreeMap, HashMap};

use flight::BoardKind;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use journal::Seq;
use serde::{Serialize, Serializer};

use crate::codeshares::without_codeshares;
use crate::past_flight::{FlightOutcome, PastFlight};

/// Largest delay of a flight that counts as on time, in minutes.
const ON_TIME_MINUTES: i64 = 15;

/// Most airlines of an answer.
const MAX_AIRLINES: usize = 100;

/// The flights to count.
#[derive(Debug, Clone, Copy)]
pub struct PunctualityQuery {
    /// Only those scheduled at this time or later; `None` is a day before `to`, or the beginning of the history.
    pub from: Option<Timestamp>,
    /// Only those scheduled before this time.
    pub to: Timestamp,
    /// The time up to which the boards have all events.
    pub now: Timestamp,
}

/// The punctuality of a board's flights that are scheduled in a span.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Punctuality {
    /// The last event that counts.
    #[serde(skip)]
    pub seq: Seq,
    /// The beginning of the span.
    #[serde(serialize_with = "serialize_time")]
    pub from: Timestamp,
    /// Its end, which is no part of it.
    #[serde(serialize_with = "serialize_time")]
    pub to: Timestamp,
    /// The time up to which events count.
    #[serde(serialize_with = "serialize_time")]
    pub as_of: Timestamp,
    /// The direction of the flights.
    pub kind: BoardKind,
    /// The time zone of the hours.
    pub time_zone: String,
    /// All flights together.
    pub overall: PunctualityFigures,
    /// The flights by the hour of their schedule, local to the airport, in the order of the day.
    pub by_hour: Vec<HourFigures>,
    /// The flights by airline: the airline with the most flights first, at most 100.
    pub by_airline: Vec<AirlineFigures>,
    /// The number of airlines left out.
    pub more_airlines: usize,
}

/// The figures of some flights.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PunctualityFigures {
    /// All of them: the sum of the next five.
    pub flights: usize,
    /// Early, or at most 15 minutes late.
    pub on_time: usize,
    /// Later than that.
    pub late: usize,
    /// Those that do not take place.
    pub cancelled: usize,
    /// Those that did not reach this airport.
    pub diverted: usize,
    /// Those whose outcome is not known.
    pub unknown: usize,
    /// The share of `on_time` in all but `unknown`, to three decimals; `None` if there are no others.
    pub on_time_share: Option<f64>,
    /// The median delay of `on_time` and `late` in minutes, negative if early.
    pub median_delay: Option<i64>,
    /// The delay that 90 percent of them do not exceed, in minutes.
    pub p90_delay: Option<i64>,
}

/// The figures of one hour of the day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HourFigures {
    /// The hour, 0 to 23.
    pub hour: i8,
    /// Its figures.
    #[serde(flatten)]
    pub figures: PunctualityFigures,
}

/// The figures of one airline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AirlineFigures {
    /// Its name or code.
    pub airline: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: PunctualityFigures,
}

/// The figures of all flights, of each hour and of each airline.
pub(crate) struct GroupedFigures {
    pub(crate) overall: PunctualityFigures,
    pub(crate) by_hour: Vec<HourFigures>,
    pub(crate) by_airline: Vec<AirlineFigures>,
    pub(crate) more_airlines: usize,
}

/// Counts flights, those under several numbers once.
pub(crate) fn group(flights: Vec<PastFlight>, zone: &TimeZone) -> GroupedFigures {
    let mut overall = Tally::default();
    let mut hours: BTreeMap<i8, Tally> = BTreeMap::new();
    let mut airlines: HashMap<String, Tally> = HashMap::new();
    for flight in without_codeshares(flights) {
        overall.add(flight.outcome);
        hours.entry(zone.to_datetime(flight.scheduled).hour()).or_default().add(flight.outcome);
        airlines.entry(flight.airline).or_default().add(flight.outcome);
    }
    let by_hour = hours
        .into_iter()
        .map(|(hour, tally)| HourFigures { hour, figures: PunctualityFigures::new(tally) });
    let airlines = airlines.into_iter().map(|(airline, tally)| AirlineFigures {
        airline,
        figures: PunctualityFigures::new(tally),
    });
    let mut by_airline: Vec<_> = airlines.collect();
    by_airline.sort_by(|one, other| {
        let most_flights = other.figures.flights.cmp(&one.figures.flights);
        most_flights.then_with(|| one.airline.cmp(&other.airline))
    });
    let more_airlines = by_airline.len().saturating_sub(MAX_AIRLINES);
    by_airline.truncate(MAX_AIRLINES);
    GroupedFigures {
        overall: PunctualityFigures::new(overall),
        by_hour: by_hour.collect(),
        by_airline,
        more_airlines,
    }
}

impl PunctualityFigures {
    fn new(tally: Tally) -> Self {
        let Tally { mut delays, cancelled, diverted, unknown } = tally;
        delays.sort_unstable();
        let on_time = delays.partition_point(|delay| *delay <= ON_TIME_MINUTES);
        let known = delays.len() + cancelled + diverted;
        let share = on_time as f64 / known as f64;
        Self {
            flights: known + unknown,
            on_time,
            late: delays.len() - on_time,
            cancelled,
            diverted,
            unknown,
            on_time_share: (known > 0).then(|| (share * 1_000.0).round() / 1_000.0),
            median_delay: percentile(&delays, 50),
            p90_delay: percentile(&delays, 90),
        }
    }
}

/// The outcomes of some flights.
#[derive(Debug, Default)]
struct Tally {
    /// Of the flights that moved, in minutes.
    delays: Vec<i64>,
    cancelled: usize,
    diverted: usize,
    unknown: usize,
}

impl Tally {
    fn add(&mut self, outcome: FlightOutcome) {
        match outcome {
            FlightOutcome::Moved { delay } => self.delays.push(delay),
            FlightOutcome::Cancelled => self.cancelled += 1,
            FlightOutcome::Diverted => self.diverted += 1,
            FlightOutcome::Unknown => self.unknown += 1,
        }
    }
}

/// The smallest of the sorted values that `percent` of them do not exceed (the nearest rank).
fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

fn serialize_time<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{time:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flight(number: usize, airline: String) -> PastFlight {
        PastFlight {
            number: number.to_string(),
            airline,
            codeshares: Vec::new(),
            scheduled: Timestamp::UNIX_EPOCH,
            outcome: FlightOutcome::Unknown,
        }
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let ten: Vec<i64> = (1..=10).collect();
        for (sorted, median, p90) in [
            (&[][..], None, None),
            (&[7], Some(7), Some(7)),
            (&[-3, 5], Some(-3), Some(5)),
            (&[1, 2, 30], Some(2), Some(30)),
            (&ten, Some(5), Some(9)),
        ] {
            assert_eq!(
                (percentile(sorted, 50), percentile(sorted, 90)),
                (median, p90),
                "{sorted:?}"
            );
        }
    }

    #[test]
    fn busiest_airlines_are_listed() {
        let airline = |number: usize| format!("{:03}", number % (MAX_AIRLINES + 5));
        let flights = (0..2 * MAX_AIRLINES).map(|number| flight(number, airline(number)));
        let figures = group(flights.collect(), &TimeZone::UTC);
        assert_eq!((figures.by_airline.len(), figures.more_airlines), (MAX_AIRLINES, 5));
        // Those after this one have one flight.
        assert_eq!(figures.by_airline[94].airline, "094");
        assert_eq!(figures.by_airline[94].figures.flights, 2);
        assert_eq!(figures.by_airline[95].figures.flights, 1);
        assert_eq!(figures.overall.flights, 2 * MAX_AIRLINES);
    }
}
