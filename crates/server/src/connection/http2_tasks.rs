//! The tasks of HTTP/2 responses, which end when their peer takes no bytes.
//!
//! A peer whose window stays closed reads from its socket, so the timeout of the socket does not notice
//! it. Hyper asks a body for more only after the peer's window took what came before, so a stream of such a peer does
//! not notice its revocation either.

use std::sync::Arc;
use std::time::Duration;

use engine::Metrics;
use hyper::rt::Executor;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task_local;
use tokio::time::{Instant, sleep, sleep_until};

use crate::stream::right::StreamRevocation;

/// The parts of the stall timeout after which a response is looked at again.
const CHECKS_PER_TIMEOUT: u32 = 4;

/// Time for a peer to take the end of a stream that is revoked.
const REVOKED_GRACE: Duration = Duration::from_millis(250);

task_local! {
    /// The progress of the response that this task sends.
    static PROGRESS: Arc<ResponseProgress>;
}

/// The state of a response that its peer may not read.
#[derive(Default)]
pub(super) struct ResponseProgress {
    /// The time since which the peer's window takes no byte.
    waiting_since: Mutex<Option<Instant>>,
    /// The revocation of a stream; `None` for another response.
    revocation: Mutex<Option<StreamRevocation>>,
    revocation_changed: Notify,
}

/// Spawns a task for each response.
#[derive(Clone)]
pub(super) struct Http2Tasks {
    pub(super) stall_timeout: Duration,
    pub(super) metrics: Arc<Metrics>,
}

impl<F> Executor<F> for Http2Tasks
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, response: F) {
        let progress = Arc::<ResponseProgress>::default();
        let Self { stall_timeout, metrics } = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = PROGRESS.scope(Arc::clone(&progress), response) => {}
                // The dropped response resets its stream.
                () = progress.stalled(stall_timeout) => metrics.count_stalled_connection(),
                () = progress.revoked() => {}
            }
        });
    }
}

impl ResponseProgress {
    /// The progress of this task's response, if the task is of HTTP/2.
    pub(super) fn of_task() -> Option<Arc<Self>> {
        PROGRESS.try_with(Arc::clone).ok()
    }

    /// Bytes wait for the peer's window.
    pub(super) fn set_waiting(&self) {
        *self.waiting_since.lock() = Some(Instant::now());
    }

    /// The window has taken all bytes.
    pub(super) fn set_taken(&self) {
        *self.waiting_since.lock() = None;
    }

    /// Sets the revocation of a stream; `None` for another response.
    pub(super) fn set_revocation(&self, revocation: Option<StreamRevocation>) {
        let mut current = self.revocation.lock();
        if current.is_some() || revocation.is_some() {
            *current = revocation;
            self.revocation_changed.notify_one();
        }
    }

    /// Completes once the stream is revoked, after the time for the peer to take the end.
    pub(super) async fn revoked(&self) {
        loop {
            let revocation = self.revocation.lock().clone();
            let Some(revocation) = revocation else {
                self.revocation_changed.notified().await;
                continue;
            };
            // Boxed because most responses are no streams.
            let revoked = Box::pin(async move {
                revocation.happened().await;
                sleep(REVOKED_GRACE).await;
            });
            tokio::select! {
                () = revoked => return,
                () = self.revocation_changed.notified() => {}
            }
        }
    }

    /// Completes once bytes have waited for `timeout`, at most a quarter of it later.
    async fn stalled(&self, timeout: Duration) {
        let pause = timeout / CHECKS_PER_TIMEOUT;
        loop {
            let now = Instant::now();
            let waiting_since = *self.waiting_since.lock();
            let next = match waiting_since {
                Some(since) if since + timeout <= now => return,
                Some(since) => since + timeout,
                None => now + pause,
            };
            sleep_until(next).await;
        }
    }
}
