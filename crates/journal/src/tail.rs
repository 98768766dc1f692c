//! How followers learn that there is something new: a watched value, set after the records are
//! where followers look for them.

use tokio::sync::watch;

use crate::{Seq, StorageError};

/// What a follower that has read everything waits on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TailState {
    pub(crate) tail: Seq,
    pub(crate) closed: bool,
}

/// The announcing end.
pub(crate) fn channel(tail: Seq) -> watch::Sender<TailState> {
    watch::Sender::new(TailState { tail, closed: false })
}

/// Waits for a change since the value was last looked at.
pub(crate) async fn changed(receiver: &mut watch::Receiver<TailState>) -> Result<(), StorageError> {
    receiver.changed().await.map_err(|_| StorageError::Closed)
}
