//! Times within messages: when each was sent, told in a text that any server passes on as it is, and
//! found again without knowing what is around it.

use rustix::time::{ClockId, clock_gettime};

use super::marks::{Begun, Mark};

/// What a stamp begins with. No letter of it is written in another way in JSON, HTML or a URL.
pub(super) const BEGINNING: &str = "sent~";

const END: u8 = b'~';

/// Finds stamps in bytes that come in pieces.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    begun: Begun,
    /// What the digits say so far, once a stamp has begun.
    nanos: Option<u64>,
}

/// The time of a clock that never goes back and is the same for all processes of this machine.
pub(super) fn now_nanos() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let part = |part: i64| u64::try_from(part).unwrap_or(0);
    part(time.tv_sec) * 1_000_000_000 + part(time.tv_nsec)
}

pub(super) fn stamp(nanos: u64) -> String {
    format!("{BEGINNING}{nanos}{}", char::from(END))
}

/// What all stamps begin with, ready to be looked for.
pub(super) fn beginning() -> Mark {
    Mark::new(BEGINNING.as_bytes())
}

impl Stamps {
    /// Gives the time of each stamp that ends in these bytes.
    pub(super) fn read(&mut self, beginning: &Mark, mut bytes: &[u8], mut found: impl FnMut(u64)) {
        loop {
            let Some(nanos) = self.nanos.take() else {
                if !beginning.next(&mut self.begun, &mut bytes) {
                    return;
                }
                self.nanos = Some(0);
                continue;
            };
            let Some((byte, rest)) = bytes.split_first() else {
                self.nanos = Some(nanos);
                return;
            };
            match byte {
                b'0'..=b'9' => {
                    let digit = u64::from(byte - b'0');
                    self.nanos = Some(nanos.saturating_mul(10).saturating_add(digit));
                }
                &END => found(nanos),
                // It was none. What it was may be the beginning of one.
                _ => continue,
            }
            bytes = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pieces: &[&[u8]]) -> Vec<u64> {
        let (beginning, mut stamps, mut found) = (beginning(), Stamps::default(), Vec::new());
        for piece in pieces {
            stamps.read(&beginning, piece, |nanos| found.push(nanos));
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn however_it_is_cut_all_stamps_are_found(
            times in prop::collection::vec(any::<u64>(), 0..5),
            lengths in prop::collection::vec(1_usize..9, 1..40),
        ) {
            let text: String = times.iter().map(|time| format!("sent~x {}{{}}\n", stamp(*time))).collect();
            let mut rest = text.as_bytes();
            let mut pieces = Vec::new();
            for length in lengths.iter().cycle().take(text.len()) {
                let (piece, after) = rest.split_at(rest.len().min(*length));
                pieces.push(piece);
                rest = after;
            }
            prop_assert_eq!(read(&pieces), times);
        }
    }

    #[test]
    fn time_goes_on() {
        let before = now_nanos();
        assert!(before > 0 && now_nanos() >= before);
    }
}
