//! What one journal payload holds: a record, and who waits for its outcome.
//!
//! JSON, so that an operator can read a journal with any SQLite shell.

use bytes::Bytes;
use flight::{FlightKey, Update};
use serde::{Deserialize, Serialize};

/// A journal payload.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Names the publisher that waits for the outcome, in the process that wrote this.
    pub(crate) ticket: u64,
    pub(crate) record: Update,
}

/// A payload that no version known to this one wrote.
#[derive(Debug, thiserror::Error)]
#[error("the journal's entry {seq} is not one that this version of the program can read")]
pub struct EntryError {
    seq: journal::Seq,
    source: serde_json::Error,
}

impl Entry {
    pub(crate) fn to_payload(&self) -> Bytes {
        serde_json::to_vec(self).expect("maps with text keys always have a JSON form").into()
    }

    /// What a journal files it under: the board, and the flight with its date.
    pub(crate) fn key(&self) -> Vec<String> {
        let flight = self.record.change().flight();
        let board = self.record.board().to_string();
        let number = flight.map(|key| key.flight().to_owned());
        let date = flight.and_then(FlightKey::date).map(|date| date.to_string());
        [Some(board), number, date].into_iter().flatten().collect()
    }

    pub(crate) fn read(journalled: &journal::Record) -> Result<Self, EntryError> {
        let seq = journalled.seq;
        serde_json::from_slice(&journalled.payload).map_err(|source| EntryError { seq, source })
    }
}
