//! Thousands of followers through a restart, and through a moment in which all let go: how long until
//! all are right again, and how long live events take meanwhile to those who stay.
#![allow(clippy::print_stdout, reason = "its figures go to standard output")]

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use measure::counting_follower::{CountingFollower, FollowerCommand, FollowerRole};
use measure::delivery_tracker::DeliveryTracker;
use measure::steady_publisher::SteadyPublisher;
use serde_json::json;
use tempfile::TempDir;
use testkit::event_id::split_event_id;
use testkit::ports::free_address;
use testkit::process::{ServerProcess, start_server_at};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// Measure what a restart and a storm cost: all followers lose the server at once and come back.
#[derive(Parser)]
struct Storm {
    /// Followers that let go and come back as browsers do.
    #[arg(long, default_value_t = 10_000)]
    followers: usize,
    /// Followers that hold on, and measure.
    #[arg(long, default_value_t = 20)]
    stay: usize,
    /// Connections that ask for the stream and never read it.
    #[arg(long, default_value_t = 0)]
    deaf: usize,
    /// Rows on the board.
    #[arg(long, default_value_t = 331)]
    rows: usize,
    /// Events a second.
    #[arg(long, default_value_t = 5.0)]
    rate: f64,
    /// More flags for the server, such as --window=1MiB.
    #[arg(last = true)]
    flags: Vec<String>,
}

/// Longer than any of it takes unless it is broken.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the system takes for one that never reads.
const DEAF_RECEIVE_BYTES: u32 = 4096;

/// How soon to look again.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// How long those who let go may take to do so.
const LET_GO: Duration = Duration::from_millis(200);

/// How long calm is measured.
const CALM: Duration = Duration::from_secs(10);

/// Open files besides those of followers.
const SPARE_FILES: u64 = 200;

/// Rows of one request.
const ROWS_AT_ONCE: usize = 1_000;

/// The followers, and the one who publishes to them.
struct Scene {
    address: SocketAddr,
    tracker: Arc<DeliveryTracker>,
    newest: Arc<AtomicU64>,
    stopped: Arc<AtomicBool>,
    order: watch::Sender<FollowerCommand>,
    followers: usize,
    runtime: Runtime,
}

