//! Incremental search for a text in bytes that arrive in pieces. The state between two pieces is one number:
//! the length of the text's longest prefix that the bytes so far end with.

use memchr::memmem::Finder;

pub(crate) const MAX_NEEDLE_BYTES: usize = 1_024;

pub(crate) struct Matcher(Finder<'static>);

/// The length of the prefix that the last piece ended with.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct PartialMatch(u16);

impl Matcher {
    /// Searches for `needle`, which has 1 to [`MAX_NEEDLE_BYTES`] bytes.
    pub(crate) fn new(needle: &[u8]) -> Self {
        Self(Finder::new(needle).into_owned())
    }

    /// The number of matches that end in `bytes`. Matches do not overlap.
    pub(crate) fn count(&self, partial: &mut PartialMatch, mut bytes: &[u8]) -> u64 {
        let mut count = 0;
        while self.advance(partial, &mut bytes) {
            count += 1;
        }
        count
    }

    /// Advances `bytes` past the end of the next match and returns true, or else past all bytes.
    pub(crate) fn advance(&self, partial: &mut PartialMatch, bytes: &mut &[u8]) -> bool {
        let needle = self.0.needle();
        let carried = usize::from(std::mem::take(partial).0);
        if carried > 0 {
            // A match that began in an earlier piece ends within the next `needle.len() - 1` bytes.
            let near = &bytes[..bytes.len().min(needle.len() - 1)];
            let joined = [&needle[..carried], near].concat();
            if let Some(start) = self.0.find(&joined) {
                *bytes = &bytes[start + needle.len() - carried..];
                return true;
            }
            if near.len() == bytes.len() {
                *partial = self.longest_prefix_at_end(&joined);
                *bytes = &[];
                return false;
            }
        }
        let found = self.0.find(bytes);
        if found.is_none() {
            *partial = self.longest_prefix_at_end(bytes);
        }
        *bytes = found.map_or(&[], |start| &bytes[start + needle.len()..]);
        found.is_some()
    }

    fn longest_prefix_at_end(&self, bytes: &[u8]) -> PartialMatch {
        let Some(last) = bytes.last() else { return PartialMatch(0) };
        let needle = self.0.needle();
        // Comparing the last byte first rejects most lengths.
        let matches =
            |length: &usize| needle[length - 1] == *last && bytes.ends_with(&needle[..*length]);
        let length = (1..needle.len()).rev().find(matches).unwrap_or(0);
        PartialMatch(u16::try_from(length).expect("the needle has at most MAX_NEEDLE_BYTES"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(needle: &[u8], pieces: &[&[u8]]) -> u64 {
        let matcher = Matcher::new(needle);
        let mut partial = PartialMatch::default();
        pieces.iter().map(|piece| matcher.count(&mut partial, piece)).sum()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        /// Of two letters only, so that needles often overlap themselves and each other.
        #[test]
        fn counts_do_not_depend_on_cuts(
            needle in "[ab]{1,6}",
            pieces in prop::collection::vec("[ab]{0,9}", 0..9),
        ) {
            let whole = pieces.concat();
            let pieces: Vec<_> = pieces.iter().map(String::as_bytes).collect();
            prop_assert_eq!(
                count(needle.as_bytes(), &pieces),
                whole.matches(&needle).count() as u64
            );
        }
    }

    #[test]
    fn single_bytes_are_matched() {
        let bytes: Vec<_> = b"id: 1\nevent: flight\n\nevent: flight".chunks(1).collect();
        assert_eq!(count(b"event: flight", &bytes), 2);
        assert_eq!(count(b"event: other", &bytes), 0);
    }
}
