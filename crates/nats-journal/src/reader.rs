//! One continuous read of the stream from a cursor: stored records first, then new ones as the servers push
//! them. A gap or a mismatch ends the read; the caller starts another from its last record.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, push};
use async_nats::{Client, Message, StatusCode, Subscriber, jetstream};
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use journal::{MAX_BATCH_BYTES, MAX_BATCH_RECORDS, Record, Seq};

use crate::connection::NatsConnection;
use crate::cursor::StreamCursor;
use crate::error::{StreamReadError, to_cause};
use crate::headers::{Fingerprint, RecordHeaders};
use crate::streams::JournalStreams;

/// A record with the message that delivered it.
pub(crate) struct ReceivedRecord {
    pub(crate) seq: Seq,
    pub(crate) fingerprint: Fingerprint,
    message: Message,
}

impl ReceivedRecord {
    pub(crate) fn headers(&self, preceding: journal::Epoch) -> RecordHeaders {
        RecordHeaders::decode(self.message.headers.as_ref(), self.fingerprint, preceding)
    }

    pub(crate) fn into_record(self, headers: RecordHeaders) -> Record {
        Record { seq: self.seq, time: headers.time, payload: self.message.payload }
    }

    /// Also returns the number of the delivery.
    fn parse(
        message: Message,
        connection: &NatsConnection,
    ) -> Result<(Self, u64), StreamReadError> {
        let message = jetstream::Message { context: connection.jetstream.clone(), message };
        let info = message.info().map_err(|e| StreamReadError::Interrupted(to_cause(e)))?;
        let seq = Seq(info.stream_sequence);
        let fingerprint = Fingerprint::from_time(info.published);
        let delivery = info.consumer_sequence;
        Ok((ReceivedRecord { seq, fingerprint, message: message.message }, delivery))
    }
}

pub(crate) struct StreamReader {
    connection: NatsConnection,
    messages: Subscriber,
    cursor: StreamCursor,
    /// Number of the last delivery.
    delivered: u64,
    /// Set until the record at the cursor has been delivered and compared.
    overlaps: bool,
}

impl StreamReader {
    /// Starts at the last record read, if it is still stored: it must be the same record.
    pub(crate) async fn begin(
        connection: &NatsConnection,
        streams: &JournalStreams,
        cursor: StreamCursor,
    ) -> Result<Self, StreamReadError> {
        let state = streams.state_at(cursor).await?;
        if state.last_sequence < cursor.seq.0 {
            return Err(StreamReadError::Truncated("the stream ends before the last record read"));
        }
        let overlaps = cursor.seq > Seq::ZERO && state.first_sequence <= cursor.seq.0;
        // If the last record read is gone, nothing shows that the next one follows it.
        let is_pruned = !overlaps && cursor.fingerprint.is_some();
        if is_pruned || state.first_sequence > cursor.seq.next().0 {
            return Err(StreamReadError::Diverged("records were removed before they were read"));
        }
        let start_sequence = if overlaps { cursor.seq.0 } else { cursor.seq.next().0 };
        // Subscribe before creating the consumer, so that no delivery is missed.
        let inbox = connection.client.new_inbox();
        let messages = connection.client.subscribe(inbox.clone()).await.map_err(interrupted)?;
        let consumer = push::Config {
            deliver_subject: inbox,
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence },
            ack_policy: AckPolicy::None,
            flow_control: true,
            idle_heartbeat: IDLE_HEARTBEAT,
            num_replicas: 1,
            memory_storage: true,
            ..push::Config::default()
        };
        streams.records.create_consumer(consumer).await.map_err(interrupted)?;
        let connection = connection.clone();
        Ok(StreamReader { connection, messages, cursor, delivered: 0, overlaps })
    }

    /// Returns the next records, or none after a heartbeat. Cancel safe.
    pub(crate) async fn next(&mut self) -> Result<Vec<ReceivedRecord>, StreamReadError> {
        let waited = tokio::time::timeout(MAX_SILENCE, self.messages.next()).await;
        let mut message = waited.map_err(|_| interrupted_by("no message or heartbeat arrived"))?;
        let mut batch = Vec::new();
        let mut bytes = 0;
        loop {
            let received = message.ok_or_else(|| interrupted_by("the subscription ended"))?;
            if let Some(record) = self.handle_message(received)? {
                bytes += record.message.payload.len();
                batch.push(record);
            }
            if batch.len() == MAX_BATCH_RECORDS || bytes >= MAX_BATCH_BYTES {
                return Ok(batch);
            }
            // Adds the messages that have already arrived, without waiting for more.
            match self.messages.next().now_or_never() {
                Some(next) => message = next,
                None => return Ok(batch),
            }
        }
    }

    fn handle_message(
        &mut self,
        message: Message,
    ) -> Result<Option<ReceivedRecord>, StreamReadError> {
        match message.status {
            None => self.handle_record(message),
            Some(StatusCode::IDLE_HEARTBEAT) => self.handle_heartbeat(&message).map(|()| None),
            Some(status) => {
                Err(interrupted_by(format!("the servers ended the delivery: {status}")))
            }
        }
    }

    fn handle_record(
        &mut self,
        message: Message,
    ) -> Result<Option<ReceivedRecord>, StreamReadError> {
        let (record, delivery) = ReceivedRecord::parse(message, &self.connection)?;
        // Deliveries are numbered without gaps, so a jump means a lost message, not a missing record.
        if delivery != self.delivered + 1 {
            return Err(missed_delivery());
        }
        self.delivered = delivery;
        if std::mem::take(&mut self.overlaps) {
            let is_same = record.seq == self.cursor.seq
                && self.cursor.fingerprint.is_none_or(|read| read == record.fingerprint);
            if !is_same {
                return Err(StreamReadError::Diverged(
                    "the number of the last record read belongs to another record",
                ));
            }
            return Ok(Some(record));
        }
        if record.seq != self.cursor.seq.next() {
            // All deliveries arrived, so the servers themselves have a gap.
            return Err(StreamReadError::Truncated("the stream has a gap"));
        }
        self.cursor = StreamCursor { seq: record.seq, fingerprint: Some(record.fingerprint) };
        Ok(Some(record))
    }

    /// A heartbeat carries the number of the last delivery, and may ask for a flow control response.
    fn handle_heartbeat(&self, message: &Message) -> Result<(), StreamReadError> {
        let header = |name: &str| message.headers.as_ref().and_then(|headers| headers.get(name));
        let last_delivery: Option<u64> =
            header(LAST_DELIVERY_HEADER).and_then(|value| value.as_str().parse().ok());
        if last_delivery.is_some_and(|last| last != self.delivered) {
            return Err(missed_delivery());
        }
        let stalled = header(STALLED_HEADER).map(|value| value.as_str().to_owned());
        for subject in message.reply.as_deref().map(str::to_owned).into_iter().chain(stalled) {
            send_flow_control(&self.connection.client, subject);
        }
        Ok(())
    }
}

