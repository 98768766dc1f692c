//! The one task that reads the stream, and so the only one that says how far it goes. It begins a new
//! look whenever one ends, and ends the journal when the stream is not what it was.

use std::sync::Arc;
use std::time::Duration;

use journal::Seq;
use tokio::time::Instant;

use crate::cursor::StreamCursor;
use crate::error::to_cause;
use crate::reader::{ReceivedRecord, StreamReadError, StreamReader};
use crate::shared::{NatsShared, StopReason};
use crate::streams::StreamStatus;

/// How long a stream may seem to have less than was read of it: servers that just came back may not have
/// all yet.
pub const TRUNCATION_GRACE: Duration = Duration::from_secs(10);

/// How often the record read last is compared with the one that the stream has.
pub const RECHECK_INTERVAL: Duration = Duration::from_secs(5);

pub(crate) struct Tailer {
    shared: Arc<NatsShared>,
    at: StreamCursor,
    less_since: Option<Instant>,
    compared: Instant,
    /// When the stream ended with this record: once it is read, nothing of that time is missing.
    ended: Option<(Instant, Seq)>,
}

impl Tailer {
    pub(crate) fn new(shared: Arc<NatsShared>, at: StreamCursor) -> Self {
        Tailer { shared, at, less_since: None, compared: Instant::now(), ended: None }
    }

    /// Runs until it is aborted, or the journal has ended.
    pub(crate) async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let before = self.at.seq;
            let trouble = self.look().await;
            tracing::debug!("the stream is looked at anew from {}: {trouble}", self.at.seq);
            if let Some(why) = self.is_over(trouble) {
                tracing::error!("the journal {} was replaced: {why}", self.shared.journal);
                self.shared.end(StopReason::Replaced(to_cause(why)));
                return;
            }
            pause = if self.at.seq > before { FIRST_PAUSE } else { (2 * pause).min(MAX_PAUSE) };
            tokio::time::sleep(pause).await;
        }
    }

    /// Reads on for as long as nothing is wrong.
    async fn look(&mut self) -> StreamReadError {
        let shared = Arc::clone(&self.shared);
        let mut reading =
            match StreamReader::begin(&shared.connection, &shared.streams, self.at).await {
                Ok(reading) => reading,
                Err(trouble) => return trouble,
            };
        loop {
            let arrived = tokio::select! {
                arrived = reading.next() => arrived.map(Some),
                () = shared.recheck.notified() => Ok(None),
            };
            let asked = matches!(arrived, Ok(None));
            match arrived {
                Ok(arrived) => self.take(arrived),
                Err(trouble) => {
                    // What is written from now on may come after what was never read here.
                    if self.at.fingerprint.is_some() {
                        shared.begin_epoch();
                    }
                    return trouble;
                }
            }
            if (asked || self.compared.elapsed() >= RECHECK_INTERVAL)
                && let Err(trouble) = self.compare().await
            {
                return trouble;
            }
        }
    }

    fn take(&mut self, arrived: Option<Vec<ReceivedRecord>>) {
        let Some(arrived) = arrived else { return };
        let last = arrived
            .last()
            .map(|last| StreamCursor { seq: last.seq, fingerprint: Some(last.fingerprint) });
        // Something new, or the word that there is nothing.
        if last.is_none_or(|last| last.seq > self.at.seq) {
            self.less_since = None;
        }
        self.at = last.unwrap_or(self.at);
        self.shared.announce(arrived);
        self.notice_all_is_read();
    }

    fn notice_all_is_read(&mut self) {
        if let Some((at, _)) = self.ended.take_if(|(_, last)| *last <= self.at.seq) {
            self.shared.sure(at);
        }
    }

    /// Whether the record read last is still the one that the stream has, and whether it has more.
    async fn compare(&mut self) -> Result<(), StreamReadError> {
        self.compared = Instant::now();
        let streams = &self.shared.streams;
        // Says too whether it is replicated now.
        let state = match streams.look_from(self.at).await {
            Ok(state) => state,
            // Whether the servers can be reached is found out by reading.
            Err(StreamStatus::Unreachable(_)) => return Ok(()),
            Err(look) => return Err(look.into()),
        };
        if let Some(read) = self.at.fingerprint {
            match streams.fingerprint(self.at.seq.0).await {
                Ok(Some(fingerprint)) if fingerprint != read => {
                    return Err(StreamReadError::Diverged(
                        "another record has the number of one read",
                    ));
                }
                Ok(None) if state.last_sequence < self.at.seq.0 => {
                    return Err(StreamReadError::Truncated("it ends before what was read"));
                }
                Ok(_) => {}
                Err(_) => return Ok(()),
            }
        }
        self.ended = Some((self.compared, Seq(state.last_sequence)));
        self.notice_all_is_read();
        Ok(())
    }

    fn is_over(&mut self, trouble: StreamReadError) -> Option<&'static str> {
        match trouble {
            StreamReadError::Interrupted(_) => None,
            StreamReadError::Diverged(why) => Some(why),
            StreamReadError::Truncated(why) => {
                let since = self.less_since.get_or_insert_with(Instant::now);
                (since.elapsed() >= TRUNCATION_GRACE).then_some(why)
            }
        }
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(20);

const MAX_PAUSE: Duration = Duration::from_secs(1);
