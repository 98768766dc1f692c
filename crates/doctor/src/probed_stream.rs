//! A stream whose events have times of arrival.

use std::collections::VecDeque;
use std::time::Duration;

use reqwest::Response;
use sse::{DecodedEvent, Decoder};
use tokio::time::{Instant, timeout_at};

use crate::probe_client::describe;

/// Largest event that is read: a timetable of 20,000 rows has some 5 MB.
const MAX_EVENT_BYTES: usize = 64 * 1024 * 1024;

/// An open stream.
pub(crate) struct ProbedStream {
    response: Response,
    decoder: Decoder,
    ready: VecDeque<ArrivedEvent>,
    ended: Option<EndCause>,
    opened_at: Instant,
    last_byte_at: Instant,
    longest_silence: Duration,
}

/// An event with the time at which its last byte arrived.
#[derive(Debug, Clone)]
pub(crate) struct ArrivedEvent {
    pub(crate) at: Instant,
    pub(crate) event: DecodedEvent,
}

/// The way in which a stream ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EndCause {
    /// The body was complete.
    Complete,
    /// The connection broke.
    Broken(String),
}

/// The next step of a stream.
#[derive(Debug)]
pub(crate) enum StreamStep {
    Event(ArrivedEvent),
    Ended,
    Timeout,
}

impl ProbedStream {
    pub(crate) fn new(response: Response, requested_at: Instant) -> Self {
        Self {
            response,
            decoder: Decoder::new().with_max_event_bytes(MAX_EVENT_BYTES),
            ready: VecDeque::new(),
            ended: None,
            opened_at: requested_at,
            last_byte_at: Instant::now(),
            longest_silence: Duration::ZERO,
        }
    }

    /// The next event before the deadline.
    pub(crate) async fn next(&mut self, deadline: Instant) -> StreamStep {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return StreamStep::Event(event);
            }
            if self.ended.is_some() {
                return StreamStep::Ended;
            }
            match timeout_at(deadline, self.response.chunk()).await {
                Err(_) => return StreamStep::Timeout,
                Ok(Ok(Some(chunk))) => self.decode(&chunk),
                Ok(Ok(None)) => self.ended = Some(EndCause::Complete),
                Ok(Err(error)) => self.ended = Some(EndCause::Broken(describe(&error))),
            }
            self.note_silence();
        }
    }

    /// The cause of the end, `None` while the stream is open.
    pub(crate) fn end_cause(&self) -> Option<&EndCause> {
        self.ended.as_ref()
    }

    /// Time from the request until now.
    pub(crate) fn age(&self) -> Duration {
        self.opened_at.elapsed()
    }

    /// The longest time without a byte so far, up to the end of the stream.
    pub(crate) fn longest_silence(&self) -> Duration {
        self.longest_silence
    }

    /// The last `retry:` of the stream.
    pub(crate) fn retry(&self) -> Option<Duration> {
        self.decoder.retry()
    }

    fn decode(&mut self, chunk: &[u8]) {
        let at = Instant::now();
        for event in self.decoder.feed(chunk) {
            match event {
                Ok(event) => self.ready.push_back(ArrivedEvent { at, event }),
                Err(error) => self.ended = Some(EndCause::Broken(error.to_string())),
            }
        }
    }

    fn note_silence(&mut self) {
        let now = Instant::now();
        self.longest_silence = self.longest_silence.max(now - self.last_byte_at);
        self.last_byte_at = now;
    }
}
