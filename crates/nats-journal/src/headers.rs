//! What a message carries beside its payload, and what tells one record from another that has its number.

use async_nats::HeaderMap;
use async_nats::datetime::DateTime;
use journal::{Epoch, UnixMillis};

/// When and in which epoch a record was written, as its writer says. All who read it read the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordHeaders {
    pub(crate) epoch: Epoch,
    pub(crate) time: UnixMillis,
}

impl RecordHeaders {
    /// A message that no journal wrote has no stamp: it is of the epoch before it, and of the time that
    /// the stream gave it.
    pub(crate) fn read(
        headers: Option<&HeaderMap>,
        fingerprint: Fingerprint,
        before: Epoch,
    ) -> Self {
        let header = |name: &str| headers.and_then(|headers| headers.get(name));
        let epoch = headers.and_then(Self::epoch_on);
        let time = header(TIME).and_then(|value| value.as_str().parse().ok()).map(UnixMillis);
        RecordHeaders {
            epoch: epoch.unwrap_or(before),
            time: time.unwrap_or_else(|| fingerprint.millis()),
        }
    }

    pub(crate) fn write(self) -> HeaderMap {
        Self::write_of(Some(self.epoch), self.time)
    }

    /// The same of a record whose epoch may be forgotten.
    pub(crate) fn write_of(epoch: Option<Epoch>, time: UnixMillis) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(epoch) = epoch {
            headers.insert(EPOCH, epoch.to_string());
        }
        headers.insert(TIME, time.0.to_string());
        headers
    }

    /// Whether there is one.
    pub(crate) fn is_on(headers: &HeaderMap) -> bool {
        headers.get(TIME).is_some()
    }

    /// The epoch, unless it was forgotten.
    pub(crate) fn epoch_on(headers: &HeaderMap) -> Option<Epoch> {
        headers.get(EPOCH).and_then(|value| value.as_str().parse().ok())
    }
}

/// The nanosecond at which the stream took a record. Each of its servers has the same, and so has a
/// restored copy; a record that took the number since has another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(i128);

impl Fingerprint {
    pub(crate) fn of(taken: DateTime) -> Self {
        Fingerprint(taken.unix_timestamp_nanos())
    }

    pub(crate) fn to_text(self) -> String {
        self.0.to_string()
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        text.parse().ok().map(Fingerprint)
    }

    fn millis(self) -> UnixMillis {
        UnixMillis(u64::try_from(self.0 / 1_000_000).unwrap_or_default())
    }
}

/// The most bytes that the headers of a record take, with those of JetStream.
pub(crate) const MAX_HEADER_BYTES: usize = 2048;

const EPOCH: &str = "Journal-Epoch";

const TIME: &str = "Journal-Time";

const _: () = assert!(MAX_HEADER_BYTES > 2 * crate::subject::MAX_SUBJECT_BYTES + 512);
