//! `flightboard publish`: publishes updates from standard input to a running server.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, IsTerminal, Read};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use flight::{BoardName, FlightKey, IdempotencyKey};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_128;

use crate::client::{LineOutcome, MAX_LINES, MAX_REQUEST_BYTES, PublishClient, TargetArgs};
use crate::{stderr, stdout};

/// Maximum length of a line.
const MAX_LINE_BYTES: usize = MAX_REQUEST_BYTES;

/// Interval of the progress line on a terminal.
const TERMINAL_PROGRESS_INTERVAL: Duration = Duration::from_millis(200);

/// Interval of the progress line elsewhere.
const LOG_PROGRESS_INTERVAL: Duration = Duration::from_secs(5);

/// Maximum number of distinct reasons in the summary.
const MAX_REASONS: usize = 100;

/// Maximum number of lines in the summary for each reason.
const MAX_REASON_LINES: usize = 20;

/// Length up to which a name with any line number is a valid idempotency key.
const MAX_PLAIN_NAME_BYTES: usize = 100;

/// Publish updates from standard input, one JSON object per line:
/// {"event":"flightStateUpdate","data":{"flight":"I768","state":"landed"}}
#[derive(Args)]
pub(crate) struct Publish {
    #[command(flatten)]
    target: TargetArgs,
    /// Name of the board.
    #[arg(long, env = "FLIGHTBOARD_BOARD", value_name = "NAME", value_parser = BoardName::parse)]
    board: BoardName,
    /// Name for this input. Publishing the same input under the same name again applies only the rest.
    #[arg(long, env = "FLIGHTBOARD_IDEMPOTENCY_KEY", value_name = "NAME", value_parser = parse_name)]
    idempotency_key: Option<String>,
}

impl Publish {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let client = self.target.connect()?;
        let name = self.idempotency_key;
        let name = name.unwrap_or_else(|| format!("publish-{:016x}", rand::random::<u64>()));
        let (sender, lines) = sync_channel(2 * MAX_LINES);
        let reader = std::thread::spawn(move || read_lines(&key_prefix(name), &sender));
        let mut tally = PublishTally::new();
        let outcome = publish_all(&client, &self.board, &lines, &mut tally);
        let printed = tally.finish();
        outcome.context(
            "stopped before the end of the input; the updates counted above are published",
        )?;
        // A panic of the reader looks like the end of the input.
        reader
            .join()
            .map_err(|_| anyhow!("reading the input failed after the updates counted above"))?;
        printed?;
        Ok(if tally.refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn parse_name(text: &str) -> Result<String, String> {
    IdempotencyKey::parse(text).map(|_| text.to_owned()).map_err(|error| error.reason)
}

/// Shortens a long name, so that the keys of all lines are valid.
fn key_prefix(name: String) -> String {
    if name.len() <= MAX_PLAIN_NAME_BYTES {
        name
    } else {
        format!("{:032x}", xxh3_128(name.as_bytes()))
    }
}

/// The number of an input line, and the line to send or the reason not to.
type InputLine = (u64, Result<String, String>);

fn publish_all(
    client: &PublishClient,
    board: &BoardName,
    lines: &Receiver<io::Result<InputLine>>,
    tally: &mut PublishTally,
) -> Result<()> {
    let mut numbers = Vec::new();
    let mut batch = Vec::new();
    let mut bytes = 0;
    let mut end = Ok(());
    let mut next = lines.recv().ok();
    while let Some(line) = next {
        match line {
            Ok((number, Ok(text))) => {
                bytes += text.len();
                numbers.push(number);
                batch.push(text);
            }
            Ok((number, Err(reason))) => tally.refuse(number, "", &reason),
            // The last message. The lines before it are published first.
            Err(error) => end = Err(error),
        }
        // Batch the lines that have arrived meanwhile, without waiting for more of a slow input.
        next = lines.try_recv().ok();
        if next.is_none() || batch.len() == MAX_LINES || bytes > MAX_REQUEST_BYTES {
            if !batch.is_empty() {
                tally.count(&numbers, &batch, &client.publish(board, &batch)?);
            }
            numbers.clear();
            batch.clear();
            bytes = 0;
            next = next.or_else(|| lines.recv().ok());
        }
    }
    end.context("cannot read standard input")
}

fn read_lines(key_prefix: &str, sender: &SyncSender<io::Result<InputLine>>) {
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    for number in 1.. {
        let message = match read_line(&mut input, &mut line) {
            Ok(0) => return,
            Ok(_) => match prepare_line(&line, key_prefix, number) {
                Some(line) => Ok((number, line)),
                None => continue,
            },
            Err(error) => Err(error),
        };
        let is_last = message.is_err();
        // The receiver is gone when publishing has failed.
        if sender.send(message).is_err() || is_last {
            return;
        }
    }
}

/// Reads a line and its end into `line`; of a line that is too long, only the start. Returns the number of bytes
/// read, 0 at the end of the input.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    line.clear();
    let start = input.by_ref().take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', line)?;
    let is_cut = line.len() > MAX_LINE_BYTES && !line.ends_with(b"\n");
    Ok(start + if is_cut { input.skip_until(b'\n')? } else { 0 })
}

/// Returns the line to send, or the reason not to; `None` if it is empty.
fn prepare_line(line: &[u8], key_prefix: &str, number: u64) -> Option<Result<String, String>> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    if line.len() > MAX_LINE_BYTES {
        return Some(Err(format!("line must be at most {MAX_LINE_BYTES} bytes long")));
    }
    match flight::decode_json(line) {
        Ok(text) if text.trim_ascii().is_empty() => None,
        Ok(text) => Some(Ok(with_key(text, key_prefix, number))),
        Err(reason) => Some(Err(format!("line is not JSON: {reason}"))),
    }
}

