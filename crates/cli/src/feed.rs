//! `flightboard feed`: the demo's feeds, into a running server.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use feeds::{Announcement, RepeatMode, Speed};
use flight::Change;
use serde_json::{Value, json};

use crate::client::{Client, Target};

/// Play a feed into a running server, until it ends or is stopped.
#[derive(Args)]
pub(crate) struct Feed {
    /// Which feed.
    #[arg(value_enum)]
    feed: Which,
    #[command(flatten)]
    target: Target,
    /// How many times faster than real: sample 1 and day 60 unless said otherwise.
    #[arg(long, env = "FLIGHTBOARD_SPEED")]
    speed: Option<Speed>,
    /// Play it once.
    #[arg(long, env = "FLIGHTBOARD_ONCE", value_parser = BoolishValueParser::new())]
    once: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    /// Six arrivals that land one after another.
    Sample,
    /// The departures of JFK on 10 July 2013.
    Day,
}

impl Feed {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let client = self.target.connect()?;
        let run = if self.once { RepeatMode::Once } else { RepeatMode::Forever };
        let board = &self.target.board;
        match self.feed {
            Which::Sample => {
                let speed = self.speed.unwrap_or(Speed::REAL_TIME);
                play(&client, feeds::sample(board, run, speed))
            }
            Which::Day => {
                let speed = self.speed.unwrap_or(Speed::MINUTE_PER_SECOND);
                play(&client, feeds::day(board, run, speed))
            }
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Sends what is due at one moment in one request.
fn play(client: &Client, feed: impl Iterator<Item = Announcement>) -> Result<()> {
    let start = Instant::now();
    let run = format!("feed-{:016x}", rand::random::<u64>());
    let mut feed = feed.zip(1_u64..).peekable();
    while let Some((Announcement { after, change }, number)) = feed.next() {
        std::thread::sleep(after.saturating_sub(start.elapsed()));
        if let Change::PutBoard(settings) = &change {
            client.put_board(&json!(settings))?;
            continue;
        }
        let mut lines = vec![line(&change, &run, number)];
        while lines.len() < crate::client::MAX_LINES
            && let Some((next, number)) = feed.next_if(|(next, _)| {
                next.after <= start.elapsed() && !matches!(next.change, Change::PutBoard(_))
            })
        {
            lines.push(line(&next.change, &run, number));
        }
        for answer in client.publish(&lines)? {
            if let Some(detail) = answer.detail.filter(|_| answer.status != 200) {
                tracing::warn!("an announcement was refused: {detail}");
            }
        }
    }
    Ok(())
}

fn line(update: &Change, run: &str, number: u64) -> String {
    let mut line = json!(update);
    line["idempotencyKey"] = Value::from(format!("{run}/{number}"));
    line.to_string()
}
