//! Compares Server-Sent Events with WebSockets: the same changes of a board by flightboard on HTTP/1.1 and HTTP/2, and by
//! axum's `Sse` and `WebSocket` (`bench/peers`). Prints two tables in Markdown: the costs of each way, and the effect of
//! proxies on it.
//!
//! All connections are without TLS, and each follower has its own, as each screen has.
#![allow(clippy::print_stdout, reason = "the tables go to standard output")]

/// A server, and its publisher.
mod board_server;

/// A connection in each of the compared ways.
mod connection;

/// Followers that reconnect and count.
mod follower_group;

/// Events at an even rate.
mod steady_load;

/// Bytes and cuts.
mod wire;

/// Connections through proxies.
mod proxied;

/// The tables.
mod table;

use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use tokio::runtime::Runtime;

use connection::BoardTransport;
use proxied::ProxyTrial;
use table::TransportFigures;
use wire::WiredBoard;

/// Compare Server-Sent Events with WebSockets: bytes, CPU time, memory, cuts, and proxies.
#[derive(Parser)]
struct ComparisonArgs {
    /// Followers of each measurement under load.
    #[arg(long, default_value_t = 1_000)]
    followers: usize,
    /// Events per second.
    #[arg(long, default_value_t = 10.0)]
    rate: f64,
    /// Seconds of each measurement under load.
    #[arg(long, default_value_t = 10.0)]
    secs: f64,
    /// Number of measurements under load of each kind.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds without a network.
    #[arg(long, default_value_t = 2.0)]
    cut_secs: f64,
    /// Seconds without an event. Heartbeats and pings come every 15 seconds.
    #[arg(long, default_value_t = 75.0)]
    idle_secs: f64,
    /// Bytes of the buffer in which the WebSocket server reads from each connection. axum's default is 131072.
    #[arg(long, default_value_t = 4_096)]
    read_buffer: usize,
    /// Try no proxy.
    #[arg(long)]
    no_proxies: bool,
}

fn main() -> Result<()> {
    let args = ComparisonArgs::parse();
    rlimit::increase_nofile_limit(u64::MAX)?;
    let runtime = Runtime::new()?;
    let mut loads = BoardTransport::ALL.map(|_| Vec::new());
    for round in 1..=args.rounds {
        for (transport, loads) in BoardTransport::ALL.into_iter().zip(&mut loads) {
            eprintln!("round {round} of {}: {}", args.rounds, transport.title());
            loads.push(steady_load::measure(&runtime, &args, transport)?);
        }
    }
    let mut boards = Vec::new();
    for transport in BoardTransport::ALL {
        boards.push(WiredBoard::start(&runtime, &args, transport)?);
    }
    let trial = match args.no_proxies {
        true => None,
        false => Some(ProxyTrial::start(&runtime, &boards)?),
    };
    eprintln!("events, then {} s without", args.idle_secs);
    let bytes_per_event: Vec<_> =
        boards.iter().map(|board| board.measure_events(args.rate)).collect();
    let bytes_per_hour = wire::measure_idle(&boards, args.idle());
    let mut proxies = Vec::new();
    if let Some(trial) = &trial {
        eprintln!("{} s without heartbeats", args.idle_secs);
        trial.silence();
        sleep(args.idle());
        proxies = trial.lines();
    }
    let bytes = bytes_per_event.into_iter().zip(bytes_per_hour);
    let mut figures = Vec::new();
    for ((board, loads), (bytes_per_event, bytes_per_hour)) in boards.iter().zip(loads).zip(bytes) {
        let transport = board.transport;
        eprintln!("{} s without a network: {}", args.cut_secs, transport.title());
        let cut = board.measure_cut(args.rate, args.cut())?;
        figures.push(TransportFigures { transport, loads, bytes_per_event, bytes_per_hour, cut });
    }
    args.print(&figures, &proxies);
    Ok(())
}

impl ComparisonArgs {
    fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.secs)
    }

    fn cut(&self) -> Duration {
        Duration::from_secs_f64(self.cut_secs)
    }

    fn idle(&self) -> Duration {
        Duration::from_secs_f64(self.idle_secs)
    }

    fn print(&self, figures: &[TransportFigures], proxies: &[(String, Vec<String>)]) {
        let Self { followers, rate, secs, rounds, cut_secs, idle_secs, .. } = self;
        println!(
            "{followers} followers, {rate} events per second, {rounds} rounds of {secs} s; {idle_secs} s without events; \
             {cut_secs} s without a network.\n\n{}",
            table::transport_table(figures)
        );
        if !proxies.is_empty() {
            println!("{}", table::proxy_table(proxies));
        }
    }
}
