//! The payload of a journal record: an update and its request id.
//!
//! JSON, so that an operator can read a journal with any SQLite shell.

use bytes::Bytes;
use flight::{FlightKey, Update};
use jiff::Timestamp;
use journal::{Record, Seq};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Envelope {
    /// Identifies the waiting publisher in the process that wrote the record. It is also the NATS
    /// deduplication id of a retried append, hence part of the payload.
    #[serde(rename = "ticket")]
    pub(crate) request_id: u64,
    #[serde(rename = "record")]
    pub(crate) update: Update,
}

/// A decoded journal record.
pub(crate) struct CommittedUpdate {
    pub(crate) seq: Seq,
    pub(crate) time: Timestamp,
    pub(crate) envelope: Envelope,
}

/// A payload that this version cannot decode.
#[derive(Debug, thiserror::Error)]
#[error("this version cannot decode record {seq} of the journal")]
pub struct EnvelopeError {
    seq: Seq,
    source: serde_json::Error,
}

impl Envelope {
    pub(crate) fn decode(record: &Record) -> Result<Self, EnvelopeError> {
        let seq = record.seq;
        serde_json::from_slice(&record.payload).map_err(|source| EnvelopeError { seq, source })
    }

    pub(crate) fn to_payload(&self) -> Bytes {
        serde_json::to_vec(self).expect("maps with text keys always have a JSON form").into()
    }

    /// The subject under which a journal files the record: the board, then the flight, its date and leg.
    pub(crate) fn subject(&self) -> Vec<String> {
        let flight = self.update.change().flight();
        let board = self.update.board().to_string();
        let number = flight.map(|key| key.flight().to_owned());
        let date = flight.and_then(FlightKey::date).map(|date| date.to_string());
        let leg = flight.and_then(FlightKey::leg).map(str::to_owned);
        // The leg has its own place, also without a date.
        let date = date.or_else(|| leg.as_ref().map(|_| String::new()));
        [Some(board), number, date, leg].into_iter().flatten().collect()
    }
}

impl CommittedUpdate {
    pub(crate) fn decode(record: &Record) -> Result<Self, EnvelopeError> {
        let millis = i64::try_from(record.time.0).unwrap_or(i64::MAX);
        let time = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX);
        Ok(Self { seq: record.seq, time, envelope: Envelope::decode(record)? })
    }
}
