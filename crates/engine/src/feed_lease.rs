//! The lease of a board's feed. Of several servers on one journal, the holder polls the source.

use std::time::Duration;

use flight::{BoardName, Change, FeedClaim, Update};
use jiff::Timestamp;

use crate::engine::Engine;
use crate::publisher::PublishError;

impl Engine {
    /// Takes or renews the lease of the board's feed for `length`, and returns whether `holder` has it.
    /// Writes a record only if the lease is free or half of it has passed: so each renewal is one record,
    /// however many servers ask. Call it before each poll. Without other servers on the journal, the
    /// lease is not needed and always granted.
    ///
    /// # Errors
    /// The journal did not accept the claim: then another server may get the lease.
    pub async fn claim_feed(
        &self,
        board: &BoardName,
        holder: &str,
        length: Duration,
    ) -> Result<bool, PublishError> {
        if !self.is_shared() {
            return Ok(true);
        }
        if let Some(is_holder) = self.lease_without_claim(board, holder, length) {
            return Ok(is_holder);
        }
        let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        let claim = FeedClaim { holder: holder.to_owned(), millis };
        let update = Update::new(board.clone(), Change::ClaimFeed(claim));
        match self.publisher().publish_one(update).await? {
            Ok(_) => Ok(true),
            // Another server has it, or there is no such open board.
            Err(_) => Ok(false),
        }
    }

    /// Returns whether `holder` has the lease. `None` if only a record can tell.
    fn lease_without_claim(
        &self,
        board: &BoardName,
        holder: &str,
        length: Duration,
    ) -> Option<bool> {
        let lease = self.boards().read(|boards, _| boards.board(board)?.feed_lease().cloned())?;
        let left = Duration::try_from(lease.until.duration_since(Timestamp::now())).ok()?;
        if lease.holder == holder {
            (left > length / 2).then_some(true)
        } else {
            (!left.is_zero()).then_some(false)
        }
    }
}
