//! `flightboard feed recording`: plays a recording into a running server.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use feeds::{Announcement, RecordingPlayer, Speed};
use flight::BoardName;

use crate::client::TargetArgs;
use crate::feed::announcements::publish_announcements;

/// Play a recording that flightboard export wrote, with its pauses.
#[derive(Args)]
pub(crate) struct RecordingFeed {
    /// File with the recording, or - for standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    target: TargetArgs,
    /// Name of the board, which is created if missing.
    #[arg(long, env = "FLIGHTBOARD_BOARD", value_name = "NAME", value_parser = BoardName::parse)]
    board: BoardName,
    /// Speed relative to real time.
    #[arg(long, env = "FLIGHTBOARD_SPEED", default_value_t = Speed::REAL_TIME)]
    speed: Speed,
}

impl RecordingFeed {
    /// Returns a failure if the server rejected a change.
    pub(crate) fn run(self) -> Result<ExitCode> {
        let input =
            open(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
        let client = self.target.connect()?;
        let mut player = RecordingPlayer::new(self.board.clone(), self.speed);
        let feed = input.lines().zip(1_u64..).map(|(line, number)| {
            announce(&mut player, line)
                .with_context(|| format!("{}, line {number}", self.file.display()))
        });
        let rejected = publish_announcements(&client, &self.board, feed)?;
        Ok(if rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn announce(player: &mut RecordingPlayer, line: io::Result<String>) -> Result<Announcement> {
    Ok(player.announce(&line?)?)
}

fn open(file: &Path) -> io::Result<Box<dyn BufRead>> {
    if file == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    Ok(Box::new(BufReader::new(File::open(file)?)))
}
