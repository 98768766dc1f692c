//! The tail that followers watch. A journal sets it after the records are where followers look for them.

use tokio::sync::watch;

use crate::{Seq, StorageError};

/// The state that a follower waits on once it has read all records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TailState {
    pub(crate) tail: Seq,
    pub(crate) closed: bool,
}

/// Creates the sender. Followers subscribe to it.
pub(crate) fn channel(tail: Seq) -> watch::Sender<TailState> {
    watch::Sender::new(TailState { tail, closed: false })
}

/// Waits until the state changes after it was last read.
pub(crate) async fn changed(receiver: &mut watch::Receiver<TailState>) -> Result<(), StorageError> {
    receiver.changed().await.map_err(|_| StorageError::Closed)
}
