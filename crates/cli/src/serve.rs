//! `flightboard serve`: the server.

/// Flags for the listener of administrators.
pub(crate) mod admin_args;

/// Flags for origins and hosts.
pub(crate) mod origin_args;

/// Flags for the rights to publish.
pub(crate) mod access_args;

/// Flags for https.
mod tls_args;

/// Flags that limit boards and publishers.
mod engine_limit_args;

/// Flags that limit one client.
mod limit_args;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use engine::Engine;
use journal::{Journal, MemoryJournal, SqliteJournal};
use server::{App, BasePath, Settings};

use self::access_args::AccessArgs;
use self::admin_args::{AdminArgs, AdminPlan};
use self::engine_limit_args::EngineLimitArgs;
use crate::feed_settings::FeedList;
use crate::journal_args::{JournalArgs, JournalKind};
use crate::listen::{self, ListenPlan};
use crate::serve::origin_args::OriginArgs;
use crate::serve::tls_args::TlsArgs;
use crate::served_feeds::ServedFeeds;
use crate::{flag_values, open_files, replica, runtime, stdout};
use limit_args::LimitArgs;

/// Run the server: store timetables, accept updates, and push every change to every screen.
#[derive(Args)]
pub(crate) struct Serve {
    /// Address and port to listen on.
    #[arg(long, env = "FLIGHTBOARD_LISTEN", default_value = "127.0.0.1:5000")]
    listen: String,
    /// Path below which a proxy passes requests on, such as /board; all URLs are below it.
    #[arg(long, env = "FLIGHTBOARD_BASE_PATH", value_name = "PATH", default_value = "/")]
    base_path: BasePath,
    #[command(flatten)]
    admin_args: AdminArgs,
    #[command(flatten)]
    journal_args: JournalArgs,
    #[command(flatten)]
    access_args: AccessArgs,
    #[command(flatten)]
    origin_args: OriginArgs,
    /// Memory per board for recent events, from which returning screens catch up.
    #[arg(long, env = "FLIGHTBOARD_WINDOW", value_name = "SIZE", default_value = "8MiB",
          value_parser = flag_values::bytes_in_memory)]
    window: usize,
    /// Maximum number of streams; further ones are asked to return later.
    #[arg(long, env = "FLIGHTBOARD_MAX_FOLLOWERS", value_name = "N", default_value_t = 15_000)]
    max_followers: usize,
    /// Maximum number of streams that play the past; further ones are asked to return later.
    #[arg(long, env = "FLIGHTBOARD_PLAYBACKS", value_name = "N", default_value_t = 50)]
    playbacks: usize,
    #[command(flatten)]
    engine_limit_args: EngineLimitArgs,
    /// Time after which a screen that reads nothing is disconnected.
    #[arg(long, env = "FLIGHTBOARD_STALL_TIMEOUT", default_value = "5m",
          value_parser = flags::duration)]
    stall_timeout: Duration,
    #[command(flatten)]
    tls_args: TlsArgs,
    /// Maximum duration of a stop, over which the server spreads the ends of its streams.
    #[arg(long, env = "FLIGHTBOARD_DRAIN", default_value = "10s", value_parser = flags::duration)]
    drain: Duration,
    /// Threads that write to screens (by default half the number of cores); 0 runs a task per screen
    /// instead.
    #[arg(long, env = "FLIGHTBOARD_REACTOR_THREADS", value_name = "N",
          value_parser = flag_values::reactor_threads)]
    reactor_threads: Option<usize>,
    /// Write to many screens with one system call, by io_uring. Where the kernel lacks or forbids it, the
    /// server logs this and writes to one screen at a time.
    #[arg(long, env = "FLIGHTBOARD_IO_URING")]
    io_uring: bool,
    #[command(flatten)]
    limit_args: LimitArgs,
    /// Airport to show, such as avinor/OSL; repeatable. Keys follow after commas, such as
    /// avinor/OSL,kind=arrivals.
    #[arg(long, env = "FLIGHTBOARD_FEED", value_name = "SOURCE/AIRPORT")]
    feed: Vec<FeedList>,
    /// File with flags by their names, and with feeds, in TOML.
    #[arg(long, env = "FLIGHTBOARD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Check the settings and the files that they name, and exit without starting the server.
    #[arg(long, env = "FLIGHTBOARD_CHECK")]
    check: bool,
}

impl Serve {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let history = self.journal_args.history();
        let (kind, options) = self.journal_args.parse()?;
        let feeds = ServedFeeds::new(self.feed, self.config.as_deref())?;
        let mut listen = ListenPlan::new(self.listen);
        listen.inherit()?;
        let admin = self.admin_args.plan();
        let default = Settings::default();
        let access = self.access_args.settings()?;
        let settings = Settings {
            base_path: self.base_path,
            reactor_threads: self.reactor_threads.unwrap_or(default.reactor_threads),
            origins: self.origin_args.settings(access.host_rule()),
            access,
            window_bytes: self.window,
            history,
            max_followers: self.max_followers,
            max_playbacks: self.playbacks,
            engine_limits: self.engine_limit_args.limits(),
            io_uring: self.io_uring,
            admin_access: admin.access(),
            webhooks: feeds.webhooks(),
            stall_timeout: self.stall_timeout,
            drain: self.drain,
            tls: self.tls_args.settings(),
            limits: self.limit_args.into_limits(),
            ..default
        };
        // Before the journal is created.
        listen.check(&settings.access)?;
        if self.check {
            self.tls_args.check()?;
            admin.check()?;
            kind.check()?;
            stdout::print("the settings are valid\n")?;
            return Ok(ExitCode::SUCCESS);
        }
        runtime::reserving(settings.reactor_threads)?.block_on(async {
            listen.set_tls(self.tls_args.start()?);
            let settings = open_files::fit_to_limit(settings, listen.listeners())?;
            match kind {
                JournalKind::Nats(config) => {
                    replica::serve(listen, &admin, &config, options, settings, &feeds).await
                }
                JournalKind::Memory => {
                    serve(listen, &admin, MemoryJournal::new(options), settings, &feeds).await
                }
                JournalKind::File(file) => {
                    let journal = SqliteJournal::open(&file, options)?;
                    serve(listen, &admin, journal, settings, &feeds).await
                }
            }
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn serve(
    mut listen: ListenPlan,
    admin: &AdminPlan,
    journal: impl Journal,
    settings: Settings,
    feeds: &ServedFeeds,
) -> Result<()> {
    let listeners = listen.open(&settings.access).await?;
    let admin = admin.start(&listeners)?;
    let (window_bytes, limits) = (settings.window_bytes, settings.engine_limits);
    let engine = Engine::start_with_limits(journal, window_bytes, limits).await?;
    listen.watch_certificate(engine.metrics());
    let feeds = feeds.start(&engine)?;
    listen::serve_to_end(listeners, &admin, App::new(engine, settings), feeds).await
}
