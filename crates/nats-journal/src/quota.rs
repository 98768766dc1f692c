//! The limit [`JournalOptions::max_bytes`], checked before a record is sent.

use journal::{JournalOptions, StorageError};

use crate::error::{StreamStatus, to_cause};
use crate::queue::{OutgoingRecord, PendingAppend};
use crate::shared::NatsShared;

/// Fails the appends that would exceed [`JournalOptions::max_bytes`] and returns the others.
pub(crate) async fn reject_oversized(
    shared: &NatsShared,
    options: &JournalOptions,
    appends: Vec<PendingAppend>,
) -> Vec<PendingAppend> {
    let Some(limit) = options.max_bytes else { return appends };
    let mut used_bytes = match used_bytes(shared).await {
        Ok(used_bytes) => used_bytes,
        Err(e) => {
            appends.into_iter().for_each(|append| drop(append.reply.send(Err(e.clone().into()))));
            return Vec::new();
        }
    };
    let mut accepted = Vec::new();
    for append in appends {
        let append_bytes: u64 = append.records.iter().map(stored_bytes).sum();
        match check_space(shared, used_bytes + append_bytes, limit) {
            Ok(()) => {
                used_bytes += append_bytes;
                accepted.push(append);
            }
            Err(e) => drop(append.reply.send(Err(e.into()))),
        }
    }
    accepted
}

pub(crate) async fn used_bytes(shared: &NatsShared) -> Result<u64, StorageError> {
    shared.connection.wait_connected().await.map_err(|e| shared.storage(e))?;
    match shared.streams.state().await {
        // The tailer decides if a recreated stream is still the same.
        Ok(state) | Err(StreamStatus::Recreated(state)) => Ok(state.bytes),
        Err(status) => Err(shared.storage(status.into())),
    }
}

pub(crate) fn check_space(
    shared: &NatsShared,
    wanted: u64,
    limit: u64,
) -> Result<(), StorageError> {
    if wanted <= limit {
        return Ok(());
    }
    let source = to_cause(format!("{wanted} bytes would be in use, the limit is {limit}"));
    Err(StorageError::NoSpace { journal: shared.journal.clone(), source })
}

/// Approximate size of a record in the stream.
fn stored_bytes(record: &OutgoingRecord) -> u64 {
    (record.payload.len() + record.subject.len() + record.id.len() + RECORD_OVERHEAD_BYTES) as u64
}

/// Approximate size of the headers and of the file's own data per record.
const RECORD_OVERHEAD_BYTES: usize = 150;