/// Asks the servers to send more. If this message is lost they fall silent, and the read ends after
/// [`MAX_SILENCE`].
fn send_flow_control(client: &Client, subject: String) {
    let client = client.clone();
    tokio::spawn(async move {
        let _ = client.publish(subject, Bytes::new()).await;
    });
}

fn missed_delivery() -> StreamReadError {
    interrupted_by("a delivery was missed")
}

fn interrupted(error: impl std::error::Error + Send + Sync + 'static) -> StreamReadError {
    StreamReadError::Interrupted(to_cause(error))
}

fn interrupted_by(reason: impl Into<String>) -> StreamReadError {
    StreamReadError::Interrupted(to_cause(reason.into()))
}

/// Interval of the servers' heartbeats while there are no records.
const IDLE_HEARTBEAT: Duration = Duration::from_millis(500);

/// Maximum time without any message before the read ends.
const MAX_SILENCE: Duration = Duration::from_secs(2);

const LAST_DELIVERY_HEADER: &str = "Nats-Last-Consumer";

const STALLED_HEADER: &str = "Nats-Consumer-Stalled";

#[cfg(test)]
mod tests {
    use testkit::nats::NatsServer;

    use super::*;
    use crate::config::NatsConfig;

    #[tokio::test]
    async fn read_starts_at_last_record() {
        let server = NatsServer::start();
        let config = NatsConfig::new(server.url().parse().unwrap());
        let connection = NatsConnection::connect(&config, 1).await.unwrap();
        let streams = JournalStreams::open(&connection.jetstream, &config).await.unwrap();
        for _ in 0..3 {
            let ack = connection.jetstream.publish("flightboard.x", Bytes::new()).await;
            ack.unwrap().await.unwrap();
        }
        let read_first = async |seq, fingerprint| {
            let cursor = StreamCursor { seq, fingerprint };
            let mut reader = StreamReader::begin(&connection, &streams, cursor).await?;
            loop {
                if let Some(first) = reader.next().await?.first() {
                    return Ok(first.seq);
                }
            }
        };
        let same = streams.fingerprint(2).await.unwrap();
        let other = streams.fingerprint(1).await.unwrap();
        for (seq, fingerprint, expected) in
            [(Seq::ZERO, None, Seq(1)), (Seq(2), None, Seq(2)), (Seq(2), same, Seq(2))]
        {
            let first: Result<Seq, StreamReadError> = read_first(seq, fingerprint).await;
            assert_eq!(first.unwrap(), expected, "{fingerprint:?}");
        }
        let first = read_first(Seq(2), other).await;
        assert!(matches!(first, Err(StreamReadError::Diverged(_))), "{first:?}");
    }
}
