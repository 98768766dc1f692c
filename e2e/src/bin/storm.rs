//! Thousands of followers through a restart, and through a moment in which all let go: how long until
//! all are right again, and how long live events take meanwhile to those who stay.
#![allow(clippy::print_stdout, reason = "its figures go to standard output")]

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use e2e::program::{Server, serve_at};
use e2e::storm::crowd::Crowd;
use e2e::storm::follower::{Follower, Order, Part};
use e2e::storm::publisher::Publisher;
use serde_json::json;
use tempfile::TempDir;
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

/// How long calm is measured.
const CALM: Duration = Duration::from_secs(10);

/// Where a port is looked for: no outgoing connection is given one of these.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

/// Open files besides those of followers.
const SPARE_FILES: u64 = 200;

/// Rows of one request.
const ROWS_AT_ONCE: usize = 1_000;

struct Scene {
    crowd: Arc<Crowd>,
    newest: Arc<AtomicU64>,
    followers: usize,
    order: watch::Sender<Order>,
}

fn main() -> Result<ExitCode> {
    let storm = Storm::parse();
    let wanted = (storm.followers + storm.stay + storm.deaf) as u64 + SPARE_FILES;
    let allowed = rlimit::increase_nofile_limit(wanted)?;
    ensure!(allowed >= wanted, "{wanted} open files are needed, and {allowed} allowed");
    let runtime = tokio::runtime::Runtime::new()?;
    let folder = TempDir::new()?;
    let address = free_address()?;
    let flags: Vec<_> = storm.flags.iter().map(String::as_str).collect();
    let start = || serve_at(&address.to_string(), folder.path(), &flags);
    let mut server = start();
    storm.fill(&server);

    let crowd = Arc::new(Crowd::new(storm.followers + storm.stay));
    let (newest, stopped) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let scene = Scene {
        crowd: Arc::clone(&crowd),
        newest: Arc::clone(&newest),
        followers: storm.followers + storm.stay,
        order: watch::Sender::new(Order::Follow),
    };
    let first = server.api().get("/boards/main")["id"].as_str().map(str::to_owned);
    let first = first.and_then(|id| e2e::recovery::ledger::split(&id).map(|(_, seq)| seq));
    newest.store(first.context("the board has an event")?, Ordering::Relaxed);
    let publisher =
        Publisher { address, per_sec: storm.rate, crowd, newest, stopped: Arc::clone(&stopped) };
    let publishing = std::thread::spawn(|| publisher.run());

    println!(
        "{} followers, {} of them stay, {} rows, {} events a second, {} never read\n",
        scene.followers, storm.stay, storm.rows, storm.rate, storm.deaf
    );
    println!(
        "{:<26} {:>8} {:>9} {:>9}   {:>8} {:>8} {:>8}",
        "", "all back", "resumed", "timetable", "live p50", "p99", "longest"
    );
    let at = Instant::now();
    for at in 0..scene.followers {
        let part = if at < storm.stay { Part::Stays } else { Part::Follows };
        let (crowd, order) = (Arc::clone(&scene.crowd), scene.order.subscribe());
        runtime.spawn(Follower { at, part, address, crowd, order }.run());
    }
    scene.report("connecting", at)?;
    scene.calm("calm");
    if storm.deaf > 0 {
        let before = memory_kib(&server);
        let deaf = runtime.block_on(deaf(address, storm.deaf))?;
        scene.calm("calm, with some deaf");
        let after = memory_kib(&server);
        println!(
            "    the server's memory: {before} KiB before the deaf ones, {after} KiB with them"
        );
        drop(deaf);
    }

    let at = Instant::now();
    server.kill();
    server = start();
    println!("    killed, and ready again after {:.2} s", at.elapsed().as_secs_f64());
    scene.report("kill -9 and restart", at)?;
    let at = Instant::now();
    scene.order.send_replace(Order::Drop(1));
    scene.report("all let go, and resume", at)?;
    let at = Instant::now();
    scene.order.send_replace(Order::Forget(1));
    scene.report("all let go, and forget", at)?;
    scene.order.send_replace(Order::Follow);
    scene.calm("calm");

    stopped.store(true, Ordering::Relaxed);
    publishing.join().expect("it has only stopped");
    let newest = scene.newest.load(Ordering::Relaxed);
    let deadline = Instant::now() + PATIENCE;
    while scene.crowd.with(newest) < scene.followers && Instant::now() < deadline {
        sleep(Duration::from_millis(20));
    }
    let wrong = scene.crowd.wrong() + scene.crowd.misplaced.load(Ordering::Relaxed);
    let refused = scene.crowd.refused.load(Ordering::Relaxed);
    println!("\n{wrong} have not seen everything once and in order, {refused} were refused");
    println!("memory of the server: {} KiB", memory_kib(&server));
    Ok(if wrong + refused == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Storm {
    fn fill(&self, server: &Server) {
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
            server.api().publish("main", &rows.join("\n"));
        }
    }
}

impl Scene {
    /// Waits until everybody is back and has seen whatever is newest by then.
    fn report(&self, what: &str, since: Instant) -> Result<()> {
        self.crowd.take_delays();
        let (resumed, timetables) = self.openings();
        // Those who are told to go are not gone yet.
        sleep(Duration::from_millis(200));
        loop {
            let newest = self.newest.load(Ordering::Relaxed);
            if self.crowd.with(newest) == self.followers {
                break;
            }
            let back = self.crowd.with(0);
            ensure!(since.elapsed() < PATIENCE, "{what}: {back} are back, not all are right");
            sleep(Duration::from_millis(5));
        }
        let secs = since.elapsed().as_secs_f64();
        let now = self.openings();
        let delays = delays(&self.crowd.take_delays());
        let (resumed, timetables) = (now.0 - resumed, now.1 - timetables);
        println!("{what:<26} {secs:>6.2} s {resumed:>9} {timetables:>9}   {delays}");
        Ok(())
    }

    fn calm(&self, what: &str) {
        self.crowd.take_delays();
        sleep(CALM);
        let delays = delays(&self.crowd.take_delays());
        println!("{what:<26} {:>8} {:>9} {:>9}   {delays}", "", "", "");
    }

    fn openings(&self) -> (usize, usize) {
        let Crowd { resumed, timetables, .. } = &*self.crowd;
        (resumed.load(Ordering::Relaxed), timetables.load(Ordering::Relaxed))
    }
}

fn delays(delays: &[Duration]) -> String {
    let millis = |part: f64| {
        let at = (delays.len().saturating_sub(1) as f64 * part) as usize;
        delays.get(at).map_or(f64::NAN, |delay| delay.as_secs_f64() * 1_000.0)
    };
    format!("{:>5.1} ms {:>5.1} ms {:>5.1} ms", millis(0.5), millis(0.99), millis(1.0))
}

/// Sockets that ask for the stream, and read nothing of it.
async fn deaf(address: SocketAddr, count: usize) -> Result<Vec<tokio::net::TcpStream>> {
    use tokio::io::AsyncWriteExt;
    let mut sockets = Vec::new();
    for _ in 0..count {
        let mut socket = tokio::net::TcpStream::connect(address).await?;
        socket.write_all(b"GET /events HTTP/1.1\r\nHost: storm\r\n\r\n").await?;
        sockets.push(socket);
    }
    Ok(sockets)
}

fn memory_kib(server: &Server) -> u64 {
    server.program.memory_bytes() / 1024
}

fn free_address() -> Result<SocketAddr> {
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let first = rand::random_range(PORTS);
    let port = (first..PORTS.end).chain(PORTS.start..first).find(free);
    Ok(SocketAddr::from(([127, 0, 0, 1], port.context("no port is free")?)))
}
