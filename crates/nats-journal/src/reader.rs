//! One look at the stream, from a record on: history, then what is new, as the servers push it. Whatever
//! is not the next record ends the look, and whoever looks begins another at the last that it had.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, push};
use async_nats::{Client, Message, StatusCode, Subscriber, jetstream};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use journal::{Cause, MAX_BATCH_RECORDS, Record, Seq};

use crate::connection::NatsConnection;
use crate::cursor::StreamCursor;
use crate::error::to_cause;
use crate::headers::{Fingerprint, RecordHeaders};
use crate::streams::{JournalStreams, StreamStatus};

/// Why a look ended.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum StreamReadError {
    /// Nothing is wrong with the records.
    #[error("{0}")]
    Interrupted(Cause),
    /// The stream seems to have less than was read of it. It may be that a server has not yet all.
    #[error("{0}")]
    Truncated(&'static str),
    /// The stream has other records than were read of it.
    #[error("{0}")]
    Diverged(&'static str),
}

/// A record as it arrived, with what its journal does not show.
pub(crate) struct ReceivedRecord {
    pub(crate) seq: Seq,
    pub(crate) fingerprint: Fingerprint,
    message: Message,
}

impl ReceivedRecord {
    pub(crate) fn stamp(&self, before: journal::Epoch) -> RecordHeaders {
        RecordHeaders::read(self.message.headers.as_ref(), self.fingerprint, before)
    }

    pub(crate) fn into_record(self, stamp: RecordHeaders) -> Record {
        Record { seq: self.seq, time: stamp.time, payload: self.message.payload }
    }

    fn of(message: Message, connection: &NatsConnection) -> Result<(Self, u64), StreamReadError> {
        let message = jetstream::Message { context: connection.jetstream.clone(), message };
        let info = message.info().map_err(|e| StreamReadError::Interrupted(to_cause(e)))?;
        let (seq, fingerprint) = (Seq(info.stream_sequence), Fingerprint::of(info.published));
        let delivery = info.consumer_sequence;
        Ok((ReceivedRecord { seq, fingerprint, message: message.message }, delivery))
    }
}

pub(crate) struct StreamReader {
    connection: NatsConnection,
    messages: Subscriber,
    at: StreamCursor,
    /// How many messages the servers have sent.
    delivered: u64,
    /// Whether the record read last comes once more, to be compared.
    overlaps: bool,
}

impl StreamReader {
    /// Begins with the record that was read last, where there is one: it has to be the same.
    pub(crate) async fn begin(
        connection: &NatsConnection,
        streams: &JournalStreams,
        at: StreamCursor,
    ) -> Result<Self, StreamReadError> {
        let state = streams.look_from(at).await?;
        if state.last_sequence < at.seq.0 {
            return Err(StreamReadError::Truncated("it ends before what was read"));
        }
        let overlaps = at.seq > Seq::ZERO && state.first_sequence <= at.seq.0;
        if !overlaps && at.fingerprint.is_some() || state.first_sequence > at.seq.next().0 {
            return Err(StreamReadError::Diverged("records were let go before they were read"));
        }
        let start_sequence = if overlaps { at.seq.0 } else { at.seq.next().0 };
        let inbox = connection.client.new_inbox();
        let messages = connection.client.subscribe(inbox.clone()).await.map_err(cut)?;
        let consumer = push::Config {
            deliver_subject: inbox,
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence },
            ack_policy: AckPolicy::None,
            flow_control: true,
            idle_heartbeat: TOLD_EVERY,
            num_replicas: 1,
            memory_storage: true,
            ..push::Config::default()
        };
        streams.records.create_consumer(consumer).await.map_err(cut)?;
        Ok(StreamReader { connection: connection.clone(), messages, at, delivered: 0, overlaps })
    }

    /// The next records, or none where servers only said that there is nothing. Dropping the future
    /// loses nothing.
    pub(crate) async fn next(&mut self) -> Result<Vec<ReceivedRecord>, StreamReadError> {
        let silent = || StreamReadError::Interrupted(to_cause("nothing was heard of the stream"));
        let waited = tokio::time::timeout(SILENCE, self.messages.next()).await;
        let mut message = waited.map_err(|_| silent())?;
        let (mut batch, mut bytes) = (Vec::new(), 0);
        loop {
            let ended = || StreamReadError::Interrupted(to_cause("the connection was given up"));
            if let Some(arrived) = self.take(message.ok_or_else(ended)?)? {
                bytes += arrived.message.payload.len();
                batch.push(arrived);
            }
            if batch.len() == MAX_BATCH_RECORDS || bytes >= journal::MAX_BATCH_BYTES {
                return Ok(batch);
            }
            match self.messages.next().now_or_never() {
                Some(another) => message = another,
                None => return Ok(batch),
            }
        }
    }

    fn take(&mut self, message: Message) -> Result<Option<ReceivedRecord>, StreamReadError> {
        match message.status {
            None => self.take_record(message),
            Some(StatusCode::IDLE_HEARTBEAT) => self.take_heartbeat(&message).map(|()| None),
            Some(status) => Err(StreamReadError::Interrupted(to_cause(format!(
                "the servers ended it: {status}"
            )))),
        }
    }

    fn take_record(&mut self, message: Message) -> Result<Option<ReceivedRecord>, StreamReadError> {
        let (arrived, delivery) = ReceivedRecord::of(message, &self.connection)?;
        if delivery != self.delivered + 1 {
            return Err(missed());
        }
        self.delivered = delivery;
        if std::mem::take(&mut self.overlaps) {
            let same = arrived.seq == self.at.seq
                && self.at.fingerprint.is_none_or(|fingerprint| fingerprint == arrived.fingerprint);
            if !same {
                return Err(StreamReadError::Diverged(
                    "another record has the number of the one read last",
                ));
            }
            return Ok(Some(arrived));
        }
        if arrived.seq != self.at.seq.next() {
            // Nothing of what the servers sent was missed, so it is they who have a hole.
            return Err(StreamReadError::Truncated("records are missing in it"));
        }
        self.at = StreamCursor { seq: arrived.seq, fingerprint: Some(arrived.fingerprint) };
        Ok(Some(arrived))
    }

    /// Says how far the servers are, and may ask whether we are.
    fn take_heartbeat(&self, message: &Message) -> Result<(), StreamReadError> {
        let header = |name: &str| message.headers.as_ref().and_then(|headers| headers.get(name));
        let sent: Option<u64> = header(SENT).and_then(|value| value.as_str().parse().ok());
        if sent.is_some_and(|sent| sent != self.delivered) {
            return Err(missed());
        }
        let stalled = header(STALLED).map(|value| value.as_str().to_owned());
        for subject in message.reply.as_deref().map(str::to_owned).into_iter().chain(stalled) {
            answer(&self.connection.client, subject);
        }
        Ok(())
    }
}

