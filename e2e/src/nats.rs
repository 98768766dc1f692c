//! Real NATS servers with JetStream, each with a folder of its own and on ports that are free. They end
//! with the test.
//!
//! The binary is the one that `FLIGHTBOARD_TEST_NATS_SERVER` names, or `nats-server` where Debian's
//! package puts it or in the `PATH`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::wait::{PATIENCE, until};

/// A server, killed when dropped. Its folder goes after it.
pub struct NatsServer {
    name: String,
    address: SocketAddr,
    process: Option<Child>,
    folder: TempDir,
}

impl NatsServer {
    /// One that stands alone.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// One that stands alone, with more lines in its configuration.
    pub fn start_with(more: &str) -> Self {
        let [address] = free_addresses();
        let mut server = Self::prepare("alone", address, more);
        server.start_again();
        server
    }

    /// As many as there are names, of one cluster. It has chosen its leader when this returns.
    pub fn cluster<const N: usize>() -> [Self; N] {
        let (addresses, routes) = (free_addresses::<N>(), free_addresses::<N>());
        let all: Vec<_> = routes.iter().map(|route| format!("nats://{route}")).collect();
        let mut number = 0;
        let mut servers = addresses.map(|address| {
            let (route, all) = (routes[number], all.join(", "));
            number += 1;
            let cluster =
                format!("cluster {{ name: hub, listen: \"{route}\", routes: [{all}] }}\n");
            Self::prepare(&format!("n{number}"), address, &cluster)
        });
        servers.iter_mut().for_each(Self::launch);
        servers.iter().for_each(Self::wait_until_it_answers);
        servers
    }

    fn prepare(name: &str, address: SocketAddr, more: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let store = folder.path().join("store");
        let config = format!(
            "server_name: {name}\nlisten: \"{address}\"\nmax_payload: 2MB\n\
             jetstream {{ store_dir: \"{}\", max_file_store: 4GB, max_memory_store: 256MB }}\n{more}",
            store.display()
        );
        fs::write(folder.path().join("server.conf"), config).unwrap();
        Self { name: name.to_owned(), address, process: None, folder }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it keeps its streams.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
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
            signal(&process, "TERM");
            process.wait().unwrap();
        }
    }

    /// It does nothing any more, and nobody is told, until it is let go on.
    pub fn freeze(&self) {
        signal(self.process.as_ref().unwrap(), "STOP");
    }

    pub fn let_go_on(&self) {
        signal(self.process.as_ref().unwrap(), "CONT");
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

/// Whether a server with JetStream sends its first line.
fn greets(address: SocketAddr) -> bool {
    let Ok(stream) = TcpStream::connect(address) else { return false };
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut line = String::new();
    let read = BufReader::new(stream).read_line(&mut line);
    read.is_ok() && line.starts_with("INFO ") && line.contains("\"jetstream\":true")
}

fn signal(process: &Child, name: &str) {
    let kill = format!("kill -{name} {}", process.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

/// Free until somebody takes them: all are held until all are known.
fn free_addresses<const N: usize>() -> [SocketAddr; N] {
    let held = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap())
}

fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os(NAMED) {
        return named.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([Path::new("/usr/sbin").to_owned()]);
    let found = folders.map(|folder| folder.join("nats-server")).find(|file| file.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "there is no nats-server: install it (on Debian `apt install nats-server`), or name one \
             in {NAMED}"
        )
    })
}

const NAMED: &str = "FLIGHTBOARD_TEST_NATS_SERVER";
