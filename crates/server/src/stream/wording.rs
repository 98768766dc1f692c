//! What the reactor tells its followers besides frames, in the chunks of HTTP/1.1.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fanout::Wording;
use hyper_util::server::graceful::Watcher;

use super::{Seat, retry_after_stop, time_to_end};
use crate::app::Parts;
use crate::frames::{self, LAST_CHUNK};

pub(crate) struct Words {
    pub(crate) parts: Arc<Parts>,
}

impl Wording for Words {
    /// The second is for who counts the connections, and waits for them at a stop.
    type Seat = (Seat, Watcher);

    fn heartbeat(&self, head: u64) -> Option<Bytes> {
        super::heartbeat(&self.parts, head).map(|heartbeat| heartbeat.whole().clone())
    }

    fn goodbye(&self) -> Bytes {
        let retry = frames::retry(retry_after_stop(self.parts.settings.drain));
        [retry.whole(), LAST_CHUNK].concat().into()
    }

    fn end(&self) -> Bytes {
        Bytes::from_static(LAST_CHUNK)
    }

    fn time_to_end(&self) -> Duration {
        time_to_end(&self.parts)
    }

    fn stalled(&self) {
        self.parts.metrics.stalled();
    }

    fn panicked(&self) {
        self.parts.metrics.reactor_panicked();
        tracing::error!(
            "a thread that writes to screens panicked: its screens are cut and come back, and \
             another one takes its place"
        );
    }

    fn not_replaced(&self, error: &io::Error) {
        tracing::warn!("a thread that writes to screens cannot be replaced yet: {error}");
    }

    fn one_by_one(&self, error: &io::Error) {
        tracing::warn!(
            "io_uring cannot be used, each screen is written to by a call of its own: {error}"
        );
    }
}
