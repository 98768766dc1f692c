//! `flightboard feed sample` and `feed day`: the demo's feeds, played into a running server.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use feeds::{Announcement, RepeatMode, Speed};
use flight::{BoardName, Change};
use serde_json::{Value, json};

use crate::client::{PublishClient, TargetArgs};

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
                play(&client, board, feeds::sample(board, "UTC", repeat, speed))
            }
            DemoFeed::Day => {
                let speed = self.speed.unwrap_or(Speed::MINUTE_PER_SECOND);
                play(&client, board, feeds::day(board, repeat, speed))
            }
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Sends all announcements that are due in one request.
fn play(
    client: &PublishClient,
    board: &BoardName,
    feed: impl Iterator<Item = Announcement>,
) -> Result<()> {
    let start = Instant::now();
    let key_prefix = format!("feed-{:016x}", rand::random::<u64>());
    let mut feed = feed.zip(1_u64..).peekable();
    while let Some((Announcement { after, change }, number)) = feed.next() {
        std::thread::sleep(after.saturating_sub(start.elapsed()));
        if let Change::PutBoard(settings) = &change {
            client.put_board(board, &json!(settings))?;
            continue;
        }
        let mut lines = vec![line(&change, &key_prefix, number)];
        while lines.len() < crate::client::MAX_LINES
            && let Some((next, number)) = feed.next_if(|(next, _)| {
                next.after <= start.elapsed() && !matches!(next.change, Change::PutBoard(_))
            })
        {
            lines.push(line(&next.change, &key_prefix, number));
        }
        for outcome in client.publish(board, &lines)? {
            if let Some(detail) = outcome.detail.filter(|_| outcome.status != 200) {
                tracing::warn!("an announcement was rejected: {detail}");
            }
        }
    }
    Ok(())
}

fn line(change: &Change, key_prefix: &str, number: u64) -> String {
    let mut line = json!(change);
    line["idempotencyKey"] = Value::from(format!("{key_prefix}/{number}"));
    line.to_string()
}
