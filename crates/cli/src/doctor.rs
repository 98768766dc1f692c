//! `flightboard doctor`: finds faults between a server and its screens.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use access::Token;
use anyhow::{Context, Result};
use clap::Args;
use doctor::{BoardUrl, DEFAULT_CANARY_BOARD, DoctorOptions};
use flight::BoardName;

use crate::{runtime, stdout};

/// No flag has a token, because other users of a machine see the flags of its programs.
const TOKEN_VARIABLE: &str = "FLIGHTBOARD_TOKEN";

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
        let extra_roots = self.ca.map(|file| {
            std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))
        });
        let options = DoctorOptions {
            watch: self.watch,
            origin: self.origin,
            token: token(self.token_file.as_deref())?,
            publish_to: self.publish_to,
            canary_board: self.canary_board.to_string(),
            extra_roots: extra_roots.transpose()?,
            ..DoctorOptions::new(self.url)
        };
        tracing::info!("following {}, which takes up to a minute", options.url);
        let report = runtime::full()?.block_on(doctor::examine(&options))?;
        stdout::print(&report.to_string())?;
        Ok(if report.faults() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// The token of the file, else that of the variable, if there is one.
fn token(file: Option<&Path>) -> Result<Option<String>> {
    let (text, place) = match file {
        Some(file) => {
            let place = file.display().to_string();
            let text =
                std::fs::read_to_string(file).with_context(|| format!("cannot read {place}"));
            (text?, place)
        }
        None => (std::env::var(TOKEN_VARIABLE).unwrap_or_default(), TOKEN_VARIABLE.to_owned()),
    };
    if file.is_none() && text.trim().is_empty() {
        return Ok(None);
    }
    let token = Token::parse(&text).with_context(|| format!("no token in {place}"))?;
    Ok(Some(token.secret().to_owned()))
}
