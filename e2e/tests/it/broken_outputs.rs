//! Standard output and standard error that are full, closed, or not read. They stop no server, and a command ends
//! with one sentence.

use std::fs::{self, File};
use std::io::{self, PipeReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use tempfile::TempDir;
use testkit::fault_library::{DiskFault, FaultLibrary};
use testkit::ports::free_address;
use testkit::response::ResponseDecoder;

use crate::follower::TestFollower;
use crate::process::{
    ProcessOutput, Resource, ServerProcess, TestProcess, flightboard_command, start_server,
    start_server_at,
};
use crate::wait::{WAIT_TIMEOUT, wait_until};

fn serve(address: SocketAddr, folder: &Path) -> Command {
    let mut command = flightboard_command(["serve", "--listen", &address.to_string()]);
    command.arg("--journal").arg(folder.join("journal.db"));
    command
}

fn full_device() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

/// A pipe whose reader is gone.
fn dead_pipe() -> Stdio {
    io::pipe().unwrap().1.into()
}

/// The same command, started by a shell that closes these streams, such as `>&- 2>&-`.
fn with_closed_streams(closed: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("exec \"$0\" \"$@\" {closed}"));
    shell.arg(command.get_program()).args(command.get_args());
    shell
}

/// Makes the server log, publishes, and checks that a follower and a restart have the rows.
fn check_service(server: ServerProcess, folder: &Path) {
    let api = server.api();
    let mut follower = TestFollower::open(server.address);
    assert_eq!(follower.next_event().name, "timetable");
    let first = api.put_flight("I768", &json!({"origin": "Rome"}));
    assert_eq!(follower.next_event().id, first);
    // The server logs that it refuses updates, and that it accepts them again.
    server.process.set_limit(Resource::Fsize, Some(0));
    let detail = api.put_rejected("NO1", &json!({}), 503);
    assert!(!detail.contains("journal.db") && detail.contains("retry later"), "{detail}");
    server.process.set_limit(Resource::Fsize, None);
    wait_until("the server is ready again", WAIT_TIMEOUT, || {
        api.unready_reason().is_none().then_some(())
    });
    let second = api.put_flight("G119", &json!({"origin": "London"}));
    assert_eq!(follower.next_event().id, second);
    let rows = api.rows("main");
    server.process.terminate();
    assert_eq!(follower.read_to_end(WAIT_TIMEOUT), []);
    let output = server.process.wait_for_exit(WAIT_TIMEOUT);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(start_server(folder, &[]).api().rows("main"), rows);
}

/// Checks a server whose standard streams are replaced by `redirect`.
fn check_redirected(redirect: impl FnOnce(&mut Command)) {
    let folder = TempDir::new().unwrap();
    let address = free_address();
    let mut command = serve(address, folder.path());
    let server = ServerProcess::start_redirected(&mut command, address, redirect);
    check_service(server, folder.path());
}

#[test]
fn full_outputs_stop_no_server() {
    check_redirected(|command| {
        command.stdout(full_device()).stderr(full_device());
    });
}

#[test]
fn dead_pipes_stop_no_server() {
    check_redirected(|command| {
        command.stdout(dead_pipe()).stderr(dead_pipe());
    });
}

#[test]
fn closed_outputs_stop_no_server() {
    let folder = TempDir::new().unwrap();
    let address = free_address();
    let mut command = with_closed_streams("<&- >&- 2>&-", &serve(address, folder.path()));
    let server = ServerProcess::start_redirected(&mut command, address, |_| {});
    check_service(server, folder.path());
}

#[test]
fn full_outputs_stop_no_demo() {
    let address = free_address();
    let mut command = flightboard_command(["demo", "--listen", &address.to_string()]);
    let server = ServerProcess::start_redirected(&mut command, address, |command| {
        command.stdout(full_device()).stderr(full_device());
    });
    assert_eq!(TestFollower::open(address).next_event().name, "timetable");
    server.process.terminate();
    assert!(server.process.wait_for_exit(WAIT_TIMEOUT).status.success());
}

