//! `flightboard serve`: the server.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use clap::builder::BoolishValueParser;
use engine::Engine;
use journal::{Journal, MemoryJournal, SqliteJournal};
use server::{AllowedOrigin, App, Settings};

use crate::keeping::{Keeping, Kept};
use crate::{files, listen, replica, runtime, values};

/// Keep timetables, take updates, and push every change to every screen.
#[derive(Args)]
pub(crate) struct Serve {
    /// Address and port to listen on.
    #[arg(long, env = "FLIGHTBOARD_LISTEN", default_value = "127.0.0.1:5000")]
    listen: String,
    #[command(flatten)]
    keeping: Keeping,
    /// Origin whose pages may read and publish, or * for all; may be given several times.
    #[arg(long, env = "FLIGHTBOARD_ALLOW_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    allow_origin: Vec<AllowedOrigin>,
    /// Size of the recent events of each board, from which a screen that was away is brought up
    /// to date.
    #[arg(long, env = "FLIGHTBOARD_WINDOW", value_name = "SIZE", default_value = "8MiB",
          value_parser = values::bytes_in_memory)]
    window: usize,
    /// Most streams at once; further ones are told to come back later.
    #[arg(long, env = "FLIGHTBOARD_MAX_FOLLOWERS", value_name = "N", default_value_t = 15_000)]
    max_followers: usize,
    /// How long a screen may take nothing of what it is sent before its connection is closed.
    #[arg(long, env = "FLIGHTBOARD_STALL_TIMEOUT", default_value = "5m",
          value_parser = values::duration)]
    stall_timeout: Duration,
    /// The longest that stopping may take; the ends of the streams are spread over it.
    #[arg(long, env = "FLIGHTBOARD_DRAIN", default_value = "10s", value_parser = values::duration)]
    drain: Duration,
    /// Threads that write to screens; 0 gives each screen a task of its own instead. Unless said,
    /// half as many as the machine has cores.
    #[arg(long, env = "FLIGHTBOARD_REACTOR_THREADS", value_name = "N",
          value_parser = values::reactor_threads)]
    reactor_threads: Option<usize>,
    /// Write to many screens with one call of the system, by io_uring. Where the system has none or
    /// does not allow it, this is logged and screens are written to one by one.
    #[arg(long, env = "FLIGHTBOARD_IO_URING", value_parser = BoolishValueParser::new())]
    io_uring: bool,
}

impl Serve {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let (kept, options) = self.keeping.read()?;
        let default = Settings::default();
        let settings = Settings {
            reactor_threads: self.reactor_threads.unwrap_or(default.reactor_threads),
            allow_origins: self.allow_origin,
            window_bytes: self.window,
            max_followers: self.max_followers,
            io_uring: self.io_uring,
            stall_timeout: self.stall_timeout,
            drain: self.drain,
            ..default
        };
        runtime::beside(settings.reactor_threads)?.block_on(async {
            let settings = files::fit(settings);
            match kept {
                Kept::Nats(place) => replica::serve(&self.listen, &place, options, settings).await,
                Kept::Memory => serve(&self.listen, MemoryJournal::new(options), settings).await,
                Kept::File(file) => {
                    serve(&self.listen, SqliteJournal::open(&file, options)?, settings).await
                }
            }
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

async fn serve(listen: &str, journal: impl Journal, settings: Settings) -> Result<()> {
    let listener = listen::bind(listen).await?;
    let engine = Engine::start(journal, settings.window_bytes).await?;
    listen::serve_until_stopped(listener, App::new(engine, settings)).await.map(drop)
}