fn main() -> Result<ExitCode> {
    let storm = Storm::parse();
    storm.provide_files()?;
    let (folder, address) = (TempDir::new()?, free_address());
    let flags: Vec<_> = storm.flags.iter().map(String::as_str).collect();
    let start = || start_server_at(&address.to_string(), folder.path(), &flags);
    let mut server = start();
    storm.fill(&server);
    let scene = storm.scene(&server, address)?;
    let publishing = scene.publish(storm.rate);

    storm.print_head();
    let at = Instant::now();
    scene.open(storm.stay);
    scene.report("connecting", at)?;
    scene.calm("calm");
    if storm.deaf > 0 {
        scene.calm_with_deaf(&server, storm.deaf)?;
    }
    let at = Instant::now();
    server.kill();
    server = start();
    println!("    killed, and ready again after {:.2} s", at.elapsed().as_secs_f64());
    scene.report("kill -9 and restart", at)?;
    for (what, order) in [
        ("all let go, and resume", FollowerCommand::Drop),
        ("all begin anew", FollowerCommand::Forget),
    ] {
        let at = Instant::now();
        scene.order.send_replace(order);
        scene.report(what, at)?;
    }
    scene.order.send_replace(FollowerCommand::Follow);
    scene.calm("calm");

    scene.stopped.store(true, Ordering::Relaxed);
    publishing.join().expect("it has only stopped");
    println!("memory of the server: {} KiB", memory_kib(&server));
    Ok(if scene.is_right() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Storm {
    fn provide_files(&self) -> Result<()> {
        let wanted = (self.followers + self.stay + self.deaf) as u64 + SPARE_FILES;
        let allowed = rlimit::increase_nofile_limit(wanted)?;
        ensure!(allowed >= wanted, "{wanted} open files are needed, and {allowed} allowed");
        Ok(())
    }

    fn scene(&self, server: &ServerProcess, address: SocketAddr) -> Result<Scene> {
        let followers = self.followers + self.stay;
        let board = server.api().get("/boards/main");
        let newest =
            board["id"].as_str().and_then(split_event_id).context("the board has an event")?.1;
        Ok(Scene {
            address,
            tracker: Arc::new(DeliveryTracker::new(followers)),
            newest: Arc::new(AtomicU64::new(newest)),
            stopped: Arc::default(),
            order: watch::Sender::new(FollowerCommand::Follow),
            followers,
            runtime: Runtime::new()?,
        })
    }

    fn print_head(&self) {
        let Self { followers, stay, rows, rate, deaf, .. } = self;
        println!(
            "{followers} followers that come and go, {stay} that stay, {deaf} that never read, \
             {rows} rows, {rate} events a second\n"
        );
        let (back, resumed, whole) = ("all right", "resumed", "timetables");
        let (half, most, longest) = ("live p50", "p99", "longest");
        println!(
            "{:<24} {back:>10} {resumed:>8} {whole:>11} {half:>11} {most:>11} {longest:>11}",
            ""
        );
    }

    fn fill(&self, server: &ServerProcess) {
        let row = |number: usize| {
            let data = json!({
                "flight": format!("F{number}"), "date": "2013-07-10", "destination": "LAX",
                "airline": "UA", "departure": "2013-07-10T08:15:00-04:00", "state": "expected",
                "terminal": "7", "gate": "B42",
            });
            json!({ "event": "flightAddition", "data": data }).to_string()
        };
        let rows: Vec<_> = (0..self.rows).map(row).collect();
        for rows in rows.chunks(ROWS_AT_ONCE) {
            server.api().publish_lines("main", &rows.join("\n"));
        }
    }
}

impl Scene {
    fn publish(&self, per_sec: f64) -> JoinHandle<()> {
        let publisher = SteadyPublisher {
            address: self.address,
            per_sec,
            tracker: Arc::clone(&self.tracker),
            newest: Arc::clone(&self.newest),
            stopped: Arc::clone(&self.stopped),
        };
        std::thread::spawn(|| publisher.run())
    }

    fn open(&self, stay: usize) {
        for at in 0..self.followers {
            let part = if at < stay { FollowerRole::Stays } else { FollowerRole::Follows };
            let (tracker, order) = (Arc::clone(&self.tracker), self.order.subscribe());
            let follower = CountingFollower { at, part, address: self.address, tracker, order };
            self.runtime.spawn(follower.run());
        }
    }

    fn calm_with_deaf(&self, server: &ServerProcess, count: usize) -> Result<()> {
        let before = memory_kib(server);
        let deaf = self.runtime.block_on(deaf(self.address, count))?;
        self.calm("calm, with the deaf");
        let after = memory_kib(server);
        println!("    memory of the server: {before} KiB before the deaf, {after} KiB with them");
        drop(deaf);
        Ok(())
    }

    /// Whether everybody has seen everything, once and in order, now that nobody publishes.
    fn is_right(&self) -> bool {
        let newest = self.newest.load(Ordering::Relaxed);
        let deadline = Instant::now() + PATIENCE;
        while self.tracker.with(newest) < self.followers && Instant::now() < deadline {
            sleep(LOOK_AGAIN);
        }
        let wrong = self.tracker.wrong() + self.tracker.misplaced.load(Ordering::Relaxed);
        let refused = self.tracker.refused.load(Ordering::Relaxed);
        println!("{wrong} have not seen everything once and in order, {refused} were refused");
        wrong + refused == 0
    }

    /// Waits until everybody is back and has seen whatever is newest by then.
    fn report(&self, what: &str, since: Instant) -> Result<()> {
        self.tracker.take_delays();
        let (resumed, timetables) = self.openings();
        // Those who are told to go are not gone yet.
        sleep(LET_GO);
        loop {
            let newest = self.newest.load(Ordering::Relaxed);
            if self.tracker.with(newest) == self.followers {
                break;
            }
            let back = self.tracker.with(0);
            ensure!(since.elapsed() < PATIENCE, "{what}: {back} are back, not all are right");
            sleep(LOOK_AGAIN);
        }
        let secs = since.elapsed().as_secs_f64();
        let now = self.openings();
        let delays = delays(&self.tracker.take_delays());
        let (resumed, timetables) = (now.0 - resumed, now.1 - timetables);
        println!("{what:<24} {secs:>8.2} s {resumed:>8} {timetables:>11} {delays}");
        Ok(())
    }

    fn calm(&self, what: &str) {
        self.tracker.take_delays();
        sleep(CALM);
        let delays = delays(&self.tracker.take_delays());
        println!("{what:<24} {:>10} {:>8} {:>11} {delays}", "", "", "");
    }

    fn openings(&self) -> (usize, usize) {
        let DeliveryTracker { resumed, timetables, .. } = &*self.tracker;
        (resumed.load(Ordering::Relaxed), timetables.load(Ordering::Relaxed))
    }
}

fn delays(delays: &[Duration]) -> String {
    let millis = |part: f64| {
        let at = (delays.len().saturating_sub(1) as f64 * part) as usize;
        delays.get(at).map_or(f64::NAN, |delay| delay.as_secs_f64() * 1_000.0)
    };
    format!("{:>8.1} ms {:>8.1} ms {:>8.1} ms", millis(0.5), millis(0.99), millis(1.0))
}

/// Sockets that ask for the stream, and read nothing of it. What the system would read for them is little.
async fn deaf(address: SocketAddr, count: usize) -> Result<Vec<TcpStream>> {
    let mut sockets = Vec::new();
    for _ in 0..count {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(DEAF_RECEIVE_BYTES)?;
        let mut socket = socket.connect(address).await?;
        socket.write_all(b"GET /events HTTP/1.1\r\nHost: storm\r\n\r\n").await?;
        sockets.push(socket);
    }
    Ok(sockets)
}

fn memory_kib(server: &ServerProcess) -> u64 {
    server.process.memory_bytes() / 1024
}
