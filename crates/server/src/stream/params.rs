//! The parameters of a stream request. All are untrusted text.

use std::fmt;

use http::HeaderMap;
use jiff::Timestamp;
use journal::RecordId;

/// Query parameters of polyfills and older hubs, which cannot set the header.
const QUERY_NAMES: [&str; 4] = ["lastEventId", "lastEventID", "last_event_id", "evs_last_event_id"];

/// Longest id that is parsed.
const MAX_ID_BYTES: usize = 64;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct StreamParams {
    pub(super) last_event_id: LastEventId,
    /// Asks for a 2 KiB comment first, for engines that buffer the start of a response.
    pub(super) padding: bool,
}

/// The last event that a follower received.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LastEventId {
    Absent,
    Id(RecordId),
    /// Of a stream that plays the past.
    Playback(PlaybackId),
    /// Text that no server has sent as an id.
    Invalid,
}

/// The id of an event of a stream that plays the past: the id of the event, and the time that was played, in seconds
/// since 1970. No board has such an id, so a live stream does not resume from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PlaybackId {
    pub(super) record: RecordId,
    pub(super) time: Timestamp,
}

impl PlaybackId {
    fn parse(text: &str) -> Option<Self> {
        let (record, secs) = text.rsplit_once('-')?;
        let time = Timestamp::from_second(secs.parse().ok()?).ok()?;
        Some(Self { record: record.parse().ok()?, time })
    }
}

impl fmt::Display for PlaybackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.record, self.time.as_second())
    }
}

impl StreamParams {
    /// The header takes precedence over the query: when a browser reconnects, the URL still has the
    /// older id. If the query has several ids, the last non-empty one counts.
    pub(super) fn parse(headers: &HeaderMap, query: &str) -> Self {
        let mut params = Self { last_event_id: LastEventId::Absent, padding: false };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                name if QUERY_NAMES.contains(&name) && !value.is_empty() => {
                    params.last_event_id = LastEventId::parse(value.as_bytes());
                }
                "padding" => params.padding |= value == "true",
                "evs_preamble" => params.padding |= value.parse().is_ok_and(|bytes: u64| bytes > 0),
                _ => {}
            }
        }
        if let Some(id) = headers.get("last-event-id").filter(|id| !id.is_empty()) {
            params.last_event_id = LastEventId::parse(id.as_bytes());
        }
        params
    }
}

impl LastEventId {
    /// The last event itself.
    pub(super) fn record(&self) -> Option<RecordId> {
        match self {
            Self::Id(record) | Self::Playback(PlaybackId { record, .. }) => Some(*record),
            Self::Absent | Self::Invalid => None,
        }
    }

    fn parse(bytes: &[u8]) -> Self {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_ID_BYTES);
        let Some(text) = text else { return Self::Invalid };
        let playback = || PlaybackId::parse(text).map_or(Self::Invalid, Self::Playback);
        text.parse().map_or_else(|_| playback(), Self::Id)
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
        let id = match StreamParams::parse(&headers, query).last_event_id {
            LastEventId::Absent => "absent".to_owned(),
            LastEventId::Id(id) => id.to_string(),
            LastEventId::Playback(id) => format!("playback {id}"),
            LastEventId::Invalid => "invalid".to_owned(),
        };
        assert_eq!(id, expected, "{header:?} {query}");
    }

    #[test]
    fn header_takes_precedence() {
        let newer: &[u8] = b"5f3a9c01-9";
        check(None, "", "absent");
        check(Some(b""), "lastEventId=", "absent");
        check(Some(newer), "lastEventId=5f3a9c01-7", "5f3a9c01-9");
        check(Some(b""), "lastEventId=5f3a9c01-7", "5f3a9c01-7");
    }

    #[test]
    fn last_query_parameter_counts() {
        check(None, "lastEventId=5f3a9c01-7&lastEventId=5f3a9c01-8&lastEventId=", "5f3a9c01-8");
        for name in QUERY_NAMES {
            check(None, &format!("padding=true&{name}=5f3a9c01%2D7"), "5f3a9c01-7");
        }
    }

    #[test]
    fn ids_of_playbacks_are_told_apart() {
        let id = "5f3a9c01-7-1795082400";
        check(Some(id.as_bytes()), "", &format!("playback {id}"));
        check(Some(b"5f3a9c01-7-"), "", "invalid");
        check(Some(b"5f3a9c01-7-1-1"), "", "invalid");
    }

    #[test]
    fn malformed_ids_are_invalid() {
        for text in ["0", "5f3a9c01", "5F3A9C01-7", "5f3a9c01-07", "5f3a9c01-+7", "5f3a9c01-7 "] {
            check(Some(text.as_bytes()), "", "invalid");
        }
        check(Some(b"\xff\xfe"), "", "invalid");
        check(None, &format!("lastEventId={}", "9".repeat(5_000)), "invalid");
    }

    #[test]
    fn padding_has_two_names() {
        let padding = |query| StreamParams::parse(&HeaderMap::new(), query).padding;
        assert!(padding("padding=true") && padding("evs_preamble=2056"));
        assert!(!padding("") && !padding("padding=false") && !padding("evs_preamble=x"));
    }
}
