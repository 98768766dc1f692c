//! Waiting for NATS.

use anyhow::Result;
use journal::{Error, Options};
use nats::{NatsJournal, Place};

/// Opens the journal, however long it takes until NATS is there.
pub(super) async fn open(place: &Place, options: &Options) -> Result<NatsJournal> {
    loop {
        match NatsJournal::open(place, options.clone()).await {
            Err(error @ Error::Storage { .. }) => {
                tracing::warn!("{:#}; trying again", anyhow::Error::new(error));
            }
            opened => return Ok(opened?),
        }
    }
}
