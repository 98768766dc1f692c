//! The headers of a record, and the fingerprint that distinguishes it from another record with its number.

use async_nats::HeaderMap;
use async_nats::datetime::DateTime;
use journal::{Epoch, UnixMillis};

/// Epoch and time of a record, set by its writer, so that all replicas read the same values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordHeaders {
    pub(crate) epoch: Epoch,
    pub(crate) time: UnixMillis,
}

impl RecordHeaders {
    /// Parses the headers of a message. A message of another client has none: it counts to the epoch of the
    /// record before it, at the time when the stream stored it.
    pub(crate) fn decode(
        headers: Option<&HeaderMap>,
        fingerprint: Fingerprint,
        preceding: Epoch,
    ) -> Self {
        let header = |name: &str| headers.and_then(|headers| headers.get(name));
        let epoch = headers.and_then(Self::epoch_in);
        let time =
            header(TIME_HEADER).and_then(|value| value.as_str().parse().ok()).map(UnixMillis);
        RecordHeaders {
            epoch: epoch.unwrap_or(preceding),
            time: time.unwrap_or_else(|| fingerprint.time()),
        }
    }

    pub(crate) fn encode(self) -> HeaderMap {
        Self::encode_parts(Some(self.epoch), self.time)
    }

    /// Encodes the headers of a record whose epoch may be forgotten.
    pub(crate) fn encode_parts(epoch: Option<Epoch>, time: UnixMillis) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(epoch) = epoch {
            headers.insert(EPOCH_HEADER, epoch.to_string());
        }
        headers.insert(TIME_HEADER, time.0.to_string());
        headers
    }

    /// Returns true if a journal wrote these headers.
    pub(crate) fn are_present(headers: &HeaderMap) -> bool {
        headers.get(TIME_HEADER).is_some()
    }

    /// The epoch, `None` if it was forgotten.
    pub(crate) fn epoch_in(headers: &HeaderMap) -> Option<Epoch> {
        headers.get(EPOCH_HEADER).and_then(|value| value.as_str().parse().ok())
    }
}

/// The time at which the stream stored a record, in nanoseconds. It is the same on all servers and in a
/// restored copy; another record that got the same number has another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(i128);

impl Fingerprint {
    pub(crate) fn from_time(stored_at: DateTime) -> Self {
        Fingerprint(stored_at.unix_timestamp_nanos())
    }

    pub(crate) fn to_text(self) -> String {
        self.0.to_string()
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Fingerprint)
    }

    fn time(self) -> UnixMillis {
        UnixMillis(u64::try_from(self.0 / 1_000_000).unwrap_or_default())
    }
}

/// Maximum size of the headers of a record, including those of JetStream.
pub(crate) const MAX_HEADER_BYTES: usize = 2048;

const EPOCH_HEADER: &str = "Journal-Epoch";

const TIME_HEADER: &str = "Journal-Time";

const _: () = assert!(MAX_HEADER_BYTES > 2 * crate::subject::MAX_SUBJECT_BYTES + 512);
