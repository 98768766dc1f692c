//! Times within messages: when each was sent and as which, told in a text that any server passes on as it
//! is, and found again without knowing what is around it.

use std::fmt;

use rustix::time::{ClockId, clock_gettime};

use crate::marks::{Begun, Mark};

/// What a stamp begins with. No letter of it is written in another way in JSON, HTML or a URL.
pub(crate) const BEGINNING: &str = "sent~";

const END: u8 = b'~';

/// When a message was sent, and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) nanos: u64,
    pub(crate) number: u64,
}

/// Finds stamps in bytes that come in pieces.
#[derive(Debug, Default)]
pub(crate) struct Stamps {
    begun: Begun,
    at: At,
}

/// Where in a stamp the next byte is.
#[derive(Debug, Default, Clone, Copy)]
enum At {
    #[default]
    Outside,
    /// Among the digits of the time, which say so much so far.
    Time(u64),
    /// Among those of the number, after the time.
    Number(u64, u64),
}

/// The time of a clock that never goes back and is the same for all processes of this machine.
pub(crate) fn now_nanos() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let part = |part: i64| u64::try_from(part).unwrap_or(0);
    part(time.tv_sec) * 1_000_000_000 + part(time.tv_nsec)
}

/// What all stamps begin with, ready to be looked for.
pub(crate) fn beginning() -> Mark {
    Mark::new(BEGINNING.as_bytes())
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = char::from(END);
        write!(f, "{BEGINNING}{}{end}{}{end}", self.nanos, self.number)
    }
}

impl Stamps {
    /// Gives each stamp that ends in these bytes.
    pub(crate) fn read(
        &mut self,
        beginning: &Mark,
        mut bytes: &[u8],
        mut found: impl FnMut(Stamp),
    ) {
        loop {
            if let At::Outside = self.at {
                if !beginning.next(&mut self.begun, &mut bytes) {
                    return;
                }
                self.at = At::Time(0);
            }
            let Some((byte, rest)) = bytes.split_first() else { return };
            self.at = match (self.at, *byte) {
                (At::Time(nanos), b'0'..=b'9') => At::Time(with_digit(nanos, *byte)),
                (At::Time(nanos), END) => At::Number(nanos, 0),
                (At::Number(nanos, number), b'0'..=b'9') => {
                    At::Number(nanos, with_digit(number, *byte))
                }
                (At::Number(nanos, number), END) => {
                    found(Stamp { nanos, number });
                    At::Outside
                }
                // It was none. What it was may be the beginning of one.
                _ => {
                    self.at = At::Outside;
                    continue;
                }
            };
            bytes = rest;
        }
    }
}

fn with_digit(number: u64, digit: u8) -> u64 {
    number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<Stamp> {
        let (beginning, mut stamps, mut found) = (beginning(), Stamps::default(), Vec::new());
        for piece in pieces {
            stamps.read(&beginning, piece, |stamp| found.push(stamp));
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn however_it_is_cut_all_stamps_are_found(
            parts in prop::collection::vec(any::<[u64; 2]>(), 0..5),
            lengths in prop::collection::vec(1_usize..9, 1..40),
        ) {
            let stamps = parts.iter().map(|[nanos, number]| Stamp { nanos: *nanos, number: *number });
            let stamps: Vec<_> = stamps.collect();
            let text = |stamp| format!("sent~x sent~7~sent~8 {stamp}{{}}\n");
            let text: String = stamps.iter().map(text).collect();
            let mut rest = text.as_bytes();
            let mut pieces = Vec::new();
            for length in lengths.iter().cycle().take(text.len()) {
                let (piece, after) = rest.split_at(rest.len().min(*length));
                pieces.push(piece);
                rest = after;
            }
            prop_assert_eq!(read(&pieces), stamps);
        }
    }

    #[test]
    fn time_goes_on() {
        let before = now_nanos();
        assert!(before > 0 && now_nanos() >= before);
    }
}
