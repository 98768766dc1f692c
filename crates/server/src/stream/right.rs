//! The right of a stream to a board, which may end before the stream.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use access::{Credentials, Grant, Refusal};
use fanout::Channel;
use jiff::Timestamp;
use tokio::sync::watch;

/// The grant of a credential, watched for its end and its removal.
pub(crate) struct StreamRight {
    credentials: Credentials,
    grant: Grant,
    revision: watch::Receiver<u64>,
    /// The revision of the credentials at which the grant was valid last.
    checked_revision: AtomicU64,
}

/// Ends a stream: its right ends, or its board becomes private or public.
#[derive(Clone)]
pub(crate) struct StreamRevocation {
    channel: Arc<Channel>,
    /// `None` for a public board.
    right: Option<Arc<StreamRight>>,
}

impl StreamRight {
    /// The right that `token` gives to a client at `address`.
    pub(crate) async fn verify(
        credentials: &Credentials,
        address: Option<IpAddr>,
        token: &str,
    ) -> Result<Self, Refusal> {
        let revision = credentials.revision();
        // Before the token is looked up: a change during that is noticed afterwards.
        let checked_revision = AtomicU64::new(*revision.borrow());
        let grant = credentials.verify_from(address, token, Timestamp::now()).await?;
        Ok(Self { credentials: credentials.clone(), grant, revision, checked_revision })
    }

    pub(crate) fn grant(&self) -> &Grant {
        &self.grant
    }

    /// True once the credential has expired, or is not the one that it was. Cheap until then: the reactor asks for
    /// each follower several times a second.
    pub(super) fn has_ended(&self) -> bool {
        let now = Timestamp::now();
        if self.grant.expires.is_some_and(|expires| expires <= now) {
            return true;
        }
        let revision = *self.revision.borrow();
        if revision == self.checked_revision.load(Ordering::Relaxed) {
            return false;
        }
        let is_valid = self.credentials.still_valid(&self.grant, now);
        if is_valid {
            self.checked_revision.store(revision, Ordering::Relaxed);
        }
        !is_valid
    }

    /// Waits until [`StreamRight::has_ended`].
    async fn ended(&self) {
        let mut revision = self.revision.clone();
        loop {
            revision.mark_unchanged();
            if self.has_ended() {
                return;
            }
            tokio::select! {
                () = self.expiry() => {}
                // Fails only if the credentials are gone, which this right has.
                _ = revision.changed() => {}
            }
        }
    }

    async fn expiry(&self) {
        let Some(expires) = self.grant.expires else { return std::future::pending().await };
        let rest = expires.duration_since(Timestamp::now());
        tokio::time::sleep(Duration::try_from(rest).unwrap_or_default()).await;
    }
}

impl StreamRevocation {
    pub(super) fn new(channel: &Arc<Channel>, right: Option<Arc<StreamRight>>) -> Self {
        Self { channel: Arc::clone(channel), right }
    }

    /// Waits until the stream has to end.
    pub(crate) async fn happened(&self) {
        tokio::select! {
            () = self.channel.revoked() => {}
            () = ended(self.right.as_deref()) => {}
        }
    }
}

/// Waits until the right has ended. Without one, it never completes.
pub(super) async fn ended(right: Option<&StreamRight>) {
    match right {
        Some(right) => right.ended().await,
        None => std::future::pending().await,
    }
}

impl fmt::Debug for StreamRight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamRight").field("name", &self.grant.name).finish_non_exhaustive()
    }
}
