//! Real NATS servers with JetStream, each with a folder of its own and on ports that are free. They end
//! with the test.
//!
//! The binary is the one that `FLIGHTBOARD_TEST_NATS_SERVER` names, or that of `e2e/nats-server.txt` where
//! `cargo xtask test` has put it, or `nats-server` in the `PATH` or where Debian's package puts it.

/// Certificates of servers.
pub mod certificates;

/// Users and their rights.
pub mod users;

/// Both, as a server is told of them.
pub mod guard;

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
use crate::wait::{PATIENCE, until};

/// A server, killed when dropped. Its folder goes after it.
pub struct NatsServer {
    name: String,
    address: SocketAddr,
    /// Where it says how it is.
    monitor: SocketAddr,
    process: Option<Child>,
    folder: TempDir,
    /// What all have in their configuration.
    config: String,
}

impl NatsServer {
    /// One that stands alone.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// One that stands alone, with more lines in its configuration.
    pub fn start_with(more: &str) -> Self {
        let [address, monitor] = free_addresses();
        let mut server = Self::prepare("alone", [address, monitor], more);
        server.start_again();
        server
    }

    /// As many as there are names, of one cluster. It has chosen its leader when this returns.
    pub fn cluster<const N: usize>() -> [Self; N] {
        let (addresses, monitors) = (free_addresses::<N>(), free_addresses::<N>());
        let routes = free_addresses::<N>();
        let all: Vec<_> = routes.iter().map(|route| format!("nats://{route}")).collect();
        let mut number = 0;
        let mut servers = addresses.map(|address| {
            let (monitor, route, all) = (monitors[number], routes[number], all.join(", "));
            number += 1;
            // Clients are not told of the others: each goes where it was sent, over a link that can be cut.
            let cluster = format!(
                "cluster {{ name: hub, listen: \"{route}\", routes: [{all}], no_advertise: true }}\n"
            );
            Self::prepare(&format!("n{number}"), [address, monitor], &cluster)
        });
        servers.iter_mut().for_each(Self::launch);
        servers.iter().for_each(Self::wait_until_it_answers);
        servers
    }

    fn prepare(name: &str, [address, monitor]: [SocketAddr; 2], more: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let store = folder.path().join("store");
        let config = format!(
            "server_name: {name}\nlisten: \"{address}\"\nhttp: \"{monitor}\"\nmax_payload: 2MB\n\
             jetstream {{ store_dir: \"{}\", max_file_store: 4GB, max_memory_store: 256MB }}\n",
            store.display()
        );
        let server =
            Self { name: name.to_owned(), address, monitor, process: None, folder, config };
        server.configure(more);
        server
    }

