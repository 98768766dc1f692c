//! Where a follower says that it was, and what else it wishes. All of it is a stranger's text.

use http::HeaderMap;
use journal::RecordId;

/// Query parameters that polyfills and older hubs use where they cannot set the header.
const QUERY_NAMES: [&str; 4] = ["lastEventId", "lastEventID", "last_event_id", "evs_last_event_id"];

/// Longest id that is looked at.
const MAX_ID_BYTES: usize = 64;

/// What a stream request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wishes {
    pub(super) last_event_id: LastEventId,
    /// A comment of 2 KiB first, for engines that hold back a beginning.
    pub(super) padding: bool,
}

/// The last event that a follower says it has seen.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LastEventId {
    None,
    Of(RecordId),
    /// Text that no server of ours gave as an id.
    Garbage,
}

impl Wishes {
    /// The header wins over the query, whose id stays in the URL when a browser reconnects and is
    /// the older one then. Of several in the query the last that is not empty counts.
    pub(super) fn read(headers: &HeaderMap, query: &str) -> Self {
        let mut wishes = Self { last_event_id: LastEventId::None, padding: false };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                name if QUERY_NAMES.contains(&name) && !value.is_empty() => {
                    wishes.last_event_id = LastEventId::parse(value.as_bytes());
                }
                "padding" => wishes.padding |= value == "true",
                "evs_preamble" => wishes.padding |= value.parse().is_ok_and(|bytes: u64| bytes > 0),
                _ => {}
            }
        }
        if let Some(id) = headers.get("last-event-id").filter(|id| !id.is_empty()) {
            wishes.last_event_id = LastEventId::parse(id.as_bytes());
        }
        wishes
    }
}

impl LastEventId {
    fn parse(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_ID_BYTES);
        text.and_then(|text| text.parse().ok()).map_or(Self::Garbage, Self::Of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn check(header: Option<&[u8]>, query: &str, expected: &str) {
        let mut headers = HeaderMap::new();
        if let Some(bytes) = header {
            headers.insert("last-event-id", HeaderValue::from_bytes(bytes).unwrap());
        }
        let id = match Wishes::read(&headers, query).last_event_id {
            LastEventId::None => "none".to_owned(),
            LastEventId::Of(id) => id.to_string(),
            LastEventId::Garbage => "garbage".to_owned(),
        };
        assert_eq!(id, expected, "{header:?} {query}");
    }

    #[test]
    fn the_header_wins_and_the_last_parameter_counts() {
        let newer: &[u8] = b"5f3a9c01-9";
        check(None, "", "none");
        check(Some(b""), "lastEventId=", "none");
        check(Some(newer), "lastEventId=5f3a9c01-7", "5f3a9c01-9");
        check(Some(b""), "lastEventId=5f3a9c01-7", "5f3a9c01-7");
        check(None, "lastEventId=5f3a9c01-7&lastEventId=5f3a9c01-8&lastEventId=", "5f3a9c01-8");
        for name in QUERY_NAMES {
            check(None, &format!("padding=true&{name}=5f3a9c01%2D7"), "5f3a9c01-7");
        }
    }

    #[test]
    fn what_no_server_gave_is_garbage() {
        for text in ["0", "5f3a9c01", "5F3A9C01-7", "5f3a9c01-07", "5f3a9c01-+7", "5f3a9c01-7 "] {
            check(Some(text.as_bytes()), "", "garbage");
        }
        check(Some(b"\xff\xfe"), "", "garbage");
        check(None, &format!("lastEventId={}", "9".repeat(5_000)), "garbage");
    }

    #[test]
    fn padding_is_asked_for_in_two_ways() {
        let padding = |query| Wishes::read(&HeaderMap::new(), query).padding;
        assert!(padding("padding=true") && padding("evs_preamble=2056"));
        assert!(!padding("") && !padding("padding=false") && !padding("evs_preamble=x"));
    }
}
