//! `flightboard watch`: a board in a terminal, as text, and as a line or a command for each change.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use flight::BoardName;
use flightboard_client::{BoardFollower, BoardUrl, FollowOptions, TokenProvider};
use watch::{OutputFormat, SnapshotOutcome};

use crate::token_source::TokenSource;
use crate::{authorities, runtime};

/// Exit statuses of `--once` without rows, beside 1 for any other failure and 2 for wrong usage.
const CLOSED_STATUS: u8 = 3;
const ABSENT_STATUS: u8 = 4;
const DENIED_STATUS: u8 = 5;
const TIMEOUT_STATUS: u8 = 6;

/// Show a board in a terminal, live. It says since when rows may be outdated, and recovers from any cut.
#[derive(Args)]
pub(crate) struct WatchCommand {
    /// URL of a server or a board, or the name of a board.
    #[arg(value_name = "URL|BOARD", default_value = "main")]
    board: String,
    /// URL of the server of a board that is given by its name.
    #[arg(
        long,
        env = "FLIGHTBOARD_SERVER",
        value_name = "URL",
        default_value = "http://127.0.0.1:5000"
    )]
    server: String,
    /// Print the rows once the server has confirmed them, and end.
    #[arg(long, env = "FLIGHTBOARD_WATCH_ONCE", conflicts_with_all = ["flight", "exec"])]
    once: bool,
    /// Form of printed rows and changes.
    #[arg(long, env = "FLIGHTBOARD_WATCH_FORMAT", value_name = "FORMAT", default_value = "text")]
    format: WatchFormat,
    /// Print a line for each change of the flight with this number or codeshare.
    #[arg(long, env = "FLIGHTBOARD_FLIGHT", value_name = "NUMBER")]
    flight: Option<String>,
    /// Run this command in a shell for each change, which is its standard input as JSON.
    #[arg(long, env = "FLIGHTBOARD_EXEC", value_name = "COMMAND")]
    exec: Option<String>,
    /// Time that --once waits for rows.
    #[arg(long, env = "FLIGHTBOARD_WAIT", default_value = "30s", value_parser = flags::duration)]
    wait: Duration,
    /// File with a token for private boards; else the variable FLIGHTBOARD_TOKEN has it.
    #[arg(long, env = "FLIGHTBOARD_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// PEM file with certificates of authorities to trust in addition.
    #[arg(long, env = "FLIGHTBOARD_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum WatchFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl WatchCommand {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let url = self.url()?;
        let extra_roots = self.ca.as_deref().map(authorities::read).transpose()?;
        let options = FollowOptions {
            token: self.token()?,
            extra_roots: extra_roots.unwrap_or_default(),
            ..FollowOptions::default()
        };
        let mut follower = BoardFollower::new(url, options)?;
        let format = match self.format {
            WatchFormat::Text => OutputFormat::Text,
            WatchFormat::Json => OutputFormat::Json,
        };
        runtime::full()?.block_on(async {
            let mut stdout = io::stdout();
            if self.once {
                let printed =
                    watch::print_snapshot(&mut follower, format, self.wait, &mut stdout).await?;
                return Ok(once_status(printed, &follower));
            }
            if self.flight.is_some() || self.exec.is_some() {
                let flight = self.flight.as_deref();
                watch::follow_changes(&mut follower, format, flight, self.exec, &mut stdout)
                    .await?;
            } else {
                watch::show(follower).await?;
            }
            Ok(ExitCode::SUCCESS)
        })
    }

    fn url(&self) -> Result<BoardUrl> {
        let url = match self.board.contains("://") {
            true => self.board.clone(),
            false => {
                let board = BoardName::parse(&self.board)
                    .map_err(|error| anyhow::anyhow!("{error}"))
                    .with_context(|| format!("{} is neither a URL nor a board", self.board))?;
                format!("{}/boards/{board}", self.server.trim_end_matches('/'))
            }
        };
        match url.parse() {
            Ok(url) => Ok(url),
            Err(error) => bail!("{url}: {error}"),
        }
    }

    /// Read for each request, so that a new token needs no restart.
    fn token(&self) -> Result<Option<TokenProvider>> {
        let source = TokenSource::new(self.token_file.as_deref())?;
        if source.is_none() {
            return Ok(None);
        }
        let read = move || match source.token() {
            Ok(token) => token.map(|token| token.secret().to_owned()),
            Err(error) => {
                tracing::warn!("{error:#}");
                None
            }
        };
        Ok(Some(Arc::new(read)))
    }
}

fn once_status(outcome: SnapshotOutcome, follower: &BoardFollower) -> ExitCode {
    let (status, problem) = match outcome {
        SnapshotOutcome::Printed => return ExitCode::SUCCESS,
        SnapshotOutcome::Closed => (CLOSED_STATUS, "the board is closed"),
        SnapshotOutcome::Absent => (ABSENT_STATUS, "the server has no such board"),
        SnapshotOutcome::Denied => (DENIED_STATUS, "the board needs a token that may follow it"),
        SnapshotOutcome::Timeout => (TIMEOUT_STATUS, "no rows in time"),
    };
    tracing::error!("{}: {problem}", follower.url().at(""));
    ExitCode::from(status)
}
