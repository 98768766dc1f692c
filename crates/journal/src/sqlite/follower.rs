use std::sync::Arc;

use tokio::sync::watch;

use super::reader::{self, BatchRead};
use super::shared::SqliteShared;
use crate::error::{FollowError, StorageError};
use crate::tail::{self, TailState};
use crate::{Follow, Record, Seq};

/// Follows a [`SqliteJournal`](super::SqliteJournal).
#[derive(Debug)]
pub struct SqliteFollower {
    after: Seq,
    shared: Arc<SqliteShared>,
    tail_state: watch::Receiver<TailState>,
}

impl SqliteFollower {
    pub(super) fn new(after: Seq, shared: Arc<SqliteShared>) -> Self {
        let tail_state = shared.tail_state.subscribe();
        SqliteFollower { after, shared, tail_state }
    }

    async fn read_history(&self, tail: Seq) -> Result<Vec<Record>, FollowError> {
        let after = self.after;
        match self.shared.read(move |db| reader::read_batch(db, after, tail)).await? {
            BatchRead::Records(records) => Ok(records),
            BatchRead::Pruned { kept_after } => Err(FollowError::Pruned { after, kept_after }),
        }
    }
}

impl Follow for SqliteFollower {
    async fn next(&mut self) -> Result<Vec<Record>, FollowError> {
        loop {
            let TailState { tail, closed } = *self.tail_state.borrow_and_update();
            if self.after < tail {
                let recent = self.shared.recent().after(self.after);
                let batch = match recent {
                    Some(batch) => batch,
                    None if closed => return Err(StorageError::Closed.into()),
                    None => self.read_history(tail).await?,
                };
                // Nothing moves before the last await, so a dropped future loses no record.
                self.after = batch.last().map_or(self.after, |record| record.seq);
                return Ok(batch);
            }
            if closed {
                return Err(StorageError::Closed.into());
            }
            tail::changed(&mut self.tail_state).await?;
        }
    }
}
