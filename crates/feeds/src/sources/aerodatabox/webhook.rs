//! The body of the webhook, which the source posts to an address that the operator has given it. The
//! member `subscription` repeats that address, whose path is a secret: it is not read.

use std::collections::BTreeMap;

use flight::BoardKind;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::flight_item::{FlightItem, timestamp};
use super::read_item;
use crate::answer::{AnswerOutcome, DeltaRow, SourceAnswer};
use crate::row_builder::RowBuilder;
use crate::source::SourceAirport;

/// Most flights whose newest update is remembered.
const MAX_REMEMBERED_FLIGHTS: usize = 4096;

/// Reads the deliveries for one airport.
#[derive(Debug)]
pub struct AerodataboxWebhook {
    airport: SourceAirport,
    /// The newest `lastUpdatedUtc` of each flight. Deliveries are repeated, and may overtake each other.
    newest: BTreeMap<(bool, String, String), Timestamp>,
}

#[derive(Deserialize)]
struct DeliveryBody<'a> {
    #[serde(borrow)]
    flights: Vec<&'a RawValue>,
}

impl AerodataboxWebhook {
    /// A reader without deliveries so far.
    pub fn new(airport: SourceAirport) -> Self {
        Self { airport, newest: BTreeMap::new() }
    }

    /// Reads a delivery into changes of rows. A flight that only passes under a
    /// codeshare's number is left out: its operator's number is delivered too.
    pub fn read(&mut self, body: &str) -> AnswerOutcome {
        let body: DeliveryBody<'_> = match serde_json::from_str(body) {
            Ok(body) => body,
            // The error itself may quote the secret.
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                let place = format!("line {line}, column {column}");
                return AnswerOutcome::failed(format!("the body is no delivery: see {place}"));
            }
        };
        let mut answer = SourceAnswer::default();
        for kind in self.airport.kinds.clone() {
            for item in &body.flights {
                if let Some(item) = read_item(item, kind, &mut answer) {
                    self.read_flight(&item, &mut answer);
                }
            }
        }
        AnswerOutcome::Partial { answer, reason: None }
    }

    fn read_flight(&mut self, item: &FlightItem, answer: &mut SourceAnswer) {
        let airport = &item.movement().airport;
        let is_here = [&airport.iata, &airport.icao].contains(&&self.airport.code);
        if !is_here || item.codeshare_word() == "IsCodeshared" {
            return;
        }
        let row = item.row(&self.airport.zone, &mut answer.unknown_words);
        match row.and_then(RowBuilder::build_delta) {
            Ok(row) => {
                let key = row.patch.key();
                let date = key.date().map(|date| date.to_string()).unwrap_or_default();
                let is_arrival = row.kind == BoardKind::Arrivals;
                if self.is_newest((is_arrival, key.flight().to_owned(), date), item) {
                    let is_older =
                        |known: &DeltaRow| known.kind == row.kind && known.patch.key() == key;
                    answer.delta_rows.retain(|known| !is_older(known));
                    answer.delta_rows.push(row);
                }
            }
            Err(refused) => answer.refused.push(refused),
        }
    }

    /// Notes the update of a flight, unless a newer one is known.
    fn is_newest(&mut self, key: (bool, String, String), item: &FlightItem) -> bool {
        let Some(updated_at) = timestamp(&item.contract.last_updated_utc) else { return true };
        if self.newest.get(&key).is_some_and(|newest| updated_at < *newest) {
            return false;
        }
        self.newest.insert(key, updated_at);
        if self.newest.len() > MAX_REMEMBERED_FLIGHTS {
            let oldest = self.newest.iter().min_by_key(|(_, at)| **at).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| self.newest.remove(&oldest));
        }
        true
    }
}
