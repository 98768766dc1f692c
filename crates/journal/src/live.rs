//! How followers learn that there is something new: a watched value, set after the records are
//! where followers look for them.

use tokio::sync::watch;

use crate::{Error, Seq};

/// What a follower that has read everything waits on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Live {
    pub(crate) tail: Seq,
    pub(crate) closed: bool,
}

/// The announcing end.
pub(crate) fn at(tail: Seq) -> watch::Sender<Live> {
    watch::Sender::new(Live { tail, closed: false })
}

/// Waits for a change since the value was last looked at.
pub(crate) async fn changed(live: &mut watch::Receiver<Live>) -> Result<(), Error> {
    live.changed().await.map_err(|_| Error::Closed)
}
