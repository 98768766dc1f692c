//! Measures thousands of followers through a restart of the server, and through two moments in which all of them
//! disconnect: the time until all are up to date again, and meanwhile the delays of live events to followers that
//! stay connected.
//!
//! `flightboard-bench --storm` measures reconnecting as well, but against a server that runs all the time. It has no
//! restart, no followers that stay or start over, and none that never read; these are the subject here.
#![allow(clippy::print_stdout, reason = "the figures go to standard output")]

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use measure::counting_follower::{CountingFollower, FollowerCommand, FollowerRole};
use measure::delivery_tracker::DeliveryTracker;
use measure::health_check::start_health_check;
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

/// Measure the cost of a restart and of a storm: all followers lose the server at once and reconnect.
#[derive(Parser)]
struct StormArgs {
    /// Followers that disconnect and reconnect as browsers do.
    #[arg(long, default_value_t = 10_000)]
    followers: usize,
    /// Followers that stay connected, reconnect at once after a restart, and measure delays.
    #[arg(long, default_value_t = 20)]
    stay: usize,
    /// Connections that request the stream and never read it.
    #[arg(long, default_value_t = 0)]
    deaf: usize,
    /// Two seconds after each connect, request the board on a second connection and keep it open, as a browser
    /// does with a page that checks its rows.
    #[arg(long)]
    board_requests: bool,
    /// Rows on the board.
    #[arg(long, default_value_t = 331)]
    rows: usize,
    /// Events per second.
    #[arg(long, default_value_t = 5.0)]
    rate: f64,
    /// Further flags of the server, such as --window=1MiB.
    #[arg(last = true)]
    flags: Vec<String>,
}

/// Reconnecting takes longer only if something is broken.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(120);

/// The receive buffer of a connection that never reads, so that the kernel accepts little on its behalf.
const DEAF_RECEIVE_BUFFER_BYTES: u32 = 4096;

const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// The time that followers need to act on a command to disconnect.
const DISCONNECT_TIME: Duration = Duration::from_millis(200);

/// The duration of a measurement without disturbance.
const CALM_TIME: Duration = Duration::from_secs(10);

/// Open files beside those of followers.
const SPARE_FILES: u64 = 200;

const ROWS_PER_REQUEST: usize = 1_000;

/// The followers of one server address.
struct StormFollowers {
    address: SocketAddr,
    tracker: Arc<DeliveryTracker>,
    command: watch::Sender<FollowerCommand>,
    count: usize,
    requests_board: bool,
    runtime: Runtime,
}

