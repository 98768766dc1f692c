//! `flightboard publish`: updates from standard input, into a running server.

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use flight::FlightKey;
use serde_json::Value;

use crate::client::{Answer, Client, MAX_LINES, MAX_REQUEST_BYTES, Target};

/// How often the progress line is written: on a terminal, and elsewhere.
const PROGRESS_EVERY: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(5)];

/// Most reasons for refusals that are told apart.
const MAX_REASONS: usize = 100;

/// Publish updates from standard input, one JSON object a line:
/// {"event":"flightStateUpdate","data":{"flight":"I768","state":"landed"}}
#[derive(Args)]
pub(crate) struct Publish {
    #[command(flatten)]
    target: Target,
    /// Name for this input. Publishing the same input under the same name again does only what
    /// was not done.
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
        let mut tally = Tally::new();
        let outcome = publish_all(&client, &lines, &mut tally);
        tally.finish();
        outcome.context("not everything was published; what is counted above was")?;
        Ok(if tally.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// A line of the input as it is sent, or why it cannot be.
type Line = (u64, Result<String, String>);

fn publish_all(
    client: &Client,
    lines: &Receiver<std::io::Result<Line>>,
    tally: &mut Tally,
) -> Result<()> {
    let (mut numbers, mut batch, mut bytes) = (Vec::new(), Vec::new(), 0);
    let mut next = lines.recv().ok();
    while let Some(line) = next {
        match line.context("standard input cannot be read")? {
            (number, Ok(text)) => {
                bytes += text.len();
                numbers.push(number);
                batch.push(text);
            }
            (number, Err(reason)) => tally.refuse(number, "", &reason),
        }
        // Whatever has come meanwhile goes along; a slow input is not held back.
        next = lines.try_recv().ok();
        if next.is_none() || batch.len() == MAX_LINES || bytes > MAX_REQUEST_BYTES {
            if !batch.is_empty() {
                tally.count(&numbers, &batch, &client.publish(&batch)?);
            }
            (numbers, batch, bytes) = Default::default();
            next = next.or_else(|| lines.recv().ok());
        }
    }
    Ok(())
}

fn read_lines(name: &str, sender: &SyncSender<std::io::Result<Line>>) {
    for (line, number) in std::io::stdin().lock().lines().zip(1..) {
        let line = match line {
            Ok(line) if line.trim().is_empty() => continue,
            Ok(line) => Ok((number, with_key(line, name, number))),
            Err(error) => Err(error),
        };
        // Nobody reads any more when publishing has failed.
        if sender.send(line).is_err() {
            return;
        }
    }
}

/// The line with a key of its own, unless it brings one. What is not an object is sent as it is:
/// the server says what is wrong with it.
fn with_key(line: String, name: &str, number: u64) -> Result<String, String> {
    if line.len() > MAX_REQUEST_BYTES {
        return Err(format!("line must be at most {MAX_REQUEST_BYTES} bytes long"));
    }
    let Ok(Value::Object(mut members)) = serde_json::from_str(&line) else { return Ok(line) };
    members.entry("idempotencyKey").or_insert_with(|| format!("{name}/{number}").into());
    Ok(Value::Object(members).to_string())
}

/// What became of the lines so far.
struct Tally {
    start: Instant,
    shown: Instant,
    published: u64,
    refused: u64,
    /// For each reason: how often, and where first.
    reasons: BTreeMap<String, (u64, String)>,
}

impl Tally {
    fn new() -> Self {
        let start = Instant::now();
        Self { start, shown: start, published: 0, refused: 0, reasons: BTreeMap::new() }
    }

    fn count(&mut self, numbers: &[u64], lines: &[String], answers: &[Answer]) {
        for ((number, line), answer) in numbers.iter().zip(lines).zip(answers) {
            match &answer.detail {
                Some(detail) if answer.status != 200 => self.refuse(*number, line, detail),
                _ => self.published += 1,
            }
        }
        let terminal = std::io::stderr().is_terminal();
        if self.shown.elapsed() >= PROGRESS_EVERY[usize::from(!terminal)] {
            self.shown = Instant::now();
            let (start, end) = if terminal { ("\r", "\x1b[K") } else { ("", "\n") };
            eprint!("{start}{}{end}", self.sentence());
        }
    }

    fn refuse(&mut self, number: u64, line: &str, reason: &str) {
        self.refused += 1;
        if let Some((count, _)) = self.reasons.get_mut(reason) {
            *count += 1;
        } else if self.reasons.len() < MAX_REASONS {
            self.reasons.insert(reason.to_owned(), (1, place(number, line)));
        }
    }

    fn finish(&self) {
        if std::io::stderr().is_terminal() {
            eprint!("\r\x1b[K");
        }
        println!("{}", self.sentence());
        for (reason, (count, first)) in &self.reasons {
            println!("  {count} × {reason} (first in {first})");
        }
        let _ = std::io::stdout().flush();
    }

    fn sentence(&self) -> String {
        let secs = self.start.elapsed().as_secs_f64();
        let rate = (self.published + self.refused) as f64 / secs.max(0.001);
        let Self { published, refused, .. } = self;
        format!("{published} published, {refused} refused in {secs:.1} s ({rate:.0}/s)")
    }
}

/// A line by its number, and by its flight if it names one.
fn place(number: u64, line: &str) -> String {
    let line: Value = serde_json::from_str(line).unwrap_or_default();
    match line["data"]["flight"].as_str().filter(|flight| FlightKey::parse(flight, None).is_ok()) {
        Some(flight) => format!("line {number}, {flight}"),
        None => format!("line {number}"),
    }
}
