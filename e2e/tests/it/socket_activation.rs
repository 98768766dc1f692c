//! A service manager that keeps the listening socket over restarts, as systemd does.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::process::{ServerProcess, TestProcess, flightboard_command};
use crate::wait::WAIT_TIMEOUT;

/// Moves standard input to the descriptor 3, and announces it to the program.
const ANNOUNCE_SOCKET: &str =
    "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ LISTEN_FDNAMES=$0 exec \"$@\"";

/// A service manager with a listening socket.
struct FakeSystemd {
    socket: TcpListener,
    notifications: UnixDatagram,
    folder: TempDir,
}

impl FakeSystemd {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let notifications = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        notifications.set_read_timeout(Some(WAIT_TIMEOUT)).unwrap();
        Self { socket: TcpListener::bind("127.0.0.1:0").unwrap(), notifications, folder }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// The server's command, with the socket under this name.
    fn command(&self, name: &str) -> Command {
        let path = |name: &str| self.folder.path().join(name);
        let mut serve = flightboard_command(["serve", "--listen", "127.0.0.1:0", "--journal"]);
        serve.arg(path("journal.db"));
        let mut shell = Command::new("sh");
        shell.args(["-c", ANNOUNCE_SOCKET, name]).arg(serve.get_program()).args(serve.get_args());
        shell.env("NOTIFY_SOCKET", path("notify"));
        shell
    }

    fn pass_socket(&self, command: &mut Command) {
        command.stdin(OwnedFd::from(self.socket.try_clone().unwrap()));
    }

    fn start(&self) -> ServerProcess {
        let mut command = self.command("flightboard.socket");
        ServerProcess::start_redirected(&mut command, self.address(), |command| {
            self.pass_socket(command);
        })
    }

    fn notification(&self) -> String {
        let mut bytes = [0; 100];
        let count = self.notifications.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..count]).trim().to_owned()
    }
}

/// Sends a request on a new connection.
fn request(address: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(WAIT_TIMEOUT)).unwrap();
    socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    socket
}

fn check_response(mut socket: TcpStream) {
    let mut response = String::new();
    socket.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}

#[test]
fn restart_refuses_no_connection() {
    let manager = FakeSystemd::new();
    let server = manager.start();
    assert_eq!(manager.notification(), "READY=1");
    check_response(request(manager.address()));

    server.process.terminate();
    assert_eq!(manager.notification(), "STOPPING=1");
    let mut waiting: Vec<_> = (0..10).map(|_| request(manager.address())).collect();
    assert!(server.process.wait_for_exit(WAIT_TIMEOUT).status.success());
    waiting.extend((0..10).map(|_| request(manager.address())));
    let _server = manager.start();
    assert_eq!(manager.notification(), "READY=1");
    waiting.into_iter().for_each(check_response);
}

#[test]
fn inherited_redirect_needs_https() {
    let manager = FakeSystemd::new();
    let mut command = manager.command("http-redirect");
    let process = TestProcess::start_with(&mut command, |command| manager.pass_socket(command));
    let output = process.wait_for_exit(WAIT_TIMEOUT);
    assert!(!output.status.success());
    assert!(output.stderr.contains("http-redirect needs https"), "{}", output.stderr);
}

/// Units that systemd would ignore or refuse would leave the server unprotected.
#[test]
fn units_are_valid_and_hardened() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/systemd");
    let analyze = |args: &[&str], files: &[&Path]| {
        let output = Command::new("systemd-analyze").args(args).args(files).output();
        let output = output.unwrap();
        let text = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&text));
        String::from_utf8(text).unwrap()
    };
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        eprintln!("systemd-analyze is missing: its checks did not run");
        return;
    }
    let service = folder.join("flightboard.service");
    analyze(&["security", "--offline=true", "--threshold=15"], &[&service]);
    // The program of the unit is installed here.
    let manager = TempDir::new().unwrap();
    let local = manager.path().join("flightboard.service");
    let unit = fs::read_to_string(&service).unwrap();
    let program = flightboard_command::<&str>([]).get_program().to_owned();
    let program = program.to_str().unwrap();
    fs::write(&local, unit.replace("/usr/bin/flightboard", program)).unwrap();
    let sockets = ["flightboard.socket", "flightboard-redirect.socket"].map(|name| {
        let socket = manager.path().join(name);
        fs::copy(folder.join(name), &socket).unwrap();
        socket
    });
    let warnings = analyze(&["verify", "--man=no"], &[&local, &sockets[0], &sockets[1]]);
    assert_eq!(warnings, "");
}
