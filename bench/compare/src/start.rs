//! Starts each server, and tells `flightboard-bench` how to publish to it.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, ensure};

use crate::install::InstallFolder;
use crate::peer_process::{PeerProcess, workspace_command};
use crate::server::ServerKind;

/// The body published to servers other than flightboard: the data that flightboard sends to its followers.
const BODY: &str = r#"{"flight":"BENCH1","remark":"{time}"}"#;

/// For a server without event names, which must then be part of the data.
const NAMED_BODY: &str = r#"{"event":"flightStateUpdate","flight":"BENCH1","remark":"{time}"}"#;

/// Starts a server with `folder` for its files, and waits until it listens. Returns as well the flags of
/// `flightboard-bench` for this server; flightboard needs none.
pub(crate) fn start(
    install: &InstallFolder,
    server: ServerKind,
    folder: &Path,
) -> Result<(PeerProcess, Vec<String>)> {
    let program = |name| Command::new(install.built_program(name));
    let process = match server {
        ServerKind::Loop => PeerProcess::start(&mut program("baseline"), folder),
        ServerKind::CoalescingLoop => {
            PeerProcess::start(program("baseline").arg("--coalesce"), folder)
        }
        ServerKind::Axum => PeerProcess::start(&mut program("axum-sse"), folder),
        ServerKind::Node => start_node(install, "http.mjs", folder),
        ServerKind::BetterSse => start_node(install, "better-sse.mjs", folder),
        ServerKind::Flightboard => start_flightboard(install, &[], folder),
        ServerKind::FlightboardIoUring => start_flightboard(install, &["--io-uring"], folder),
        ServerKind::DurableStreams => start_durable_streams(install, folder),
        ServerKind::Nchan => start_nchan(install, folder),
    }?;
    let url = process.url();
    let flags = match server {
        ServerKind::Flightboard | ServerKind::FlightboardIoUring => Vec::new(),
        ServerKind::DurableStreams => {
            bench_flags(url, "/events", "/events?offset=now&live=sse", NAMED_BODY)
        }
        ServerKind::Loop | ServerKind::CoalescingLoop => {
            bench_flags(url, "/publish/{board}", "/events/{board}", BODY)
        }
        _ => bench_flags(url, "/publish", "/events", BODY),
    };
    Ok((process, flags))
}

fn bench_flags(url: &str, publish_path: &str, stream_path: &str, body: &str) -> Vec<String> {
    let publish_url = format!("{url}{publish_path}");
    let flags = ["--publish-url", &publish_url, "--publish-body", body, "--path", stream_path];
    flags.map(str::to_owned).into()
}

fn start_flightboard(
    install: &InstallFolder,
    flags: &[&str],
    folder: &Path,
) -> Result<PeerProcess> {
    let mut command = workspace_command(install, "flightboard");
    command.args(["serve", "--listen", "127.0.0.1:0", "--journal"]).arg(folder.join("journal.db"));
    PeerProcess::start(command.args(flags), folder)
}

fn start_node(install: &InstallFolder, source: &str, folder: &Path) -> Result<PeerProcess> {
    PeerProcess::start(Command::new("node").arg(install.node_folder().join(source)), folder)
}

fn start_durable_streams(install: &InstallFolder, folder: &Path) -> Result<PeerProcess> {
    let address = free_address()?;
    let mut command = Command::new(install.durable_streams());
    command.args(["--port", &address.port().to_string(), "--data-dir"]).arg(folder.join("data"));
    let process = PeerProcess::start_at(address, &mut command, folder)?;
    let stream = format!("{}/events", process.url());
    let created = ureq::put(&stream).content_type("application/json").send_empty();
    created.context("cannot create a stream in durable-streams")?;
    Ok(process)
}

fn start_nchan(install: &InstallFolder, folder: &Path) -> Result<PeerProcess> {
    let address = free_address()?;
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let max_files = rlimit::Resource::NOFILE.get_soft().unwrap_or(1_024);
    let module = install.nchan_module().display().to_string();
    let files = folder.display().to_string();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|name| format!("{name}_temp_path {files}/{name};")).join(" ");
    let conf = format!(
        "daemon off; worker_processes {workers}; worker_rlimit_nofile {max_files};
pid {files}/nginx.pid; error_log stderr; load_module {module};
events {{ worker_connections {max_files}; }}
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
    let mut command = Command::new(install.nginx());
    command.args(["-e", "stderr", "-p", &files, "-c"]).arg(folder.join("nginx.conf"));
    let mut process = PeerProcess::start_at(address, &mut command, folder)?;
    process.measure_children(workers)?;
    Ok(process)
}

/// A port for servers that cannot choose one themselves.
fn free_address() -> Result<SocketAddr> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    ensure!(address.port() != 0, "the kernel assigned no port");
    Ok(address)
}
