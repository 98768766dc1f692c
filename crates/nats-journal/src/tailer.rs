//! The task that reads the stream, and so moves the journal's tail; no other task does. It restarts the read
//! after an error, and stops the journal when the stream no longer has the records that were read.

use std::sync::Arc;
use std::time::Duration;

use journal::Seq;
use tokio::time::Instant;

use crate::cursor::StreamCursor;
use crate::error::{StreamReadError, StreamStatus, to_cause};
use crate::reader::{ReceivedRecord, StreamReader};
use crate::shared::{NatsShared, StopReason};

/// Time for which a stream may have fewer records than were read: servers that just came back may not have
/// caught up.
pub const TRUNCATION_GRACE: Duration = Duration::from_secs(10);

/// Interval at which the last record read is compared with the stored one.
pub const RECHECK_INTERVAL: Duration = Duration::from_secs(5);

pub(crate) struct Tailer {
    shared: Arc<NatsShared>,
    cursor: StreamCursor,
    truncated_since: Option<Instant>,
    rechecked_at: Instant,
    /// The last record of the stream at the time of the recheck. Once this record is read, the journal is
    /// current as of that time.
    stream_end: Option<(Instant, Seq)>,
}

impl Tailer {
    pub(crate) fn new(shared: Arc<NatsShared>, cursor: StreamCursor) -> Self {
        Tailer {
            shared,
            cursor,
            truncated_since: None,
            rechecked_at: Instant::now(),
            stream_end: None,
        }
    }

    /// Runs until the task is aborted or the journal is stopped.
    pub(crate) async fn run(mut self) {
        let _guard = self.shared.stop_on_panic();
        let mut delay = MIN_RESTART_DELAY;
        loop {
            let start = self.cursor.seq;
            let error = self.read_until_error().await;
            tracing::debug!("restarting the read of the stream at {}: {error}", self.cursor.seq);
            if let Some(reason) = self.fatal_reason(error) {
                tracing::error!("the journal {} was replaced: {reason}", self.shared.journal);
                self.shared.stop(StopReason::Replaced(to_cause(reason)));
                return;
            }
            let progressed = self.cursor.seq > start;
            delay = if progressed { MIN_RESTART_DELAY } else { (2 * delay).min(MAX_RESTART_DELAY) };
            tokio::time::sleep(delay).await;
        }
    }

    async fn read_until_error(&mut self) -> StreamReadError {
        let shared = Arc::clone(&self.shared);
        let begun = StreamReader::begin(&shared.connection, &shared.streams, self.cursor).await;
        let mut reader = match begun {
            Ok(reader) => reader,
            Err(error) => return error,
        };
        loop {
            // `None` when the writer asks for a recheck. `next` is cancel safe, so no record is lost.
            let received = tokio::select! {
                received = reader.next() => received.map(Some),
                () = shared.recheck.notified() => Ok(None),
            };
            let is_requested = matches!(received, Ok(None));
            match received {
                Ok(Some(records)) => self.accept(records),
                Ok(None) => {}
                Err(error) => {
                    // The next record written here may come after records that this replica never read,
                    // and that were lost meanwhile. A new epoch keeps it from getting the id of one.
                    if self.cursor.fingerprint.is_some() {
                        shared.begin_epoch();
                    }
                    return error;
                }
            }
            // Heartbeats arrive at least every half second, so an idle stream is rechecked too.
            if (is_requested || self.rechecked_at.elapsed() >= RECHECK_INTERVAL)
                && let Err(error) = self.recheck().await
            {
                return error;
            }
        }
    }

    fn accept(&mut self, records: Vec<ReceivedRecord>) {
        let last = records
            .last()
            .map(|last| StreamCursor { seq: last.seq, fingerprint: Some(last.fingerprint) });
        // A new record or a heartbeat: the stream has everything that was read. The record at the cursor,
        // with which a read starts, does not show that.
        if last.is_none_or(|last| last.seq > self.cursor.seq) {
            self.truncated_since = None;
        }
        self.cursor = last.unwrap_or(self.cursor);
        self.shared.advance(records);
        self.update_staleness();
    }

    fn update_staleness(&mut self) {
        if let Some((at, _)) = self.stream_end.take_if(|(_, last)| *last <= self.cursor.seq) {
            self.shared.mark_current(at);
        }
    }

    /// Compares the last record read with the stored one, and learns how far the stream reaches. A failed
    /// request is no error here: the read itself finds out whether the servers can be reached.
    async fn recheck(&mut self) -> Result<(), StreamReadError> {
        self.rechecked_at = Instant::now();
        let streams = &self.shared.streams;
        // Also updates whether the stream is replicated.
        let state = match streams.state_at(self.cursor).await {
            Ok(state) => state,
            Err(StreamStatus::Unreachable(_)) => return Ok(()),
            Err(status) => return Err(status.into()),
        };
        if let Some(read) = self.cursor.fingerprint {
            match streams.fingerprint(self.cursor.seq.0).await {
                Ok(Some(stored)) if stored != read => {
                    return Err(StreamReadError::Diverged(
                        "the number of a record that was read belongs to another record",
                    ));
                }
                Ok(None) if state.last_sequence < self.cursor.seq.0 => {
                    return Err(StreamReadError::Truncated(
                        "the stream ends before the last record read",
                    ));
                }
                // Either the same record, or it was pruned.
                Ok(_) => {}
                Err(_) => return Ok(()),
            }
        }
        self.stream_end = Some((self.rechecked_at, Seq(state.last_sequence)));
        self.update_staleness();
        Ok(())
    }

    /// The reason to stop the journal; `None` if reading again may help.
    fn fatal_reason(&mut self, error: StreamReadError) -> Option<&'static str> {
        match error {
            StreamReadError::Interrupted(_) => None,
            StreamReadError::Diverged(reason) => Some(reason),
            StreamReadError::Truncated(reason) => {
                let since = self.truncated_since.get_or_insert_with(Instant::now);
                (since.elapsed() >= TRUNCATION_GRACE).then_some(reason)
            }
        }
    }
}

const MIN_RESTART_DELAY: Duration = Duration::from_millis(20);

const MAX_RESTART_DELAY: Duration = Duration::from_secs(1);