/// Adds an idempotency key unless the line has one, and takes the time of a recording away. Sends a line that is not an
/// object unchanged: the server reports the error.
fn with_key(line: &str, key_prefix: &str, number: u64) -> String {
    let Ok(Value::Object(mut members)) = serde_json::from_str(line) else { return line.to_owned() };
    let time = members.get("time").and_then(Value::as_str);
    if time.and_then(flight::parse_timestamp).is_some() {
        members.remove("time");
    }
    let key = members.entry("idempotencyKey").or_insert(Value::Null);
    if key.is_null() {
        *key = format!("{key_prefix}/{number}").into();
    }
    Value::Object(members).to_string()
}

/// The outcomes so far.
struct PublishTally {
    start: Instant,
    shown: Instant,
    published: u64,
    refused: u64,
    reasons: BTreeMap<String, RefusedLines>,
}

/// The lines that were refused for the same reason.
struct RefusedLines {
    count: u64,
    first: String,
    /// The numbers of some further lines.
    others: Vec<u64>,
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
        if let Some(lines) = self.reasons.get_mut(reason) {
            lines.count += 1;
            if lines.others.len() < MAX_REASON_LINES {
                lines.others.push(number);
            }
        } else if self.reasons.len() < MAX_REASONS {
            let first = describe_line(number, line);
            let lines = RefusedLines { count: 1, first, others: Vec::new() };
            self.reasons.insert(reason.to_owned(), lines);
        }
    }

    fn finish(&self) -> Result<()> {
        if std::io::stderr().is_terminal() {
            stderr::write("\r\x1b[K");
            // The report may go to the same terminal.
            stderr::flush();
        }
        let mut report = format!("{}\n", self.summary());
        for (reason, lines) in &self.reasons {
            report += &format!("  {} × {reason} {lines}\n", lines.count);
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

impl fmt::Display for RefusedLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(first in {})", self.first)?;
        if self.others.is_empty() {
            return Ok(());
        }
        let numbers: Vec<_> = self.others.iter().map(ToString::to_string).collect();
        let more = if self.count > numbers.len() as u64 + 1 { ", …" } else { "" };
        write!(f, ", also in {}{more}", numbers.join(", "))
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
