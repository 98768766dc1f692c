//! The id of the last event that came whole, for followers that will come back with it.

use memchr::memchr;

/// Longest id that is kept; an event with a longer one is passed over.
const LONGEST_ID_BYTES: usize = 256;

const FIELD: &[u8] = b"id:";

/// Reads ids off a stream that comes in pieces, whose lines end with line feeds.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    line: Line,
    /// Of the event being read.
    next: Vec<u8>,
    /// Of the last one that came whole.
    last: Vec<u8>,
}

/// Where in its line the next byte is.
#[derive(Debug, Clone, Copy)]
enum Line {
    /// So many bytes of the field's name have come, and nothing else.
    Name(usize),
    Id,
    Other,
}

impl Default for Line {
    fn default() -> Self {
        Self::Name(0)
    }
}

impl Ids {
    /// Empty if no event had one.
    pub(crate) fn last(&self) -> &[u8] {
        self.last.trim_ascii()
    }

    /// The connection ended: what had begun will not be ended.
    pub(crate) fn lost(&mut self) {
        self.line = Line::default();
        self.next.clear();
    }

    pub(crate) fn read(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            match self.line {
                Line::Name(0) if *first == b'\n' => {
                    if !self.next.is_empty() {
                        std::mem::swap(&mut self.last, &mut self.next);
                        self.next.clear();
                    }
                    bytes = rest;
                }
                Line::Name(0) if *first == b'\r' => bytes = rest,
                Line::Name(at) if FIELD.get(at) == Some(first) => {
                    self.line = if at + 1 == FIELD.len() { Line::Id } else { Line::Name(at + 1) };
                    if at + 1 == FIELD.len() {
                        self.next.clear();
                    }
                    bytes = rest;
                }
                Line::Name(_) => self.line = Line::Other,
                Line::Id | Line::Other => {
                    let end = memchr(b'\n', bytes);
                    let (piece, after) = bytes.split_at(end.unwrap_or(bytes.len()));
                    if matches!(self.line, Line::Id) {
                        self.next.extend_from_slice(piece);
                        if self.next.len() > LONGEST_ID_BYTES {
                            self.next.clear();
                            self.line = Line::Other;
                        }
                    }
                    if end.is_some() {
                        self.line = Line::Name(0);
                    }
                    bytes = after.get(1..).unwrap_or_default();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn last(pieces: &[&[u8]]) -> String {
        let mut ids = Ids::default();
        for piece in pieces {
            ids.read(piece);
        }
        String::from_utf8(ids.last().to_vec()).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn however_it_is_cut_the_last_id_is_the_same(
            length in 1_usize..30,
            numbers in prop::collection::vec(0_u32..10_000, 1..6),
        ) {
            let event = |number: &u32| format!("id: 5f3a-{number}\r\nevent: a\ndata: id: x\n\n");
            let text: String = numbers.iter().map(event).collect();
            let text = text + "retry: 1\n\nidea: 7\ni\nid\n\nid: begun\ndata";
            let pieces: Vec<_> = text.as_bytes().chunks(length).collect();
            prop_assert_eq!(last(&pieces), format!("5f3a-{}", numbers[numbers.len() - 1]));
        }
    }

    #[test]
    fn an_endless_id_is_none() {
        let text = format!("id: 1\n\nid: {}\n\n", "x".repeat(10 * LONGEST_ID_BYTES));
        assert_eq!(last(&text.as_bytes().chunks(7).collect::<Vec<_>>()), "1");
    }

    #[test]
    fn what_was_cut_is_forgotten() {
        let mut ids = Ids::default();
        ids.read(b"id: 1\n\nid: 2\ndata: half");
        ids.lost();
        ids.read(b":\n\n");
        assert_eq!(ids.last(), b"1");
    }
}
