//! Probes: a message to the probe stream, and a record that the servers have to reject.

use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use journal::{JournalOptions, PROBE_BYTES, StorageError};
use tokio::time::{Instant, timeout};

use crate::error::{PublishFailure, to_cause};
use crate::quota::{check_space, used_bytes};
use crate::shared::NatsShared;
use crate::timing::{APPEND_TIMEOUT, RESPONSE_TIMEOUT, RETRY_INTERVAL};

/// Checks that an append of [`PROBE_BYTES`] would succeed now, without adding a record.
pub(crate) async fn probe(
    shared: &NatsShared,
    options: &JournalOptions,
) -> Result<(), StorageError> {
    shared.check_open()?;
    if let Some(limit) = options.max_bytes {
        check_space(shared, used_bytes(shared).await? + PROBE_BYTES as u64, limit)?;
    }
    let deadline = Instant::now() + APPEND_TIMEOUT;
    loop {
        shared.connection.wait_connected().await.map_err(|e| shared.storage(e))?;
        let cause = match attempt_probe(shared).await {
            Ok(()) => return Ok(()),
            Err(PublishFailure::NoSpace(source)) => {
                return Err(StorageError::NoSpace { journal: shared.journal.clone(), source });
            }
            Err(PublishFailure::Conflict) => to_cause("the probe was rejected"),
            Err(PublishFailure::Rejected(cause) | PublishFailure::Unacknowledged(cause)) => cause,
        };
        if Instant::now() >= deadline {
            return Err(shared.storage(cause));
        }
        tokio::time::sleep(RETRY_INTERVAL).await;
    }
}

/// Writes to the probe stream, which has the same number of replicas and the same kind of storage as
/// the records. Then sends a record that the servers have to reject: the rejection shows that the stream
/// of records has a leader, and leaves no record.
async fn attempt_probe(shared: &NatsShared) -> Result<(), PublishFailure> {
    let streams = &shared.streams;
    let payload = Bytes::from_static(&[0; PROBE_BYTES]);
    publish(shared, streams.probe.clone(), PublishMessage::build().payload(payload)).await?;
    let rejected = PublishMessage::build().expected_last_sequence(IMPOSSIBLE_SEQ);
    match publish(shared, streams.default_subject(), rejected).await {
        Err(PublishFailure::Conflict) => Ok(()),
        other => other,
    }
}

async fn publish(
    shared: &NatsShared,
    subject: String,
    message: PublishMessage,
) -> Result<(), PublishFailure> {
    let response = shared.connection.jetstream.send_publish(subject, message).await?;
    match timeout(RESPONSE_TIMEOUT, response.into_future()).await {
        Ok(ack) => Ok(ack.map(drop)?),
        Err(e) => Err(PublishFailure::Unacknowledged(to_cause(e))),
    }
}

/// A number that no stream reaches: the servers parse it as a signed integer.
const IMPOSSIBLE_SEQ: u64 = i64::MAX as u64;
