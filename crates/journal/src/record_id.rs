//! Where a record stands: its number, the epoch that wrote it, and both together as the id that
//! followers are given. The text form is parsed strictly, so that two texts never mean one place.

use std::fmt;
use std::str::FromStr;

/// The number of a record. The first record of a journal is 1, and each one after it is one more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first record: following from here gives everything.
    pub const ZERO: Seq = Seq(0);

    /// The number after this one.
    #[must_use]
    pub fn next(self) -> Seq {
        Seq(self.0.saturating_add(1))
    }

    /// The number before this one; [`Seq::ZERO`] stays where it is.
    #[must_use]
    pub fn prev(self) -> Seq {
        Seq(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One unbroken run of writing, as a random number. WriteVolume as exactly eight lower-case
/// hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Epoch(pub u32);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

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

/// A record's number together with the epoch that it was written in, e.g. `5f3a9c01-1042`.
///
/// It names one record for ever: a journal that lost its tail, or was restored from an older copy,
/// gives the same numbers again, but in another epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordId {
    /// The run of writing.
    pub epoch: Epoch,
    /// The record's number.
    pub seq: Seq,
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.seq)
    }
}

impl FromStr for RecordId {
    type Err = ParseRecordIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (epoch, seq) = text.split_once('-').ok_or(ParseRecordIdError)?;
        Ok(RecordId { epoch: epoch.parse()?, seq: parse_seq(seq)? })
    }
}

/// Stricter than `u64::from_str`, which takes `+7` and `007` for 7.
fn parse_seq(text: &str) -> Result<Seq, ParseRecordIdError> {
    let canonical = text == "0" || !text.starts_with('0');
    if !canonical || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ParseRecordIdError);
    }
    text.parse().map(Seq).map_err(|_| ParseRecordIdError)
}

/// A text that is no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a position: eight lower-case hexadecimal digits, a hyphen and a number are wanted")]
pub struct ParseRecordIdError;

const EPOCH_DIGITS: usize = 8;
