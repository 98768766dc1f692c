//! `flightboard export`: writes a part of a board's past to a file.

/// The output: a file that appears once it is complete, or standard output.
mod output;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;
use feeds::{BoardRecorder, ListedChange, PastAnswer, RecordedLine};
use flight::BoardName;
use jiff::Timestamp;
use serde::Deserialize;

use crate::client::PublishClient;
use crate::flag_values;
use output::{ExportOutput, ReaderGone};

/// Most changes in one answer of a server.
const PAGE_CHANGES: usize = 1_000;

/// Write a board as it was at a time, and its changes since, one JSON object per line with its time. flightboard feed
/// recording plays it back, and flightboard publish publishes it at once.
#[derive(Args)]
pub(crate) struct ExportCommand {
    /// URL of the server.
    #[arg(
        long,
        env = "FLIGHTBOARD_SERVER",
        value_name = "URL",
        default_value = "http://127.0.0.1:5000"
    )]
    server: String,
    /// Name of the board.
    #[arg(long, env = "FLIGHTBOARD_BOARD", value_name = "NAME", value_parser = BoardName::parse)]
    board: BoardName,
    /// Time of the rows at the beginning, such as 2026-11-22T00:00:00+01:00.
    #[arg(long, env = "FLIGHTBOARD_EXPORT_FROM", value_name = "TIME",
          value_parser = flag_values::timestamp)]
    from: Timestamp,
    /// Time of the last changes; by default now.
    #[arg(long, env = "FLIGHTBOARD_EXPORT_TO", value_name = "TIME",
          value_parser = flag_values::timestamp)]
    to: Option<Timestamp>,
    /// File to write, which appears once it is complete; by default standard output.
    #[arg(long, env = "FLIGHTBOARD_OUTPUT", value_name = "FILE")]
    output: Option<PathBuf>,
    /// Time to keep retrying while the server does not answer.
    #[arg(long, env = "FLIGHTBOARD_RETRY", default_value = "30s", value_parser = flags::duration)]
    retry: Duration,
    /// File with a token for private boards; else the variable FLIGHTBOARD_TOKEN has it.
    #[arg(long, env = "FLIGHTBOARD_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// PEM file with the authorities of the server's certificate, instead of the usual public ones.
    #[arg(long, env = "FLIGHTBOARD_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// The answer to `GET /boards/{board}/changes`.
#[derive(Deserialize)]
struct ChangesAnswer {
    changes: Vec<ListedChange>,
    #[serde(default)]
    next: Option<String>,
}

impl ExportCommand {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let to = self.to.unwrap_or_else(Timestamp::now);
        ensure!(self.from <= to, "--to {to} must not be before --from {}", self.from);
        let (token_file, ca) = (self.token_file.as_deref(), self.ca.as_deref());
        let client = PublishClient::connect(&self.server, self.retry, token_file, ca)?;
        let output = ExportOutput::create(self.output.as_deref())?;
        match self.export(&client, to, output) {
            Err(error) if !error.is::<ReaderGone>() => Err(error),
            _ => Ok(ExitCode::SUCCESS),
        }
    }

    fn export(
        &self,
        client: &PublishClient,
        to: Timestamp,
        mut output: ExportOutput,
    ) -> Result<()> {
        let (board, from) = (&self.board, self.from);
        let past = client
            .get(&format!("/boards/{board}/flights?at={from}"))
            .with_context(|| format!("cannot have the rows of --from {from}"))?;
        let past: PastAnswer = parse(&past)?;
        let mut cursor = Some(past.id.clone());
        let (mut recorder, lines) = BoardRecorder::start(&from.to_string(), past);
        write(&mut output, lines)?;
        let end = end_of_millisecond(to)?;
        while let Some(after) = cursor {
            // With `from`, the server says if it has removed the changes meanwhile.
            let path = format!(
                "/boards/{board}/changes?order=oldest&limit={PAGE_CHANGES}&from={from}&to={end}&cursor={after}"
            );
            let page = client.get(&path);
            let page: ChangesAnswer = parse(&page.context("cannot have the changes")?)?;
            cursor = page.next;
            write(&mut output, page.changes.into_iter().map(|change| recorder.record(change)))?;
        }
        output.finish()
    }
}

/// The end of a list with all changes of this time: changes have their time to the millisecond, and a list ends before its end.
fn end_of_millisecond(time: Timestamp) -> Result<Timestamp> {
    let millis = time.as_nanosecond().div_euclid(1_000_000) + 1;
    let millis = i64::try_from(millis).unwrap_or(i64::MAX);
    Timestamp::from_millisecond(millis).with_context(|| format!("--to {time} is too late"))
}

fn parse<T: for<'a> Deserialize<'a>>(answer: &str) -> Result<T> {
    serde_json::from_str(answer).context("malformed response")
}

fn write(output: &mut ExportOutput, lines: impl IntoIterator<Item = RecordedLine>) -> Result<()> {
    for line in lines {
        output.write_line(&serde_json::to_string(&line)?)?;
    }
    Ok(())
}