/// Lets the servers send more. Where it does not reach them they fall silent, which is noticed.
fn answer(client: &Client, subject: String) {
    let client = client.clone();
    tokio::spawn(async move {
        let _ = client.publish(subject, Bytes::new()).await;
    });
}

fn missed() -> StreamReadError {
    StreamReadError::Interrupted(to_cause("a message of the servers did not arrive"))
}

fn cut(error: impl std::error::Error + Send + Sync + 'static) -> StreamReadError {
    StreamReadError::Interrupted(to_cause(error))
}

impl From<StreamStatus> for StreamReadError {
    fn from(look: StreamStatus) -> Self {
        match look {
            StreamStatus::NotFound => StreamReadError::Truncated("it is not there"),
            StreamStatus::Recreated(_) => StreamReadError::Diverged("it was made anew"),
            StreamStatus::Unreachable(cause) => StreamReadError::Interrupted(cause),
        }
    }
}

/// How often servers say that there is nothing.
const TOLD_EVERY: Duration = Duration::from_millis(500);

/// How long servers may say nothing at all.
const SILENCE: Duration = Duration::from_secs(2);

const SENT: &str = "Nats-Last-Consumer";

const STALLED: &str = "Nats-Consumer-Stalled";

#[cfg(test)]
mod tests {
    use testkit::nats::NatsServer;

    use crate::config::NatsConfig;

    use super::*;

    #[tokio::test]
    async fn a_look_begins_with_the_record_read_last_which_has_to_be_the_same() {
        let server = NatsServer::start();
        let config = NatsConfig::new(server.url().parse().unwrap());
        let connection = NatsConnection::connect(&config, 1).await.unwrap();
        let streams = JournalStreams::open(&connection.jetstream, &config).await.unwrap();
        for _ in 0..3 {
            let taken = connection.jetstream.publish("flightboard.x", Bytes::new()).await;
            taken.unwrap().await.unwrap();
        }
        let first = async |seq, fingerprint| {
            let mut reading =
                StreamReader::begin(&connection, &streams, StreamCursor { seq, fingerprint })
                    .await?;
            loop {
                if let Some(first) = reading.next().await?.first() {
                    return Ok(first.seq);
                }
            }
        };
        let (same, other) =
            (streams.fingerprint(2).await.unwrap(), streams.fingerprint(1).await.unwrap());
        for (seq, fingerprint, expected) in
            [(Seq::ZERO, None, Seq(1)), (Seq(2), None, Seq(2)), (Seq(2), same, Seq(2))]
        {
            let begun: Result<Seq, StreamReadError> = first(seq, fingerprint).await;
            assert_eq!(begun.unwrap(), expected, "{fingerprint:?}");
        }
        let begun = first(Seq(2), other).await;
        assert!(matches!(begun, Err(StreamReadError::Diverged(_))), "{begun:?}");
    }
}
