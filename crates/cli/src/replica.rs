//! A server that is one of several replicas on NATS: it waits for its journal at start, and restarts when the
//! journal is replaced.

use std::time::Duration;

use anyhow::{Error, Result};
use engine::Engine;
use journal::{AppendError, FollowError, JournalOptions, OpenError, StorageError};
use nats_journal::{NatsConfig, NatsJournal};
use sd_notify::NotifyState;
use server::{App, Settings};
use tokio::sync::watch;

use crate::listen::{self, ListenPlan, ServerExit, notify_service_manager};
use crate::serve::admin_args::{AdminPlan, AdminServer};
use crate::served_feeds::ServedFeeds;

/// Delay before another attempt to open the journal, in addition to the attempt's own timeouts.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// Serves until a signal. When the journal no longer matches what was read from it, ends all streams and
/// starts again; the followers reconnect and get the new contents.
pub(crate) async fn serve(
    mut listen: ListenPlan,
    admin: &AdminPlan,
    config: &NatsConfig,
    options: JournalOptions,
    settings: Settings,
    feeds: &ServedFeeds,
) -> Result<()> {
    let mut admin_server = None;
    loop {
        let listeners = listen.open(&settings.access).await?;
        notify_service_manager(NotifyState::Ready);
        let admin_server = match &mut admin_server {
            Some(server) => server,
            none => none.insert(admin.start(&listeners)?),
        };
        let waiting = format!("waiting for the journal {config}");
        admin_server.show_start(waiting.clone());
        let (reason_sender, reason) = watch::channel(waiting);
        let stop = listen::stop_signal()?;
        let opening = async {
            tokio::select! {
                app = open(config, &options, &settings, &reason_sender, admin_server) => app.map(Some),
                () = stop => Ok(None),
            }
        };
        let opened = server::serve_until_ready(&listeners, &settings, reason, opening).await?;
        let Some(app) = opened else { return Ok(()) };
        listen.watch_certificate(app.engine().metrics());
        let running_feeds = feeds.start(app.engine())?;
        match listen::serve_until_stopped(listeners, admin_server, app, running_feeds).await? {
            ServerExit::Signal => return Ok(()),
            ServerExit::JournalEnded => {
                tracing::warn!("the journal was replaced or failed, restarting");
            }
        }
    }
}

/// Opens the journal and starts an engine on it, retrying for as long as NATS is unavailable.
async fn open(
    config: &NatsConfig,
    options: &JournalOptions,
    settings: &Settings,
    reason: &watch::Sender<String>,
    admin: &AdminServer,
) -> Result<App> {
    loop {
        let opened = async {
            let journal = NatsJournal::open(config, options.clone()).await?;
            let (window_bytes, limits) = (settings.window_bytes, settings.engine_limits);
            let engine = Engine::start_with_limits(journal, window_bytes, limits).await?;
            Ok::<_, Error>(App::new(engine, settings.clone()))
        };
        let error = match opened.await {
            Err(error) if is_transient(&error) => format!("{error:#}"),
            opened => return opened,
        };
        tracing::warn!("{error}; trying again");
        admin.show_start(error.clone());
        reason.send_replace(error);
        tokio::time::sleep(RETRY_INTERVAL).await;
    }
}

/// True if opening may succeed later: NATS failed, or the journal changed while it was read.
fn is_transient(error: &Error) -> bool {
    error.chain().any(|cause| {
        matches!(cause.downcast_ref(), Some(OpenError::Storage(_)))
            || cause.is::<StorageError>()
            || cause.is::<FollowError>()
            || cause.is::<AppendError>()
    })
}