/// The number of dropped log lines in `/metrics`.
fn dropped_lines(server: &ServerProcess) -> u64 {
    let metrics = server.api().get_text("/metrics");
    let name = "flightboard_log_lines_dropped_total ";
    let value = metrics.lines().find_map(|line| line.strip_prefix(name));
    value.unwrap().parse().unwrap()
}

/// Reads until the text contains `wanted`.
fn read_until(pipe: &mut PipeReader, wanted: &str) -> String {
    let mut text = Vec::new();
    let mut chunk = [0; 64 * 1024];
    loop {
        let count = pipe.read(&mut chunk).unwrap();
        assert!(count > 0, "{wanted}: not in the log");
        text.extend_from_slice(&chunk[..count]);
        let read = String::from_utf8_lossy(&text);
        if read.contains(wanted) {
            return read.into_owned();
        }
    }
}

/// A log that is not read fills the pipe, then the queue, and then loses lines. Updates and streams go on, and the
/// log goes on when it is read again.
#[test]
fn unread_logs_delay_nothing() {
    let folder = TempDir::new().unwrap();
    let (mut unread, log) = io::pipe().unwrap();
    let address = free_address();
    let mut command = serve(address, folder.path());
    command.env("FLIGHTBOARD_LOG", "trace");
    let server = ServerProcess::start_redirected(&mut command, address, |command| {
        command.stderr(log);
    });
    drop(command);
    let mut follower = TestFollower::open(address);
    assert_eq!(follower.next_event().name, "timetable");
    let mut ids = Vec::new();
    while dropped_lines(&server) == 0 {
        ids.push(server.api().put_flight("I768", &json!({"gate": ids.len().to_string()})));
        assert!(ids.len() < 10_000, "the log does not fill its queue");
    }
    let seen = follower.next_events(ids.len());
    assert!(seen.iter().map(|event| &event.id).eq(&ids));
    assert!(server.api().is_ready());
    let text = read_until(&mut unread, "log lines dropped: standard error was full or blocked");
    assert!(text.contains("TRACE"), "the log begins before the loss");
    let dropped = dropped_lines(&server);
    server.api().put_flight("G119", &json!({}));
    read_until(&mut unread, "TRACE");
    assert!(dropped > 0);
    server.process.terminate();
    std::thread::spawn(move || unread.read_to_end(&mut Vec::new()));
    assert!(server.process.wait_for_exit(WAIT_TIMEOUT).status.success());
}

/// The end of a server does not wait for a log that is not read.
#[test]
fn blocked_log_does_not_delay_shutdown() {
    let folder = TempDir::new().unwrap();
    let (unread, log) = io::pipe().unwrap();
    let address = free_address();
    let mut command = serve(address, folder.path());
    command.env("FLIGHTBOARD_LOG", "trace");
    let server = ServerProcess::start_redirected(&mut command, address, |command| {
        command.stderr(log);
    });
    while dropped_lines(&server) == 0 {
        server.api().put_flight("I768", &json!({}));
    }
    server.process.terminate();
    assert!(server.process.wait_for_exit(WAIT_TIMEOUT).status.success());
    drop(unread);
}

