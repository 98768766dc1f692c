//! Real NATS servers with JetStream, each with a folder and free ports. They end with the test.
//!
//! The binary is, in this order: the one named by `FLIGHTBOARD_TEST_NATS_SERVER`; that of `e2e/nats-server.txt`,
//! downloaded by `cargo xtask test`; `nats-server` in the `PATH`; the one of Debian's package.

/// Certificates for TLS.
pub mod certificates;

/// Users and their permissions.
pub mod users;

/// TLS and users as configuration.
pub mod security;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use ureq::Agent;

use crate::ports::free_addresses;
use crate::signals::{self, Signal};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// A server, killed when dropped. Then its folder is removed.
pub struct NatsServer {
    name: String,
    address: SocketAddr,
    /// The HTTP endpoint for monitoring.
    monitor: SocketAddr,
    process: Option<Child>,
    folder: TempDir,
    /// The configuration that every server has.
    base_config: String,
}

impl NatsServer {
    /// Starts a server without a cluster.
    pub fn start() -> Self {
        Self::start_with_config("")
    }

    /// Starts a server without a cluster, with additional configuration.
    pub fn start_with_config(extra: &str) -> Self {
        let [address, monitor] = free_addresses();
        let mut server = Self::prepare("alone", [address, monitor], extra);
        server.restart();
        server
    }

    /// Starts a cluster of `N` servers and waits until each answers.
    pub fn cluster<const N: usize>() -> [Self; N] {
        let addresses = free_addresses::<N>();
        let monitors = free_addresses::<N>();
        let routes = free_addresses::<N>();
        let all: Vec<_> = routes.iter().map(|route| format!("nats://{route}")).collect();
        let mut number = 0;
        let mut servers = addresses.map(|address| {
            let monitor = monitors[number];
            let route = routes[number];
            let all = all.join(", ");
            number += 1;
            // Servers do not advertise each other: a client stays on the proxies that it was given.
            let cluster = format!(
                "cluster {{ name: hub, listen: \"{route}\", routes: [{all}], no_advertise: true }}\n"
            );
            Self::prepare(&format!("n{number}"), [address, monitor], &cluster)
        });
        servers.iter_mut().for_each(Self::launch);
        servers.iter().for_each(Self::wait_until_ready);
        servers
    }

    fn prepare(name: &str, [address, monitor]: [SocketAddr; 2], extra: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let store = folder.path().join("store");
        let base_config = format!(
            "server_name: {name}\nlisten: \"{address}\"\nhttp: \"{monitor}\"\nmax_payload: 2MB\n\
             jetstream {{ store_dir: \"{}\", max_file_store: 4GB, max_memory_store: 256MB }}\n",
            store.display()
        );
        let name = name.to_owned();
        let server = Self { name, address, monitor, process: None, folder, base_config };
        server.set_extra_config(extra);
        server
    }

