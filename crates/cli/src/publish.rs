//! `flightboard publish`: publishes updates from standard input to a running server.

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use flight::FlightKey;
use serde_json::Value;

use crate::client::{LineOutcome, MAX_LINES, MAX_REQUEST_BYTES, PublishClient, TargetArgs};
use crate::{stderr, stdout};

/// Interval of the progress line on a terminal.
const TERMINAL_PROGRESS_INTERVAL: Duration = Duration::from_millis(200);

/// Interval of the progress line elsewhere.
const LOG_PROGRESS_INTERVAL: Duration = Duration::from_secs(5);

/// Maximum number of distinct reasons in the summary.
const MAX_REASONS: usize = 100;

/// Publish updates from standard input, one JSON object per line:
/// {"event":"flightStateUpdate","data":{"flight":"I768","state":"landed"}}
#[derive(Args)]
pub(crate) struct Publish {
    #[command(flatten)]
    target: TargetArgs,
    /// Name for this input. Publishing the same input under the same name again applies only the rest.
    #[arg(long, env = "FLIGHTBOARD_IDEMPOTENCY_KEY", value_name = "NAME")]
    idempotency_key: Option<String>,
}

impl Publish {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let client = self.target.connect()?;
        let name = self.idempotency_key;
        let name = name.unwrap_or_else(|| format!("publish-{:016x}", rand::random::<u64>()));
        let (sender, lines) = sync_channel(2 * MAX_LINES);
        std::thread::spawn(move || read_lines(&name, &sender));
        let mut tally = PublishTally::new();
        let outcome = publish_all(&client, &lines, &mut tally);
        let printed = tally.finish();
        outcome.context(
            "stopped before the end of the input; the updates counted above are published",
        )?;
        printed?;
        Ok(if tally.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// The number of an input line, and the line to send or the reason not to.
type InputLine = (u64, Result<String, String>);

fn publish_all(
    client: &PublishClient,
    lines: &Receiver<std::io::Result<InputLine>>,
    tally: &mut PublishTally,
) -> Result<()> {
    let mut numbers = Vec::new();
    let mut batch = Vec::new();
    let mut bytes = 0;
    let mut next = lines.recv().ok();
    while let Some(line) = next {
        match line.context("cannot read standard input")? {
            (number, Ok(text)) => {
                bytes += text.len();
                numbers.push(number);
                batch.push(text);
            }
            (number, Err(reason)) => tally.refuse(number, "", &reason),
        }
        // Batch the lines that have arrived meanwhile, without waiting for more of a slow input.
        next = lines.try_recv().ok();
        if next.is_none() || batch.len() == MAX_LINES || bytes > MAX_REQUEST_BYTES {
            if !batch.is_empty() {
                tally.count(&numbers, &batch, &client.publish(&batch)?);
            }
            numbers.clear();
            batch.clear();
            bytes = 0;
            next = next.or_else(|| lines.recv().ok());
        }
    }
    Ok(())
}

fn read_lines(name: &str, sender: &SyncSender<std::io::Result<InputLine>>) {
    for (line, number) in std::io::stdin().lock().lines().zip(1..) {
        let line = match line {
            Ok(line) if line.trim().is_empty() => continue,
            Ok(line) => Ok((number, with_key(line, name, number))),
            Err(error) => Err(error),
        };
        // The receiver is gone when publishing has failed.
        if sender.send(line).is_err() {
            return;
        }
    }
}

/// Adds an idempotency key unless the line has one. Sends a line that is not an object unchanged: the server
/// reports the error.
fn with_key(line: String, name: &str, number: u64) -> Result<String, String> {
    if line.len() > MAX_REQUEST_BYTES {
        return Err(format!("line must be at most {MAX_REQUEST_BYTES} bytes long"));
    }
    let Ok(Value::Object(mut members)) = serde_json::from_str(&line) else { return Ok(line) };
    members.entry("idempotencyKey").or_insert_with(|| format!("{name}/{number}").into());
    Ok(Value::Object(members).to_string())
}

/// The outcomes so far.
struct PublishTally {
    start: Instant,
    shown: Instant,
    published: u64,
    refused: u64,
    /// For each reason, the number of lines and the first of them.
    reasons: BTreeMap<String, (u64, String)>,
}

impl PublishTally {
    fn new() -> Self {
        let start = Instant::now();
        Self { start, shown: start, published: 0, refused: 0, reasons: BTreeMap::new() }
    }

    fn count(&mut self, numbers: &[u64], lines: &[String], outcomes: &[LineOutcome]) {
        for ((number, line), outcome) in numbers.iter().zip(lines).zip(outcomes) {
            match &outcome.detail {
                Some(detail) if outcome.status != 200 => self.refuse(*number, line, detail),
                _ => self.published += 1,
            }
        }
        let terminal = std::io::stderr().is_terminal();
        let interval = if terminal { TERMINAL_PROGRESS_INTERVAL } else { LOG_PROGRESS_INTERVAL };
        if self.shown.elapsed() >= interval {
            self.shown = Instant::now();
            let (start, end) = if terminal { ("\r", "\x1b[K") } else { ("", "\n") };
            stderr::write(&format!("{start}{}{end}", self.summary()));
        }
    }

    fn refuse(&mut self, number: u64, line: &str, reason: &str) {
        self.refused += 1;
        if let Some((count, _)) = self.reasons.get_mut(reason) {
            *count += 1;
        } else if self.reasons.len() < MAX_REASONS {
            self.reasons.insert(reason.to_owned(), (1, describe_line(number, line)));
        }
    }

    fn finish(&self) -> Result<()> {
        if std::io::stderr().is_terminal() {
            stderr::write("\r\x1b[K");
            // The report may go to the same terminal.
            stderr::flush();
        }
        let mut report = format!("{}\n", self.summary());
        for (reason, (count, first)) in &self.reasons {
            report += &format!("  {count} × {reason} (first in {first})\n");
        }
        stdout::print(&report)
    }

    fn summary(&self) -> String {
        let secs = self.start.elapsed().as_secs_f64();
        let rate = (self.published + self.refused) as f64 / secs.max(0.001);
        let Self { published, refused, .. } = self;
        format!("{published} published, {refused} refused in {secs:.1} s ({rate:.0}/s)")
    }
}

/// The number of a line, and its flight if it has one.
fn describe_line(number: u64, line: &str) -> String {
    let line: Value = serde_json::from_str(line).unwrap_or_default();
    match line["data"]["flight"].as_str().filter(|flight| FlightKey::parse(flight, None).is_ok()) {
        Some(flight) => format!("line {number}, {flight}"),
        None => format!("line {number}"),
    }
}
