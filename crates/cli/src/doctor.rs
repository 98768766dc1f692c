//! `flightboard doctor`: finds faults between a server and its screens.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use doctor::{BoardUrl, DEFAULT_CANARY_BOARD, DoctorOptions};
use flight::BoardName;

use crate::token_source::TokenSource;
use crate::{authorities, runtime, stdout};

/// Follow a stream through all that stands between, and report each fault with the lines to change in nginx, HAProxy,
/// Apache and Caddy. The exit status is 0 if nothing is wrong.
#[derive(Args)]
pub(crate) struct DoctorCommand {
    /// URL of a server, a board's page or a board's stream, as screens use it.
    url: BoardUrl,
    /// Time to watch the stream; by default until its second heartbeat, at most 35 seconds.
    #[arg(long, env = "FLIGHTBOARD_WATCH", value_name = "DURATION", value_parser = flags::duration)]
    watch: Option<Duration>,
    /// Origin whose pages are to read the board, such as https://airport.example.
    #[arg(long, env = "FLIGHTBOARD_ORIGIN")]
    origin: Option<String>,
    /// URL to publish canaries at, where proxies do not let publishers through.
    #[arg(long, env = "FLIGHTBOARD_PUBLISH_TO", value_name = "URL")]
    publish_to: Option<BoardUrl>,
    /// Board for canaries, which is opened and closed.
    #[arg(long, env = "FLIGHTBOARD_CANARY_BOARD", value_name = "NAME",
          default_value = DEFAULT_CANARY_BOARD, value_parser = BoardName::parse)]
    canary_board: BoardName,
    /// File with a token, for canaries and private boards; else the variable FLIGHTBOARD_TOKEN has it.
    #[arg(long, env = "FLIGHTBOARD_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// PEM file with certificates of authorities to trust in addition.
    #[arg(long, env = "FLIGHTBOARD_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl DoctorCommand {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let token = TokenSource::new(self.token_file.as_deref())?.token()?;
        let extra_roots = self.ca.as_deref().map(authorities::read).transpose()?;
        let options = DoctorOptions {
            watch: self.watch,
            origin: self.origin,
            token: token.map(|token| token.secret().to_owned()),
            publish_to: self.publish_to,
            canary_board: self.canary_board.to_string(),
            extra_roots: extra_roots.unwrap_or_default(),
            ..DoctorOptions::new(self.url)
        };
        tracing::info!("following {}, which takes up to a minute", options.url);
        let report = runtime::full()?.block_on(doctor::examine(&options))?;
        stdout::print(&report.to_string())?;
        Ok(if report.faults() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
