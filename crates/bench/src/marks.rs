//! Counting a text in bytes that come in pieces, as if they were whole. A follower keeps one number for
//! it: whatever has begun to be the text is a beginning of it.

use memchr::memmem::Finder;

/// Longest text that is counted.
pub(crate) const MAX_MARK_BYTES: usize = 1_024;

/// The text that is counted.
pub(crate) struct Mark(Finder<'static>);

/// How many bytes of the mark what has come so far ends with.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Begun(u16);

impl Mark {
    /// A mark of 1 to [`MAX_MARK_BYTES`] bytes.
    pub(crate) fn new(text: &[u8]) -> Self {
        Self(Finder::new(text).into_owned())
    }

    /// How often the mark ends in these bytes. Marks do not overlap.
    pub(crate) fn count(&self, begun: &mut Begun, mut bytes: &[u8]) -> u64 {
        let mut count = 0;
        while self.next(begun, &mut bytes) {
            count += 1;
        }
        count
    }

    /// Goes on in `bytes` to the end of the next mark, or, if there is none, to their end.
    pub(crate) fn next(&self, begun: &mut Begun, bytes: &mut &[u8]) -> bool {
        let mark = self.0.needle();
        let before = usize::from(std::mem::take(begun).0);
        if before > 0 {
            let near = &bytes[..bytes.len().min(mark.len() - 1)];
            let joined = [&mark[..before], near].concat();
            if let Some(start) = self.0.find(&joined) {
                *bytes = &bytes[start + mark.len() - before..];
                return true;
            }
            if near.len() == bytes.len() {
                *begun = self.beginning_at_end(&joined);
                *bytes = &[];
                return false;
            }
        }
        let found = self.0.find(bytes);
        if found.is_none() {
            *begun = self.beginning_at_end(bytes);
        }
        *bytes = found.map_or(&[], |start| &bytes[start + mark.len()..]);
        found.is_some()
    }

    fn beginning_at_end(&self, bytes: &[u8]) -> Begun {
        let Some(last) = bytes.last() else { return Begun(0) };
        let mark = self.0.needle();
        let fits = |length: &usize| mark[length - 1] == *last && bytes.ends_with(&mark[..*length]);
        let length = (1..mark.len()).rev().find(fits).unwrap_or(0);
        Begun(u16::try_from(length).expect("a mark is no longer than its bound"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(mark: &[u8], pieces: &[&[u8]]) -> u64 {
        let (mark, mut begun) = (Mark::new(mark), Begun::default());
        pieces.iter().map(|piece| mark.count(&mut begun, piece)).sum()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        /// Of two letters only, so that marks overlap themselves and each other.
        #[test]
        fn however_it_is_cut_a_text_has_as_many_marks(
            mark in "[ab]{1,6}",
            pieces in prop::collection::vec("[ab]{0,9}", 0..9),
        ) {
            let whole = pieces.concat();
            let pieces: Vec<_> = pieces.iter().map(String::as_bytes).collect();
            prop_assert_eq!(
                count(mark.as_bytes(), &pieces),
                whole.matches(&mark).count() as u64
            );
        }
    }

    #[test]
    fn a_mark_that_comes_byte_by_byte_is_one() {
        let bytes: Vec<_> = b"id: 1\nevent: flight\n\nevent: flight".chunks(1).collect();
        assert_eq!(count(b"event: flight", &bytes), 2);
        assert_eq!(count(b"event: other", &bytes), 0);
    }
}
