//! A server that is one of several, on NATS: it waits for its journal, and begins again when that is
//! another.

use std::time::Duration;

use anyhow::{Error, Result};
use engine::Engine;
use journal::{AppendError, FollowError, JournalOptions, OpenError, StorageError};
use nats_journal::{NatsConfig, NatsJournal};
use server::{App, Settings};
use tokio::sync::watch;

use crate::listen::{self, Ended};

/// Pause before what failed is tried again. Opening a journal waits longer than that by itself.
const AGAIN: Duration = Duration::from_secs(1);

/// Serves until it is stopped. When the stream is not any more what was read of it, its followers are let
/// go, and come back to what it is then.
pub(crate) async fn serve(
    listen: &str,
    place: &NatsConfig,
    options: JournalOptions,
    settings: Settings,
) -> Result<()> {
    let mut address = listen.to_owned();
    loop {
        let listener = listen::bind(&address).await?;
        address = listener.local_addr()?.to_string();
        let (told, reason) = watch::channel(format!("the server waits for the journal {place}"));
        let stop = listen::stop()?;
        let opening = async {
            tokio::select! {
                app = open(place, &options, &settings, &told) => app.map(Some),
                () = stop => Ok(None),
            }
        };
        let opened = server::serve_until_ready(&listener, &settings, reason, opening).await?;
        let Some(app) = opened else { return Ok(()) };
        match listen::serve_until_stopped(listener, app).await? {
            Ended::Stopped => return Ok(()),
            Ended::Replaced => tracing::warn!("beginning again with what the journal is now"),
        }
    }
}

/// However long it takes until NATS is there.
async fn open(
    place: &NatsConfig,
    options: &JournalOptions,
    settings: &Settings,
    reason: &watch::Sender<String>,
) -> Result<App> {
    loop {
        let opened = async {
            let journal = NatsJournal::open(place, options.clone()).await?;
            let engine = Engine::start(journal, settings.window_bytes).await?;
            Ok::<_, Error>(App::new(engine, settings.clone()))
        };
        let error = match opened.await {
            Err(error) if is_transient(&error) => format!("{error:#}"),
            opened => return opened,
        };
        tracing::warn!("{error}; trying again");
        reason.send_replace(error);
        tokio::time::sleep(AGAIN).await;
    }
}

/// Whether opening may succeed later: NATS failed, or the journal changed while it was read.
fn is_transient(error: &Error) -> bool {
    error.chain().any(|cause| {
        matches!(cause.downcast_ref(), Some(OpenError::Storage(_)))
            || cause.is::<StorageError>()
            || cause.is::<FollowError>()
            || cause.is::<AppendError>()
    })
}