/// The disk of the journal also has the log. No line is lost.
#[test]
fn full_disk_keeps_journal_and_log() {
    let faults = FaultLibrary::build().unwrap();
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("log");
    let address = free_address();
    let mut command = serve(address, folder.path());
    let command = faults.preload(&mut command, folder.path()).unwrap();
    let server = ServerProcess::start_redirected(command, address, |command| {
        command.stderr(File::create(&log).unwrap());
    });
    let api = server.api();
    let mut follower = TestFollower::open(address);
    assert_eq!(follower.next_event().name, "timetable");
    let first = api.put_flight("I768", &json!({"origin": "Rome"}));
    assert_eq!(follower.next_event().id, first);

    faults.set_disk_fault(DiskFault::NoSpace).unwrap();
    let detail = api.put_rejected("NO1", &json!({}), 503);
    assert!(detail.contains("no space left for the journal"), "{detail}");
    let failures = faults.failed_calls().unwrap();
    wait_until("the journal and the log are tried again", WAIT_TIMEOUT, || {
        (faults.failed_calls().unwrap() > failures + 4).then_some(())
    });
    assert_eq!(fs::read_to_string(&log).unwrap(), "");
    assert_eq!(TestFollower::open(address).next_event().data["flights"][0]["flight"], "I768");

    faults.set_disk_fault(DiskFault::None).unwrap();
    wait_until("the server is ready again", WAIT_TIMEOUT, || {
        api.unready_reason().is_none().then_some(())
    });
    let second = api.put_flight("G119", &json!({"origin": "London"}));
    assert_eq!(follower.next_event().id, second);
    let text = wait_until("the log has all lines", WAIT_TIMEOUT, || {
        let text = fs::read_to_string(&log).unwrap();
        text.contains("journal available again").then_some(text)
    });
    assert!(text.contains("journal unavailable, rejecting updates: no space left"), "{text}");
    let rows = api.rows("main");
    let server = start_server_at(&server.kill(), folder.path(), &[]);
    assert_eq!(server.api().rows("main"), rows);
}

/// A request whose head the server has read, and which lacks its body.
struct HalfRequest {
    connection: TcpStream,
    body: String,
}

impl HalfRequest {
    /// Starts to put a row.
    fn put_gate(address: SocketAddr, gate: &str) -> Self {
        let body = json!({"gate": gate}).to_string();
        let mut connection = TcpStream::connect(address).unwrap();
        connection.set_read_timeout(Some(WAIT_TIMEOUT)).unwrap();
        let length = body.len();
        write!(
            connection,
            "PUT /boards/main/flights/I768 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
        )
        .unwrap();
        let mut interim = [0; 25];
        connection.read_exact(&mut interim).unwrap();
        assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
        Self { connection, body }
    }

    /// Sends the body, and returns the id of the event.
    fn complete(mut self) -> String {
        self.connection.write_all(self.body.as_bytes()).unwrap();
        let mut response = ResponseDecoder::new();
        let mut chunk = [0; 4096];
        while !response.is_complete() {
            let count = self.connection.read(&mut chunk).unwrap();
            assert!(count > 0, "the connection ended");
            response.decode(&chunk[..count]).unwrap();
        }
        let id = response.head().lines().find_map(|line| line.strip_prefix("event-id: "));
        id.unwrap().to_owned()
    }
}

/// With no descriptor left, a server serves its streams and open requests, and accepts others when it
/// can. Idle connections may give way.
#[test]
fn missing_descriptors_stop_no_server() {
    let folder = TempDir::new().unwrap();
    let address = free_address();
    let mut command = serve(address, folder.path());
    let server = ServerProcess::start_redirected(&mut command, address, |command| {
        command.stderr(full_device());
    });
    let api = server.api();
    let mut follower = TestFollower::open(address);
    assert_eq!(follower.next_event().name, "timetable");
    let requests = ["1", "2", "3"].map(|gate| HalfRequest::put_gate(address, gate));
    server.process.set_limit(Resource::Nofile, Some(0));
    let waiting: Vec<_> = (0..10).map(|_| TcpStream::connect(address).unwrap()).collect();
    for request in requests {
        let id = request.complete();
        assert_eq!(follower.next_event().id, id, "open requests and streams are served");
    }
    drop(waiting);
    server.process.set_limit(Resource::Nofile, None);
    let mut later = TestFollower::open(address);
    assert_eq!(later.next_event().data["flights"][0]["gate"], "3");
    assert!(server.api().is_ready());
    let rows = api.rows("main");
    let server = start_server_at(&server.kill(), folder.path(), &[]);
    assert_eq!(server.api().rows("main"), rows);
}