    /// Replaces the additional configuration from the next start on.
    pub fn set_extra_config(&self, extra: &str) {
        let file = self.folder.path().join("server.conf");
        fs::write(file, format!("{}{extra}", self.base_config)).unwrap();
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// A URL that requires TLS.
    pub fn tls_url(&self) -> String {
        format!("tls://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The folder of its streams.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// The name of the server that leads the stream, as far as this one knows.
    fn leader(&self) -> Option<String> {
        self.stream()?["cluster"]["leader"].as_str().map(str::to_owned)
    }

    /// The sequence number of the last message that this server stores.
    fn last_seq(&self) -> Option<u64> {
        self.stream()?["state"]["last_seq"].as_u64()
    }

    fn stream(&self) -> Option<Value> {
        let status = self.get_monitor("/jsz?streams=true")?;
        let accounts = status["account_details"].as_array()?.iter();
        let mut streams =
            accounts.filter_map(|account| account["stream_detail"].as_array()).flatten();
        streams.find(|found| found["name"] == STREAM).cloned()
    }

    /// Its own opinion: it runs, and its replicas of all streams are current.
    fn is_healthy(&self) -> bool {
        self.get_monitor("/healthz").is_some_and(|health| health["status"] == "ok")
    }

    fn get_monitor(&self, path: &str) -> Option<Value> {
        let config = Agent::config_builder().timeout_global(Some(MONITOR_TIMEOUT));
        let agent = Agent::new_with_config(config.build());
        let mut response = agent.get(format!("http://{}{path}", self.monitor)).call().ok()?;
        response.body_mut().read_json().ok()
    }

    pub fn is_running(&self) -> bool {
        self.process.is_some()
    }

    /// Its log since its first start.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Sends SIGKILL. Its files stay.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Stops it in an orderly way.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            signals::send_signal(&process, Signal::TERM);
            process.wait().unwrap();
        }
    }

    /// Stops all its threads until [`NatsServer::resume`]; its peers notice only silence.
    pub fn pause(&self) {
        signals::pause(self.process.as_ref().unwrap());
    }

    pub fn resume(&self) {
        signals::resume(self.process.as_ref().unwrap());
    }

    /// Starts it on the same ports and files.
    pub fn restart(&mut self) {
        self.launch();
        self.wait_until_ready();
    }

    fn launch(&mut self) {
        assert!(self.process.is_none(), "the server is already running");
        let log = self.folder.path().join("log");
        let log = fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        let mut command = Command::new(server_binary());
        command.arg("-c").arg(self.folder.path().join("server.conf"));
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.process = Some(command.spawn().unwrap());
    }

    fn wait_until_ready(&self) {
        let condition = format!("{} is ready, see {}", self.name, self.folder.path().display());
        wait_until(&condition, WAIT_TIMEOUT, || sends_info(self.address).then_some(()));
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// The index of the server that leads the stream of updates, as soon as one of them names it.
pub fn find_leader(servers: &[NatsServer]) -> usize {
    wait_until("a NATS server leads the stream", WAIT_TIMEOUT, || {
        let name = servers.iter().find_map(NatsServer::leader)?;
        servers.iter().position(|server| server.name() == name)
    })
}

/// Waits until every server of a cluster stores all messages that any of them stores now.
///
/// Before that a test must not take another server away: with more than one behind, no majority has the last
/// acknowledged messages. The servers' opinions of each other do not suffice: 2.9.10 reports a server that has
/// just restarted as current when it is not, and may elect it.
pub fn wait_until_replicated(servers: &[NatsServer]) {
    let newest = || servers.iter().filter_map(NatsServer::last_seq).max();
    let newest = wait_until("a server has the stream", WAIT_TIMEOUT, newest);
    let has_all = |server: &NatsServer| {
        server.is_healthy() && server.leader().is_some() && server.last_seq() >= Some(newest)
    };
    let replicated = || servers.iter().all(has_all).then_some(());
    wait_until("all servers have all messages", WAIT_TIMEOUT, replicated);
}

/// Connects and checks for the INFO of a server with JetStream.
fn sends_info(address: SocketAddr) -> bool {
    let Ok(stream) = TcpStream::connect(address) else { return false };
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut line = String::new();
    let read = BufReader::new(stream).read_line(&mut line);
    read.is_ok() && line.starts_with("INFO ") && line.contains("\"jetstream\":true")
}

/// The default name of the stream of updates.
const STREAM: &str = "flightboard";

const MONITOR_TIMEOUT: Duration = Duration::from_secs(2);

/// The path of `nats-server`.
pub fn server_binary() -> PathBuf {
    if let Some(named) = std::env::var_os(BINARY_VARIABLE) {
        return named.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/nats/bin")].into_iter();
    let folders = folders.chain(std::env::split_paths(&path)).chain([PathBuf::from("/usr/sbin")]);
    let found = folders.map(|folder| folder.join("nats-server")).find(|file| file.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "nats-server not found: install it (on Debian `apt install nats-server`) or set {BINARY_VARIABLE}"
        )
    })
}

/// The first version whose clusters keep all acknowledged messages when their leader is paused and resumed, and
/// when all servers are killed. The program warns about older ones.
pub const MIN_SAFE_VERSION: (u32, u32, u32) = (2, 12, 0);

/// Major, minor and patch version of [`server_binary`].
pub fn server_version() -> (u32, u32, u32) {
    let output = Command::new(server_binary()).arg("--version").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers = text.trim().rsplit('v').next().unwrap_or_default();
    let numbers: Vec<_> = numbers.split('.').map_while(|part| part.parse().ok()).collect();
    match numbers[..] {
        [major, minor, patch, ..] => (major, minor, patch),
        _ => panic!("{text:?} is not the version of a NATS server"),
    }
}

const BINARY_VARIABLE: &str = "FLIGHTBOARD_TEST_NATS_SERVER";
