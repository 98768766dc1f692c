//! `flightboard demo`: two boards that live, nothing to set up.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use clap::builder::BoolishValueParser;
use engine::Engine;
use feeds::{Announcement, RepeatMode, Speed};
use flight::{BoardName, Change};
use journal::MemoryJournal;
use server::{AllowedOrigin, App, Settings};
use tokio::time::Instant;

use crate::{files, listen, runtime};

/// Show two boards that live: the sample and a real day. Nothing is kept.
#[derive(Args)]
pub(crate) struct Demo {
    /// Address and port to listen on.
    #[arg(long, env = "FLIGHTBOARD_LISTEN", default_value = "127.0.0.1:5000")]
    listen: String,
    /// How many times faster than real the day passes.
    #[arg(long, env = "FLIGHTBOARD_SPEED", default_value_t = Speed::MINUTE_PER_SECOND)]
    speed: Speed,
    /// Only the landing of one flight, then the sample's board is closed.
    #[arg(long, env = "FLIGHTBOARD_ONCE", value_parser = BoolishValueParser::new())]
    once: bool,
}

impl Demo {
    pub(crate) fn run(self) -> Result<ExitCode> {
        runtime::whole()?.block_on(self.serve())
    }

    async fn serve(self) -> Result<ExitCode> {
        let settings = Settings {
            allow_origins: vec![AllowedOrigin::Any],
            drain: Duration::from_secs(1),
            ..Settings::default()
        };
        let listener = listen::bind(&self.listen).await?;
        let settings = files::fit(settings);
        let engine = Engine::start(MemoryJournal::default(), settings.window_bytes).await?;
        let run = if self.once { RepeatMode::Once } else { RepeatMode::Forever };
        let [main, jfk] = ["main", "jfk"].map(BoardName::parse);
        let (main, jfk) = (main?, jfk?);
        let (sample, day) =
            (feeds::sample(&main, run, Speed::REAL_TIME), feeds::day(&jfk, run, self.speed));
        begin(&engine, main, sample).await?;
        begin(&engine, jfk, day).await?;
        listen::serve_until_stopped(listener, App::new(engine, settings)).await?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Publishes what is due at once, so that the boards are there before it is said where; the rest
/// follows by itself.
async fn begin(
    engine: &Engine,
    board: BoardName,
    feed: impl Iterator<Item = Announcement> + Send + 'static,
) -> Result<()> {
    let engine = engine.clone();
    let start = Instant::now();
    let mut feed = feed.peekable();
    while let Some(Announcement { change, .. }) = feed.next_if(|next| next.after.is_zero()) {
        publish(&engine, &board, change).await?;
    }
    tokio::spawn(async move {
        for Announcement { after, change } in feed {
            tokio::time::sleep_until(start + after).await;
            if let Err(error) = publish(&engine, &board, change).await {
                tracing::error!("the feed of {board} ended: {error:#}");
                return;
            }
        }
    });
    Ok(())
}

async fn publish(engine: &Engine, board: &BoardName, update: Change) -> Result<()> {
    let outcome = engine.publish(board.clone(), update).await.context("the server has ended")?;
    if let Err(why) = outcome {
        tracing::warn!("an announcement for {board} was refused: {why:?}");
    }
    Ok(())
}