    /// From its next start on it has these lines in its configuration instead.
    pub fn configure(&self, more: &str) {
        let file = self.folder.path().join("server.conf");
        fs::write(file, format!("{}{more}", self.config)).unwrap();
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// The same with TLS, whatever the server wants.
    pub fn tls_url(&self) -> String {
        format!("tls://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it keeps its streams.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Which server leads the stream, as far as this one knows.
    fn leader(&self) -> Option<String> {
        self.stream()?["cluster"]["leader"].as_str().map(str::to_owned)
    }

    /// The number of the newest message of the stream that this server itself has.
    fn newest(&self) -> Option<u64> {
        self.stream()?["state"]["last_seq"].as_u64()
    }

    fn stream(&self) -> Option<Value> {
        let known = self.monitor("/jsz?streams=true")?;
        let accounts = known["account_details"].as_array()?.iter();
        let mut streams =
            accounts.filter_map(|account| account["stream_detail"].as_array()).flatten();
        streams.find(|found| found["name"] == STREAM).cloned()
    }

    /// Whether it runs, and has all that it has to have of each stream.
    fn is_current(&self) -> bool {
        self.monitor("/healthz").is_some_and(|health| health["status"] == "ok")
    }

    fn monitor(&self, path: &str) -> Option<Value> {
        let config = Agent::config_builder().timeout_global(Some(MONITOR_TIMEOUT));
        let agent = Agent::new_with_config(config.build());
        let mut answer = agent.get(format!("http://{}{path}", self.monitor)).call().ok()?;
        answer.body_mut().read_json().ok()
    }

    pub fn is_running(&self) -> bool {
        self.process.is_some()
    }

    /// What it has said since it was first started.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// `kill -9`. What it had written stays.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Ends it as an operator does.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            signals::send(&process, Signal::TERM);
            process.wait().unwrap();
        }
    }

    /// It does nothing any more, and nobody is told, until it is let go on.
    pub fn freeze(&self) {
        signals::freeze(self.process.as_ref().unwrap());
    }

    pub fn let_go_on(&self) {
        signals::let_go_on(self.process.as_ref().unwrap());
    }

    /// The same server on the same port, with what it kept.
    pub fn start_again(&mut self) {
        self.launch();
        self.wait_until_it_answers();
    }

    fn launch(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        let log = self.folder.path().join("log");
        let log = fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        let mut command = Command::new(binary());
        command.arg("-c").arg(self.folder.path().join("server.conf"));
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.process = Some(command.spawn().unwrap());
    }

    fn wait_until_it_answers(&self) {
        let what = format!("{} greets, see {}", self.name, self.folder.path().display());
        until(&what, PATIENCE, || greets(self.address).then_some(()));
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

/// Which server of a cluster leads the stream of updates, once one of them says so. They agree when all is well.
pub fn leader(servers: &[NatsServer]) -> usize {
    until("a NATS server leads the stream", PATIENCE, || {
        let name = servers.iter().find_map(NatsServer::leader)?;
        servers.iter().position(|server| server.name() == name)
    })
}

/// Waits until each server of a cluster has what any of them has of the stream now, whatever comes meanwhile.
/// Before that no other may be lost: with more than one behind, no majority has what was acknowledged last.
/// What they say of each other is not enough. 2.9.10 calls one that just came back current when it is not,
/// and may then let it lead.
pub fn wait_until_whole(servers: &[NatsServer]) {
    let newest = || servers.iter().filter_map(NatsServer::newest).max();
    let newest = until("a server has the stream", PATIENCE, newest);
    let has_all = |server: &NatsServer| {
        server.is_current() && server.leader().is_some() && server.newest() >= Some(newest)
    };
    until("all servers have everything", PATIENCE, || servers.iter().all(has_all).then_some(()));
}

/// Whether a server with JetStream sends its first line.
fn greets(address: SocketAddr) -> bool {
    let Ok(stream) = TcpStream::connect(address) else { return false };
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut line = String::new();
    let read = BufReader::new(stream).read_line(&mut line);
    read.is_ok() && line.starts_with("INFO ") && line.contains("\"jetstream\":true")
}

/// The stream that has all updates, as it is called unless the program is told otherwise.
const STREAM: &str = "flightboard";

const MONITOR_TIMEOUT: Duration = Duration::from_secs(2);

/// The program that they are.
pub fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os(NAMED) {
        return named.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/nats/bin")].into_iter();
    let folders = folders.chain(std::env::split_paths(&path)).chain([PathBuf::from("/usr/sbin")]);
    let found = folders.map(|folder| folder.join("nats-server")).find(|file| file.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "there is no nats-server: install it (on Debian `apt install nats-server`), or name one \
             in {NAMED}"
        )
    })
}

/// From which version on a cluster keeps what it acknowledged when its leader stands still and goes on, and
/// when all of it is killed. The server says so too when it finds an older one.
pub const SOUND_SINCE: (u32, u32, u32) = (2, 12, 0);

/// Which one it is: major, minor and patch.
pub fn version() -> (u32, u32, u32) {
    let output = Command::new(binary()).arg("--version").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let numbers = said.trim().rsplit('v').next().unwrap_or_default();
    let numbers: Vec<_> = numbers.split('.').map_while(|part| part.parse().ok()).collect();
    match numbers[..] {
        [major, minor, patch, ..] => (major, minor, patch),
        _ => panic!("{said:?} is no version of a NATS server"),
    }
}

const NAMED: &str = "FLIGHTBOARD_TEST_NATS_SERVER";
