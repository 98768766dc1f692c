//! Measures requests about the past of a large board, and playbacks of it: alone, and while thousands of followers get
//! events. Measures the delays of these followers with and without them.
#![allow(clippy::print_stdout, reason = "the figures go to standard output")]

/// A board with a past of a week.
mod recorded_week;

/// Requests about the past.
mod requests;

/// Clients that play the past.
mod playbacks;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;
use measure::load_generator::run_bench;
use tempfile::TempDir;
use testkit::process::{ServerProcess, start_server, start_server_at};
use testkit::wait::wait_until;

use playbacks::{OpenPlaybacks, PlaybackCosts};
use recorded_week::{DAYS, FLAGS, PastSpan, wait_for_index};
use requests::{PastReader, RequestKind, RequestTimes};

/// Measure requests for rows as of random times, for lists of changes and for the punctuality of a week, playbacks, and the
/// delays of followers meanwhile.
#[derive(Parser)]
struct PastArgs {
    /// Flights of the board on each of 7 days.
    #[arg(long, default_value_t = 1_000)]
    rows: usize,
    /// Changes of these flights in the whole week.
    #[arg(long, default_value_t = 300_000)]
    changes: usize,
    /// Followers of another board.
    #[arg(long, default_value_t = 5_000)]
    followers: usize,
    /// Events per second that they get.
    #[arg(long, default_value_t = 10.0)]
    rate: f64,
    /// Requests per second: by turns one for rows and one for changes.
    #[arg(long, default_value_t = 10.0)]
    requests: f64,
    /// Requests per second for the punctuality.
    #[arg(long, default_value_t = 5.0)]
    counts: f64,
    /// Playbacks at a time.
    #[arg(long, default_value_t = 50)]
    playbacks: usize,
    /// Their speed.
    #[arg(long, default_value_t = 60)]
    speed: u32,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 15)]
    secs: u64,
    /// Number of measurements of each kind.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// Longest time until the followers are connected.
const START_TIMEOUT: Duration = Duration::from_secs(120);

/// Longest measurement of followers: they connect first, and end last.
const MAX_MEASUREMENT: Duration = Duration::from_secs(180);

/// The delays of followers in one measurement, in milliseconds.
#[derive(Debug, Clone, Copy)]
struct FollowerDelays {
    p50: f64,
    p99: f64,
}

/// The measurements of one kind of requests.
struct RequestMeasurement<'a> {
    name: &'static str,
    reader: PastReader<'a>,
    alone: RequestTimes,
    together: RequestTimes,
    delays: Vec<FollowerDelays>,
}

fn main() -> Result<()> {
    let args = PastArgs::parse();
    let folder = TempDir::new()?;
    recorded_week::record(folder.path(), args.rows, args.changes)?;
    let server = start_server(folder.path(), &FLAGS);
    let span = wait_for_index(&server)?;
    args.print_header(&folder.path().join("journal.db-history"));
    let costs = PlaybackCosts::measure(&server, span, args.played(), args.duration())?;
    print_costs(&costs, args.playbacks);
    let reader = |kinds: &'static [RequestKind], rate: f64| {
        let interval = Duration::from_secs_f64(1.0 / rate);
        PastReader { api: server.api(), span, kinds, interval }
    };
    let mut measurements = [
        RequestMeasurement::new(
            "rows and changes",
            reader(&[RequestKind::Rows, RequestKind::Changes], args.requests),
        ),
        RequestMeasurement::new("punctuality", reader(&[RequestKind::Punctuality], args.counts)),
    ];
    let (mut calm, mut played) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        let stop = AtomicBool::new(false);
        calm.push(args.measure_followers(&server)?);
        for measurement in &mut measurements {
            let times = measurement.reader.read_for(args.duration(), &stop)?;
            add(&mut measurement.alone, times);
            let read = || measurement.reader.read_for(args.duration(), &stop);
            let (delays, times) = args.measure_beside(&server, &stop, read)?;
            add(&mut measurement.together, times);
            measurement.delays.push(delays);
        }
        let stop = AtomicBool::new(false);
        let play = || args.play(&server, span, &stop);
        played.push(args.measure_beside(&server, &stop, play)?.0);
    }
    for RequestMeasurement { alone, together, .. } in &mut measurements {
        for (kind, alone) in alone {
            print_times(*kind, alone, together.entry(*kind).or_default());
        }
    }
    println!("delays of followers, medians of the rounds");
    print_delays("nothing else", &calm);
    for RequestMeasurement { name, delays, .. } in &measurements {
        print_delays(name, delays);
    }
    print_delays("playbacks", &played);
    measure_rebuild(server, folder.path())
}

/// Restarts the server without its index, and prints how long the index takes.
fn measure_rebuild(server: ServerProcess, folder: &Path) -> Result<()> {
    let address = server.kill();
    for suffix in ["", "-wal", "-shm"] {
        std::fs::remove_file(folder.join(format!("journal.db-history{suffix}"))).ok();
    }
    let server = start_server_at(&address, folder, &FLAGS);
    let start = Instant::now();
    wait_for_index(&server)?;
    let secs = start.elapsed().as_secs_f64();
    let oldest = server.api().get("/boards/main/changes?limit=1&order=oldest");
    let id = oldest["changes"][0]["id"].as_str().unwrap_or_default();
    println!("a start without the index: {secs:.1} s after the boards, from record {id} on");
    Ok(())
}

