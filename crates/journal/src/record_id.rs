//! A record's number, the epoch that wrote it, and its id, which consists of both. Parsing is strict: each id has
//! exactly one text.

use std::str::FromStr;

/// The number of a record. The first record of a journal is 1, and each later one is one more.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, derive_more::Display,
)]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first record: following from here returns all records.
    pub const ZERO: Seq = Seq(0);

    /// The number after this one.
    #[must_use]
    pub fn next(self) -> Seq {
        Seq(self.0.saturating_add(1))
    }

    /// The number before this one; [`Seq::ZERO`] stays the same.
    #[must_use]
    pub fn prev(self) -> Seq {
        Seq(self.0.saturating_sub(1))
    }
}

/// One unbroken period of writing, as a random number. Its text is exactly eight lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, derive_more::Display)]
#[display("{_0:08x}")]
pub struct Epoch(pub u32);

impl FromStr for Epoch {
    type Err = ParseRecordIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() != EPOCH_DIGITS || !text.bytes().all(hex) {
            return Err(ParseRecordIdError);
        }
        u32::from_str_radix(text, 16).map(Epoch).map_err(|_| ParseRecordIdError)
    }
}

/// A record's epoch and number, e.g. `5f3a9c01-1042`.
///
/// An id names one record permanently: a journal that lost its tail, or was restored from an older copy, reuses
/// numbers, but in another epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, derive_more::Display)]
#[display("{epoch}-{seq}")]
pub struct RecordId {
    /// The epoch that wrote the record.
    pub epoch: Epoch,
    /// The record's number.
    pub seq: Seq,
}

impl FromStr for RecordId {
    type Err = ParseRecordIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (epoch, seq) = text.split_once('-').ok_or(ParseRecordIdError)?;
        Ok(RecordId { epoch: epoch.parse()?, seq: parse_seq(seq)? })
    }
}

/// Stricter than `u64::from_str`, which accepts `+7` and `007`.
fn parse_seq(text: &str) -> Result<Seq, ParseRecordIdError> {
    let canonical = text == "0" || !text.starts_with('0');
    if !canonical || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ParseRecordIdError);
    }
    text.parse().map(Seq).map_err(|_| ParseRecordIdError)
}

/// The text is not a record id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a record id: expected eight lower-case hexadecimal digits, a hyphen and a number")]
pub struct ParseRecordIdError;

const EPOCH_DIGITS: usize = 8;
