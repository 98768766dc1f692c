//! How each server is started, and how messages come to its followers.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, ensure};

use crate::install::Shelf;
use crate::running::{self, Running};
use crate::server::Server;

/// What is published to a server that is no flightboard: what followers of flightboard are told, too.
const BODY: &str = r#"{"flight":"BENCH1","remark":"{time}"}"#;

/// The same where a server has no name for the event besides: whoever reads it is to know what it is.
const NAMED_BODY: &str = r#"{"event":"flightStateUpdate","flight":"BENCH1","remark":"{time}"}"#;

/// How `flightboard-bench` is told of it. Nothing, for a flightboard.
type Way = Vec<String>;

/// Starts it with an empty folder of its own, and waits until it answers.
pub(crate) fn start(shelf: &Shelf, server: Server, folder: &Path) -> Result<(Running, Way)> {
    let running = match server {
        Server::Loop => Running::start(&mut Command::new(shelf.built("yardstick")), folder),
        Server::CoalescingLoop => {
            Running::start(Command::new(shelf.built("yardstick")).arg("--coalesce"), folder)
        }
        Server::Axum => Running::start(&mut Command::new(shelf.built("axum-sse")), folder),
        Server::Node => node(shelf, "http.mjs", folder),
        Server::BetterSse => node(shelf, "better-sse.mjs", folder),
        Server::Flightboard => flightboard(shelf, &[], folder),
        Server::FlightboardIoUring => flightboard(shelf, &["--io-uring"], folder),
        Server::DurableStreams => durable_streams(shelf, folder),
        Server::Nchan => nchan(shelf, folder),
    }?;
    let way = match server {
        ours if ours.is_ours() => Way::new(),
        Server::DurableStreams => {
            let path = "/events?offset=now&live=sse";
            way(&running, "/events", path, NAMED_BODY)
        }
        Server::Loop | Server::CoalescingLoop => {
            way(&running, "/publish/{board}", "/events/{board}", BODY)
        }
        _ => way(&running, "/publish", "/events", BODY),
    };
    Ok((running, way))
}

fn way(running: &Running, publish: &str, path: &str, body: &str) -> Way {
    let publish = format!("{}{publish}", running.url());
    let words = ["--publish-url", &publish, "--publish-body", body, "--path", path];
    words.map(str::to_owned).into()
}

fn flightboard(shelf: &Shelf, flags: &[&str], folder: &Path) -> Result<Running> {
    let mut command = running::program(shelf, "flightboard");
    command.args(["serve", "--listen", "127.0.0.1:0", "--journal"]).arg(folder.join("journal.db"));
    command.args(flags);
    Running::start(&mut command, folder)
}

fn node(shelf: &Shelf, source: &str, folder: &Path) -> Result<Running> {
    Running::start(Command::new("node").arg(shelf.node().join(source)), folder)
}

fn durable_streams(shelf: &Shelf, folder: &Path) -> Result<Running> {
    let address = free_address()?;
    let mut command = Command::new(shelf.durable_streams());
    command.args(["--port", &address.port().to_string(), "--data-dir"]).arg(folder.join("data"));
    let running = Running::start_at(address, &mut command, folder)?;
    let stream = format!("{}/events", running.url());
    let made = ureq::put(&stream).content_type("application/json").send_empty();
    made.context("durable-streams makes no stream")?;
    Ok(running)
}

fn nchan(shelf: &Shelf, folder: &Path) -> Result<Running> {
    let address = free_address()?;
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let files = rlimit::Resource::NOFILE.get_soft().unwrap_or(1_024);
    let [module, place] = [&*shelf.nchan(), folder].map(|path| path.display().to_string());
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|name| format!("{name}_temp_path {place}/{name};")).join(" ");
    // Those who publish wait for each other, not for the disk: requests are kept in memory.
    let conf = format!(
        "daemon off; worker_processes {workers}; worker_rlimit_nofile {files};
pid {place}/nginx.pid; error_log stderr; load_module {module};
events {{ worker_connections {files}; }}
http {{
  access_log off; {temporary}
  nchan_shared_memory_size 256M;
  server {{
    listen {address} backlog=4096;
    keepalive_requests 1000000;
    location /publish {{
      nchan_publisher; nchan_channel_id all; nchan_message_buffer_length 1024;
    }}
    location /events {{ nchan_subscriber eventsource; nchan_channel_id all; }}
  }}
}}
"
    );
    fs::write(folder.join("nginx.conf"), conf)?;
    let mut command = Command::new(shelf.nginx());
    command.args(["-e", "stderr", "-p", &place, "-c"]).arg(folder.join("nginx.conf"));
    let mut running = Running::start_at(address, &mut command, folder)?;
    running.look_at_children(workers)?;
    Ok(running)
}

/// For those who cannot choose themselves.
fn free_address() -> Result<SocketAddr> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    ensure!(address.port() != 0, "the system gives no port");
    Ok(address)
}
