//! `flightboard demo`: two live boards without any setup.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use engine::Engine;
use feeds::{Announcement, RepeatMode, Speed};
use flight::{BoardName, Change};
use jiff::Timestamp;
use journal::MemoryJournal;
use server::{AllowedOrigin, App, OriginSettings, Settings};
use tokio::time::Instant;

use crate::listen::{self, ListenPlan};
use crate::serve::access_args::AccessArgs;
use crate::serve::admin_args::AdminArgs;
use crate::served_feeds::RunningFeeds;
use crate::{open_files, runtime};

/// Show two live boards, a sample and a recorded day, with the journal in memory.
#[derive(Args)]
pub(crate) struct Demo {
    /// Address and port to listen on.
    #[arg(long, env = "FLIGHTBOARD_LISTEN", default_value = "127.0.0.1:5000")]
    listen: String,
    #[command(flatten)]
    admin_args: AdminArgs,
    #[command(flatten)]
    access_args: AccessArgs,
    /// Speed of the recorded day relative to real time.
    #[arg(long, env = "FLIGHTBOARD_SPEED", default_value_t = Speed::MINUTE_PER_SECOND)]
    speed: Speed,
    /// Play a single landing on the board main, then close it; play the day once.
    #[arg(long, env = "FLIGHTBOARD_ONCE")]
    once: bool,
}

impl Demo {
    pub(crate) fn run(self) -> Result<ExitCode> {
        runtime::full()?.block_on(self.serve())
    }

    async fn serve(self) -> Result<ExitCode> {
        let access = self.access_args.settings()?;
        let admin = self.admin_args.plan();
        let settings = Settings {
            admin_access: admin.access(),
            origins: OriginSettings {
                allow_origins: vec![AllowedOrigin::Any],
                host_rule: access.host_rule(),
                ..OriginSettings::default()
            },
            access,
            drain: Duration::from_secs(1),
            ..Settings::default()
        };
        let listeners = ListenPlan::new(self.listen).open(&settings.access).await?;
        let admin = admin.start(&listeners)?;
        let settings = open_files::fit_to_limit(settings, listeners.len())?;
        let engine = Engine::start(MemoryJournal::default(), settings.window_bytes).await?;
        let repeat = if self.once { RepeatMode::Once } else { RepeatMode::Forever };
        let main = BoardName::parse("main")?;
        let jfk = BoardName::parse("jfk")?;
        let zone = feeds::morning_zone(Timestamp::now());
        let sample = feeds::sample(&main, &zone, repeat, Speed::REAL_TIME).map(in_four_columns);
        let day = feeds::day(&jfk, repeat, self.speed);
        start_feed(&engine, main, sample).await?;
        start_feed(&engine, jfk, day).await?;
        listen::serve_to_end(
            listeners,
            &admin,
            App::new(engine, settings),
            RunningFeeds::default(),
        )
        .await?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Publishes the initial announcements, so that the board is complete before the server prints its address,
/// and spawns a task for the rest.
async fn start_feed(
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

/// Lets the page show the columns of the sample alone, by the names of their fields.
fn in_four_columns(mut announcement: Announcement) -> Announcement {
    if let Change::PutBoard(settings) = &mut announcement.change {
        let columns = ["origin", "flight", "arrival", "state"];
        settings.display.columns = columns.map(str::to_owned).to_vec();
    }
    announcement
}

async fn publish(engine: &Engine, board: &BoardName, change: Change) -> Result<()> {
    let outcome = engine.publish(board.clone(), change).await.context("the server has stopped")?;
    if let Err(rejection) = outcome {
        tracing::warn!("an announcement for {board} was rejected: {rejection:?}");
    }
    Ok(())
}
