//! `flightboard feed sample` and `feed day`: the demo's feeds, played into a running server.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use feeds::{RepeatMode, Speed};
use flight::BoardName;

use crate::client::TargetArgs;
use crate::feed::announcements::publish_announcements;

/// The demo's feeds.
#[derive(Clone, Copy)]
pub(crate) enum DemoFeed {
    /// Six arrivals that land one after another.
    Sample,
    /// The departures of JFK on 10 July 2013.
    Day,
}

/// Flags of the demo's feeds.
#[derive(Args)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// Name of the board.
    #[arg(long, env = "FLIGHTBOARD_BOARD", value_name = "NAME", value_parser = BoardName::parse)]
    board: BoardName,
    /// Speed relative to real time (by default 1 for sample and 60 for day).
    #[arg(long, env = "FLIGHTBOARD_SPEED")]
    speed: Option<Speed>,
    /// Play the feed once.
    #[arg(long, env = "FLIGHTBOARD_ONCE")]
    once: bool,
}

impl DemoArgs {
    pub(crate) fn run(self, feed: DemoFeed) -> Result<ExitCode> {
        let board = &self.board;
        let client = self.target.connect()?;
        let repeat = if self.once { RepeatMode::Once } else { RepeatMode::Forever };
        match feed {
            DemoFeed::Sample => {
                let speed = self.speed.unwrap_or(Speed::REAL_TIME);
                let feed = feeds::sample(board, "UTC", repeat, speed);
                publish_announcements(&client, board, feed.map(Ok))
            }
            DemoFeed::Day => {
                let speed = self.speed.unwrap_or(Speed::MINUTE_PER_SECOND);
                let feed = feeds::day(board, repeat, speed);
                publish_announcements(&client, board, feed.map(Ok))
            }
        }?;
        Ok(ExitCode::SUCCESS)
    }
}
