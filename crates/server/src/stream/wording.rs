//! What the reactor tells its followers besides frames, in the chunks of HTTP/1.1.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use fanout::{ReactorEvents, StreamBytes};

use super::retry_after_stop;
use crate::app::AppState;
use engine::frames::{self, LAST_CHUNK};

#[derive(Clone)]
pub(crate) struct Words {
    pub(crate) state: Arc<AppState>,
}

impl StreamBytes for Words {
    fn heartbeat(&self, head: u64) -> Option<Bytes> {
        super::heartbeat(&self.state, head).map(|heartbeat| heartbeat.wire_bytes().clone())
    }

    fn goodbye(&self) -> Bytes {
        let retry = frames::retry(retry_after_stop(self.state.settings.drain));
        [retry.wire_bytes(), LAST_CHUNK].concat().into()
    }

    fn end(&self) -> Bytes {
        Bytes::from_static(LAST_CHUNK)
    }
}

impl ReactorEvents for Words {
    fn stalled(&self) {
        self.state.engine.metrics().count_stalled_connection();
    }

    fn worker_panicked(&self) {
        self.state.engine.metrics().count_reactor_panic();
        tracing::error!(
            "a thread that writes to screens panicked: its screens are cut and come back, and \
             another one takes its place"
        );
    }

    fn worker_not_restarted(&self, error: &io::Error) {
        tracing::warn!("a thread that writes to screens cannot be replaced yet: {error}");
    }

    fn io_uring_unavailable(&self, error: &io::Error) {
        tracing::warn!(
            "io_uring cannot be used, each screen is written to by a call of its own: {error}"
        );
    }
}
