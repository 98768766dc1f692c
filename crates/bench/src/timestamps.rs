//! Timestamps within messages: the send time and the number of each, as a text that any server passes on
//! unchanged and that is found without knowledge of the surrounding format.

use rustix::time::{ClockId, clock_gettime};

use crate::matcher::{Matcher, PartialMatch};

/// The start of a timestamp. JSON, HTML and URLs escape none of its characters.
pub(crate) const PREFIX: &str = "sent~";

const TERMINATOR: u8 = b'~';

#[derive(Debug, Clone, Copy, PartialEq, Eq, derive_more::Display)]
#[display("{PREFIX}{nanos}{end}{number}{end}", end = char::from(TERMINATOR))]
pub(crate) struct Timestamp {
    pub(crate) nanos: u64,
    /// The message's number on its stream.
    pub(crate) number: u64,
}

/// Finds timestamps in bytes that arrive in pieces.
#[derive(Debug, Default)]
pub(crate) struct TimestampScanner {
    partial_prefix: PartialMatch,
    state: ScanState,
}

#[derive(Debug, Default, Clone, Copy)]
enum ScanState {
    #[default]
    Outside,
    /// In the digits of the time, with their value so far.
    Nanos(u64),
    /// In the digits of the number: the time, and the number so far.
    Number(u64, u64),
}

/// The time on the monotonic clock, which all processes of this machine share.
pub(crate) fn monotonic_nanos() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let secs = u64::try_from(time.tv_sec).unwrap_or(0);
    secs * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

pub(crate) fn prefix_matcher() -> Matcher {
    Matcher::new(PREFIX.as_bytes())
}

impl TimestampScanner {
    /// Appends each timestamp that ends in `bytes` to `found`.
    pub(crate) fn scan(&mut self, prefix: &Matcher, mut bytes: &[u8], found: &mut Vec<Timestamp>) {
        loop {
            if let ScanState::Outside = self.state {
                if !prefix.advance(&mut self.partial_prefix, &mut bytes) {
                    return;
                }
                self.state = ScanState::Nanos(0);
            }
            let Some((byte, rest)) = bytes.split_first() else { return };
            self.state = match (self.state, *byte) {
                (ScanState::Nanos(nanos), b'0'..=b'9') => {
                    ScanState::Nanos(append_digit(nanos, *byte))
                }
                (ScanState::Nanos(nanos), TERMINATOR) => ScanState::Number(nanos, 0),
                (ScanState::Number(nanos, number), b'0'..=b'9') => {
                    ScanState::Number(nanos, append_digit(number, *byte))
                }
                (ScanState::Number(nanos, number), TERMINATOR) => {
                    found.push(Timestamp { nanos, number });
                    ScanState::Outside
                }
                // Not a timestamp. This byte may start another prefix, so do not consume it.
                _ => {
                    self.state = ScanState::Outside;
                    continue;
                }
            };
            bytes = rest;
        }
    }
}

fn append_digit(number: u64, digit: u8) -> u64 {
    number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scan(pieces: &[&[u8]]) -> Vec<Timestamp> {
        let prefix = prefix_matcher();
        let mut scanner = TimestampScanner::default();
        let mut found = Vec::new();
        for piece in pieces {
            scanner.scan(&prefix, piece, &mut found);
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn timestamps_survive_any_cuts(
            parts in prop::collection::vec(any::<[u64; 2]>(), 0..5),
            lengths in prop::collection::vec(1_usize..9, 1..40),
        ) {
            let timestamps: Vec<_> = parts
                .iter()
                .map(|[nanos, number]| Timestamp { nanos: *nanos, number: *number })
                .collect();
            let text = |timestamp| format!("sent~x sent~7~sent~8 {timestamp}{{}}\n");
            let text: String = timestamps.iter().map(text).collect();
            let mut rest = text.as_bytes();
            let mut pieces = Vec::new();
            for length in lengths.iter().cycle().take(text.len()) {
                let (piece, after) = rest.split_at(rest.len().min(*length));
                pieces.push(piece);
                rest = after;
            }
            prop_assert_eq!(scan(&pieces), timestamps);
        }
    }

    #[test]
    fn clock_never_goes_back() {
        let before = monotonic_nanos();
        assert!(before > 0 && monotonic_nanos() >= before);
    }
}
