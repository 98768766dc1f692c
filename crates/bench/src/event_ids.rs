//! The id of the last complete event of a stream, for followers that reconnect with it.

use memchr::memchr;

/// Maximum length of an id; the scanner ignores longer ones.
const MAX_ID_BYTES: usize = 256;

const ID_FIELD: &[u8] = b"id:";

/// Scans a stream that arrives in pieces and whose lines end with LF or CRLF.
#[derive(Debug, Default)]
pub(crate) struct EventIdScanner {
    line: LineState,
    /// The id of the incomplete event.
    pending: Vec<u8>,
    /// The id of the last complete event that had one.
    last: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum LineState {
    /// This many bytes of [`ID_FIELD`] have arrived, and nothing else.
    FieldName(usize),
    Id,
    Other,
}

impl Default for LineState {
    fn default() -> Self {
        Self::FieldName(0)
    }
}

impl EventIdScanner {
    /// Empty if no event had an id.
    pub(crate) fn last(&self) -> &[u8] {
        self.last.trim_ascii()
    }

    /// The connection was lost, so the rest of an incomplete event will not arrive.
    pub(crate) fn discard_partial_event(&mut self) {
        self.line = LineState::default();
        self.pending.clear();
    }

    pub(crate) fn scan(&mut self, mut bytes: &[u8]) {
        while let Some((first, rest)) = bytes.split_first() {
            match self.line {
                // An empty line completes the event.
                LineState::FieldName(0) if *first == b'\n' => {
                    if !self.pending.is_empty() {
                        std::mem::swap(&mut self.last, &mut self.pending);
                        self.pending.clear();
                    }
                    bytes = rest;
                }
                LineState::FieldName(0) if *first == b'\r' => bytes = rest,
                LineState::FieldName(at) if ID_FIELD.get(at) == Some(first) => {
                    self.line = LineState::FieldName(at + 1);
                    if at + 1 == ID_FIELD.len() {
                        self.line = LineState::Id;
                        self.pending.clear();
                    }
                    bytes = rest;
                }
                LineState::FieldName(_) => self.line = LineState::Other,
                LineState::Id | LineState::Other => {
                    let end = memchr(b'\n', bytes);
                    let (piece, after) = bytes.split_at(end.unwrap_or(bytes.len()));
                    if matches!(self.line, LineState::Id) {
                        self.pending.extend_from_slice(piece);
                        if self.pending.len() > MAX_ID_BYTES {
                            self.pending.clear();
                            self.line = LineState::Other;
                        }
                    }
                    if end.is_some() {
                        self.line = LineState::FieldName(0);
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

    fn last_id(pieces: &[&[u8]]) -> String {
        let mut scanner = EventIdScanner::default();
        for piece in pieces {
            scanner.scan(piece);
        }
        String::from_utf8(scanner.last().to_vec()).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn last_id_survives_any_cuts(
            length in 1_usize..30,
            numbers in prop::collection::vec(0_u32..10_000, 1..6),
        ) {
            let event = |number: &u32| format!("id: 5f3a-{number}\r\nevent: a\ndata: id: x\n\n");
            let text: String = numbers.iter().map(event).collect();
            let text = text + "retry: 1\n\nidea: 7\ni\nid\n\nid: begun\ndata";
            let pieces: Vec<_> = text.as_bytes().chunks(length).collect();
            prop_assert_eq!(last_id(&pieces), format!("5f3a-{}", numbers[numbers.len() - 1]));
        }
    }

    #[test]
    fn overlong_ids_are_ignored() {
        let text = format!("id: 1\n\nid: {}\n\n", "x".repeat(10 * MAX_ID_BYTES));
        assert_eq!(last_id(&text.as_bytes().chunks(7).collect::<Vec<_>>()), "1");
    }

    #[test]
    fn ids_of_partial_events_are_discarded() {
        let mut scanner = EventIdScanner::default();
        scanner.scan(b"id: 1\n\nid: 2\ndata: half");
        scanner.discard_partial_event();
        scanner.scan(b":\n\n");
        assert_eq!(scanner.last(), b"1");
    }
}