/// Without a descriptor for a connection that stays, a server answers requests one by one, and asks new
/// followers to return.
#[test]
fn last_descriptors_serve_requests() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let mut follower = TestFollower::open(server.address);
    assert_eq!(follower.next_event().name, "timetable");
    let descriptors = Path::new("/proc").join(server.process.id().to_string()).join("fd");
    let is_free = |number: &u64| !descriptors.join(number.to_string()).is_symlink();
    let lowest_free = (0..).find(is_free);
    server.process.set_limit(Resource::Nofile, lowest_free);
    // A new descriptor must be below the limit: only those in reserve are.
    let requests = ["1", "2", "3"].map(|gate| HalfRequest::put_gate(server.address, gate));
    server.process.wait_for_log("cannot accept all connections");
    for gate in ["a", "b", "c"] {
        let id = server.api().put_flight("I768", &json!({"gate": gate}));
        assert_eq!(follower.next_event().id, id);
        assert_eq!(TestFollower::open(server.address).read_to_end(WAIT_TIMEOUT), []);
        assert_eq!(server.api().get_status("/healthz"), 200);
    }
    for request in requests {
        let id = request.complete();
        assert_eq!(follower.next_event().id, id);
    }
    server.process.set_limit(Resource::Nofile, None);
    wait_until("the server has descriptors again", WAIT_TIMEOUT, || {
        assert_eq!(server.api().get_status("/healthz"), 200);
        server.process.log().contains("accepting all connections again").then_some(())
    });
    assert_eq!(TestFollower::open(server.address).next_event().name, "timetable");
}

/// Runs a command with its standard output redirected.
fn run_to(stdout: Stdio, command: &mut Command, input: &str) -> ProcessOutput {
    let mut process = TestProcess::start_with(command, |command| {
        command.stdout(stdout);
    });
    let _ = process.take_stdin().write_all(input.as_bytes());
    process.wait_for_exit(WAIT_TIMEOUT)
}

#[test]
fn failed_reports_are_errors() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let line = json!({"event": "flightAddition", "data": {"flight": "I768"}}).to_string();
    let publish = || {
        let to = server.api().url().to_owned();
        flightboard_command(["publish", "--board", "main", "--to", &to])
    };
    let full = run_to(full_device(), &mut publish(), &line);
    let sentence = "flightboard: cannot write to standard output: No space left on device";
    assert_eq!(full.status.code(), Some(1), "{full:?}");
    assert!(full.stderr.starts_with(sentence) && full.stderr.lines().count() == 1, "{full:?}");
    let dead = run_to(dead_pipe(), &mut publish(), &line);
    assert_eq!((dead.status.code(), &*dead.stderr), (Some(0), ""));
    assert_eq!(server.api().rows("main").len(), 1, "the update is published all the same");

    let help = run_to(full_device(), &mut flightboard_command(["--help"]), "");
    assert_eq!(help.status.code(), Some(1), "{help:?}");
    assert!(help.stderr.starts_with(sentence), "{help:?}");
    let help = run_to(dead_pipe(), &mut flightboard_command(["--help"]), "");
    assert_eq!((help.status.code(), &*help.stderr), (Some(0), ""));
}

#[test]
fn failed_copy_reports_are_errors() {
    let folder = TempDir::new().unwrap();
    drop(start_server(folder.path(), &[]));
    let at = |name: &str| folder.path().join(name).display().to_string();
    let copy =
        || flightboard_command(["copy", "--from", &at("journal.db"), "--to", &at("copy.db")]);
    let full = run_to(full_device(), &mut copy(), "");
    assert_eq!(full.status.code(), Some(1), "{full:?}");
    assert!(full.stderr.contains("flightboard: cannot write to standard output"), "{full:?}");
    let dead = run_to(dead_pipe(), &mut copy(), "");
    assert_eq!((dead.status.code(), &*dead.stderr), (Some(0), ""));
}