fn main() -> Result<ExitCode> {
    let args = StormArgs::parse();
    args.raise_file_limit()?;
    let folder = TempDir::new()?;
    let address = free_address();
    let flags: Vec<_> = args.flags.iter().map(String::as_str).collect();
    let start_server = || start_server_at(&address.to_string(), folder.path(), &flags);
    let mut server = start_server();
    args.publish_rows(&server);
    let followers = StormFollowers::new(&server, &args)?;
    let publisher = SteadyPublisher::start(address, args.rate, Arc::clone(&followers.tracker));
    start_health_check(address, Arc::clone(&followers.tracker));

    args.print_header();
    let start = Instant::now();
    followers.spawn(args.stay);
    followers.measure_recovery("connect", start)?;
    followers.measure_calm("calm");
    if args.deaf > 0 {
        followers.measure_calm_with_deaf(&server, args.deaf)?;
    }

    let start = Instant::now();
    server.kill();
    server = start_server();
    println!("    killed, and ready again after {:.2} s", start.elapsed().as_secs_f64());
    followers.measure_recovery("kill -9 and restart", start)?;

    for (label, command) in [
        ("disconnect and resume", FollowerCommand::Resume),
        ("disconnect, start over", FollowerCommand::StartOver),
    ] {
        let start = Instant::now();
        followers.command.send_replace(command);
        followers.measure_recovery(label, start)?;
    }
    followers.command.send_replace(FollowerCommand::Follow);
    followers.measure_calm("calm");

    publisher.stop();
    println!("memory of the server: {} KiB", memory_kib(&server));
    Ok(if followers.check_deliveries() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl StormArgs {
    fn raise_file_limit(&self) -> Result<()> {
        let second_connections = if self.board_requests { self.followers + self.stay } else { 0 };
        let connections = self.followers + self.stay + self.deaf + second_connections;
        let needed = connections as u64 + SPARE_FILES;
        let allowed = rlimit::increase_nofile_limit(needed)?;
        ensure!(
            allowed >= needed,
            "{needed} open files needed, {allowed} allowed: raise `ulimit -n`"
        );
        Ok(())
    }

    fn publish_rows(&self, server: &ServerProcess) {
        let line = |number: usize| {
            let data = json!({
                "flight": format!("F{number}"), "date": "2013-07-10", "destination": "LAX",
                "airline": "UA", "departure": "2013-07-10T08:15:00-04:00", "state": "expected",
                "terminal": "7", "gate": "B42",
            });
            json!({ "event": "flightAddition", "data": data }).to_string()
        };
        let lines: Vec<_> = (0..self.rows).map(line).collect();
        for lines in lines.chunks(ROWS_PER_REQUEST) {
            server.api().publish_lines("main", &lines.join("\n"));
        }
    }

    fn print_header(&self) {
        let Self { followers, stay, rows, rate, deaf, .. } = self;
        println!(
            "{followers} reconnecting followers, {stay} that stay, {deaf} that never read, {rows} rows, \
             {rate} events per second\n"
        );
        println!(
            "{:<24} {:>10} {:>8} {:>11} {:>11} {:>11} {:>11} {:>13} {:>13}",
            "",
            "all back",
            "resumed",
            "timetables",
            "delay p50",
            "p99",
            "longest",
            "update waits",
            "health waits"
        );
    }
}

impl StormFollowers {
    fn new(server: &ServerProcess, args: &StormArgs) -> Result<Self> {
        let count = args.followers + args.stay;
        let board = server.api().get("/boards/main");
        let newest = board["id"].as_str().and_then(split_event_id);
        let (_, newest) = newest.context("the board has no event")?;
        Ok(Self {
            address: server.address,
            tracker: Arc::new(DeliveryTracker::new(count, newest)),
            command: watch::Sender::new(FollowerCommand::Follow),
            count,
            requests_board: args.board_requests,
            runtime: Runtime::new()?,
        })
    }

    /// Starts all followers, the first `measuring` of them to stay and measure.
    fn spawn(&self, measuring: usize) {
        for index in 0..self.count {
            let is_measuring = index < measuring;
            let follower = CountingFollower {
                index,
                role: if is_measuring {
                    FollowerRole::Measuring
                } else {
                    FollowerRole::Reconnecting
                },
                address: self.address,
                tracker: Arc::clone(&self.tracker),
                command: self.command.subscribe(),
                requests_board: self.requests_board,
            };
            self.runtime.spawn(follower.run());
        }
    }

    /// Waits until all followers are connected and have received the newest event, and prints the time since
    /// `start`.
    fn measure_recovery(&self, label: &str, start: Instant) -> Result<()> {
        self.tracker.take_delays();
        let (resumed_before, timetables_before) = self.openings();
        // Until then some followers are still on their old stream.
        sleep(DISCONNECT_TIME);
        while self.tracker.count_up_to_date(self.tracker.newest()) < self.count {
            let connected = self.tracker.count_up_to_date(0);
            ensure!(
                start.elapsed() < RECOVERY_TIMEOUT,
                "{label}: {connected} of {} followers are connected, not all are up to date",
                self.count
            );
            sleep(POLL_INTERVAL);
        }
        let secs = start.elapsed().as_secs_f64();
        let (resumed, timetables) = self.openings();
        println!(
            "{label:<24} {secs:>8.2} s {:>8} {:>11} {}",
            resumed - resumed_before,
            timetables - timetables_before,
            self.take_times()
        );
        Ok(())
    }

    fn measure_calm(&self, label: &str) {
        self.tracker.take_delays();
        sleep(CALM_TIME);
        println!("{label:<24} {:>10} {:>8} {:>11} {}", "", "", "", self.take_times());
    }

    /// The delays of events and the longest waits since the last call.
    fn take_times(&self) -> String {
        let delays = format_delays(&self.tracker.take_delays());
        let (update, health) = self.tracker.waits.take();
        format!("{delays} {:>11.2} s {:>11.2} s", update.as_secs_f64(), health.as_secs_f64())
    }

    fn measure_calm_with_deaf(&self, server: &ServerProcess, count: usize) -> Result<()> {
        let before = memory_kib(server);
        let connections = self.runtime.block_on(connect_deaf(self.address, count))?;
        self.measure_calm("calm, with deaf");
        let after = memory_kib(server);
        println!(
            "    memory of the server: {before} KiB before, {after} KiB with {count} deaf connections"
        );
        drop(connections);
        Ok(())
    }

    /// The number of streams that resumed, and of those that began with a timetable.
    fn openings(&self) -> (usize, usize) {
        let DeliveryTracker { resumed, timetables, .. } = &*self.tracker;
        (resumed.load(Ordering::Relaxed), timetables.load(Ordering::Relaxed))
    }

    /// Checks that each follower received each event once and in order, now that nothing is published any more.
    fn check_deliveries(&self) -> bool {
        let newest = self.tracker.newest();
        let deadline = Instant::now() + RECOVERY_TIMEOUT;
        while self.tracker.count_up_to_date(newest) < self.count && Instant::now() < deadline {
            sleep(POLL_INTERVAL);
        }
        let incomplete = self.tracker.count_incomplete();
        let out_of_order = self.tracker.out_of_order.load(Ordering::Relaxed);
        let refused = self.tracker.refused.load(Ordering::Relaxed);
        println!(
            "{incomplete} followers did not receive each event once, {out_of_order} events came out of order, \
             {refused} streams were refused"
        );
        incomplete + out_of_order + refused == 0
    }
}

/// Median, 99th percentile and maximum.
fn format_delays(sorted: &[Duration]) -> String {
    let millis = |quantile: f64| {
        let index = (sorted.len().saturating_sub(1) as f64 * quantile) as usize;
        sorted.get(index).map_or(f64::NAN, |delay| delay.as_secs_f64() * 1_000.0)
    };
    format!("{:>8.1} ms {:>8.1} ms {:>8.1} ms", millis(0.5), millis(0.99), millis(1.0))
}

/// Opens connections that request the stream and never read it.
async fn connect_deaf(address: SocketAddr, count: usize) -> Result<Vec<TcpStream>> {
    let mut connections = Vec::new();
    for _ in 0..count {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(DEAF_RECEIVE_BUFFER_BYTES)?;
        let mut connection = socket.connect(address).await?;
        connection.write_all(b"GET /events HTTP/1.1\r\nHost: storm\r\n\r\n").await?;
        connections.push(connection);
    }
    Ok(connections)
}

fn memory_kib(server: &ServerProcess) -> u64 {
    server.process.memory_bytes() / 1024
}