impl PastArgs {
    fn duration(&self) -> Duration {
        Duration::from_secs(self.secs)
    }

    /// The number of playbacks, and their speed.
    fn played(&self) -> (usize, u32) {
        (self.playbacks, self.speed)
    }

    fn print_header(&self, index: &Path) {
        let bytes = std::fs::metadata(index).map_or(0, |it| it.len());
        let Self { rows, changes, followers, rate, secs, rounds, .. } = self;
        println!(
            "{rows} flights on each of {DAYS} days, {changes} changes, index of {} MB\n\
             {rounds} rounds of {secs} s; {} requests per second for rows and changes, {} for the punctuality; \
             {} playbacks at speed {}; {followers} followers, {rate} events per second\n",
            bytes / 1_000_000,
            self.requests,
            self.counts,
            self.playbacks,
            self.speed,
        );
    }

    fn measure_followers(&self, server: &ServerProcess) -> Result<FollowerDelays> {
        let (followers, rate) = (self.followers.to_string(), self.rate.to_string());
        let duration = format!("{}s", self.secs);
        let flags = ["--followers", &followers, "--rate", &rate, "--for", &duration];
        let report = run_bench(server, &flags)?;
        let figure = |name: &str| {
            report["latency"][name].as_f64().context("a figure is missing in the report")
        };
        Ok(FollowerDelays { p50: figure("p50Millis")?, p99: figure("p99Millis")? })
    }

    /// Measures followers, and runs `beside` from the moment when all of them are connected. It ends after `stop`.
    fn measure_beside<T: Send>(
        &self,
        server: &ServerProcess,
        stop: &AtomicBool,
        beside: impl FnOnce() -> Result<T> + Send,
    ) -> Result<(FollowerDelays, T)> {
        thread::scope(|scope| {
            let beside = scope.spawn(|| {
                self.wait_for_followers(server);
                beside()
            });
            let delays = self.measure_followers(server);
            stop.store(true, Ordering::Relaxed);
            let result = beside.join().expect("the thread does not panic");
            stop.store(false, Ordering::Relaxed);
            Ok((delays?, result?))
        })
    }

    fn wait_for_followers(&self, server: &ServerProcess) {
        let api = server.api();
        wait_until("all followers are connected", START_TIMEOUT, || {
            let boards = api.get("/boards");
            let mut boards = boards["boards"].as_array()?.iter();
            let board = boards.find(|board| board["followers"] == self.followers)?;
            (board["closed"] == false).then_some(())
        });
    }

    /// Plays until `stop`.
    fn play(&self, server: &ServerProcess, span: PastSpan, stop: &AtomicBool) -> Result<()> {
        let playbacks = OpenPlaybacks::open(server, span, self.played(), 2 * self.duration())?;
        wait_until("the followers end", MAX_MEASUREMENT, || {
            stop.load(Ordering::Relaxed).then_some(())
        });
        drop(playbacks);
        Ok(())
    }
}

impl<'a> RequestMeasurement<'a> {
    fn new(name: &'static str, reader: PastReader<'a>) -> Self {
        let (alone, together) = (RequestTimes::new(), RequestTimes::new());
        Self { name, reader, alone, together, delays: Vec::new() }
    }
}

fn add(all: &mut RequestTimes, some: RequestTimes) {
    for (kind, times) in some {
        all.entry(kind).or_default().extend(times);
    }
}

fn print_times(kind: RequestKind, alone: &mut [Duration], together: &mut [Duration]) {
    let [alone, together] = [alone, together].map(|times| {
        times.sort();
        let millis = |quantile: f64| {
            let index = (times.len().saturating_sub(1) as f64 * quantile) as usize;
            times.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
        };
        format!(
            "p50 {:>6.1} ms, p99 {:>6.1} ms, max {:>6.1} ms of {}",
            millis(0.5),
            millis(0.99),
            millis(1.0),
            times.len()
        )
    });
    println!("{kind:?}\n  alone           {alone}\n  with followers  {together}");
}

fn print_costs(costs: &PlaybackCosts, count: usize) {
    let PlaybackCosts { cpu, memory_bytes, events, duration } = costs;
    let (count, secs) = (count as f64, duration.as_secs_f64());
    println!(
        "a playback: {:.2} ms of CPU per second, {:.0} KB, {:.1} events per second\n",
        cpu.as_secs_f64() * 1_000.0 / count / secs,
        *memory_bytes as f64 / 1_000.0 / count,
        *events as f64 / count / secs,
    );
}

fn print_delays(name: &str, delays: &[FollowerDelays]) {
    let median = |figure: fn(&FollowerDelays) -> f64| {
        let mut values: Vec<_> = delays.iter().map(figure).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let (p50, p99) = (median(|delays| delays.p50), median(|delays| delays.p99));
    println!("  beside {name}: p50 {p50:.1} ms, p99 {p99:.1} ms");
}
