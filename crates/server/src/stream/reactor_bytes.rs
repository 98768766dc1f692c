//! The bytes that the reactor sends between frames, as chunks of HTTP/1.1, and its events.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use engine::frames::LAST_CHUNK;
use fanout::{Channel, ReactorEvents, StreamBytes};

use super::heartbeat::heartbeat;
use super::reconnect;
use crate::app::AppState;

#[derive(Clone)]
pub(crate) struct ReactorBytes {
    pub(crate) state: Arc<AppState>,
}

impl StreamBytes for ReactorBytes {
    fn heartbeat(&self, channel: &Channel, head: u64) -> Option<Bytes> {
        heartbeat(&self.state, channel, head).map(|heartbeat| heartbeat.wire_bytes().clone())
    }

    fn goodbye(&self) -> Bytes {
        let retry = reconnect::after_shutdown(self.state.settings.drain);
        [retry.wire_bytes(), LAST_CHUNK].concat().into()
    }

    fn end(&self) -> Bytes {
        Bytes::from_static(LAST_CHUNK)
    }
}

impl ReactorEvents for ReactorBytes {
    fn written(&self, seq: u64) {
        self.state.engine.metrics().observe_write(seq);
    }

    fn stalled(&self) {
        self.state.engine.metrics().count_stalled_connection();
    }

    fn worker_panicked(&self) {
        self.state.engine.metrics().count_reactor_panic();
        tracing::error!(
            "a reactor thread panicked: its followers are disconnected and will reconnect; \
             restarting the thread"
        );
    }

    fn worker_not_restarted(&self, error: &io::Error) {
        tracing::warn!("cannot restart a reactor thread, will retry: {error}");
    }

    fn io_uring_unavailable(&self, error: &io::Error) {
        tracing::warn!("io_uring is unavailable, using one syscall per follower: {error}");
    }
}
