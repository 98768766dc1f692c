//! The listener for administrators, and the details that the public does not see.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::json;
use tempfile::TempDir;

use crate::process::{ServerProcess, flightboard_command, run};
use crate::wait::{WAIT_TIMEOUT, wait_until};

fn serve(folder: &Path, flags: &[&str]) -> Command {
    let mut command = flightboard_command(["serve", "--journal"]);
    command.arg(folder.join("journal.db")).args(flags);
    command
}

/// The whole answer to a request with this `Host`.
fn get(address: SocketAddr, path: &str, host: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    socket.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).unwrap();
    answer
}

fn status(address: SocketAddr, path: &str, host: &str) -> u16 {
    let answer = get(address, path, host);
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

/// The address in the second line of standard output.
fn admin_address(server: &ServerProcess) -> SocketAddr {
    let output = wait_until("the addresses are printed", WAIT_TIMEOUT, || {
        Some(server.process.output()).filter(|output| output.lines().count() == 2)
    });
    let (_, address) = output.trim_end().rsplit_once("administrators are at http://").unwrap();
    address.parse().unwrap()
}

#[test]
fn loopback_requests_see_all() {
    let folder = TempDir::new().unwrap();
    let server = ServerProcess::start(&mut serve(folder.path(), &["--listen", "127.0.0.1:0"]));
    for (host, expected) in [("localhost", 200), ("127.0.0.1:5000", 200), ("board.example", 404)] {
        assert_eq!(status(server.address, "/metrics", host), expected, "{host}");
    }
    fs::rename(folder.path().join("journal.db"), folder.path().join("moved.db")).unwrap();
    wait_until("the loss is noticed", WAIT_TIMEOUT, || server.api().unready_reason());
    let path = folder.path().to_str().unwrap();
    assert!(get(server.address, "/readyz", "localhost").contains(path));
    let foreign = get(server.address, "/readyz", "board.example");
    assert!(foreign.starts_with("HTTP/1.1 503") && !foreign.contains("reason"), "{foreign}");
    let refused = server.api().put_rejected("NO1", &json!({}), 503);
    assert!(refused.contains("retry later") && !refused.contains(path), "{refused}");
}

#[test]
fn admin_listener_hides_details_from_public() {
    let folder = TempDir::new().unwrap();
    let flags = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    let server = ServerProcess::start(&mut serve(folder.path(), &flags));
    let admin = admin_address(&server);
    assert_eq!(status(server.address, "/metrics", "localhost"), 404);
    assert!(get(admin, "/metrics", "localhost").contains("\nflightboard_followers{"));
    for path in ["/metrics", "/readyz", "/profile", "/healthz"] {
        assert_eq!(status(admin, path, "board.example"), 403, "{path}");
    }
    assert_eq!(status(admin, "/boards", "localhost"), 404);
    assert_eq!(status(admin, "/healthz", "localhost"), 200);
    fs::rename(folder.path().join("journal.db"), folder.path().join("moved.db")).unwrap();
    let reason = wait_until("the loss is noticed", WAIT_TIMEOUT, || {
        Some(get(admin, "/readyz", "localhost")).filter(|ready| ready.starts_with("HTTP/1.1 503"))
    });
    assert!(reason.contains(folder.path().to_str().unwrap()), "{reason}");
    let public = get(server.address, "/readyz", "localhost");
    assert!(public.starts_with("HTTP/1.1 503"), "{public}");
    assert!(public.ends_with("{\"status\":\"not ready\"}"), "{public}");
}

/// A port whose successor is free too.
fn free_pair() -> u16 {
    wait_until("two free ports", WAIT_TIMEOUT, || {
        let first = TcpListener::bind("0.0.0.0:0").unwrap().local_addr().unwrap().port();
        TcpListener::bind(("127.0.0.1", first.checked_add(1)?)).ok().map(|_| first)
    })
}

#[test]
fn exposed_server_has_admin_port() {
    let folder = TempDir::new().unwrap();
    let port = free_pair();
    let listen = format!("0.0.0.0:{port}");
    let flags = ["--listen", &listen, "--open-publishing"];
    let server = ServerProcess::start(&mut serve(folder.path(), &flags));
    let public = SocketAddr::from(([127, 0, 0, 1], port));
    let admin = admin_address(&server);
    assert_eq!(admin, SocketAddr::from(([127, 0, 0, 1], port + 1)));
    assert_eq!(status(admin, "/metrics", "localhost"), 200);
    assert_eq!(status(public, "/metrics", "localhost"), 404);
    assert_eq!(status(public, "/readyz", "localhost"), 200);
    drop(server);
    let _other_program = TcpListener::bind(admin).unwrap();
    let server = ServerProcess::start(&mut serve(folder.path(), &flags));
    server.process.wait_for_log("no endpoints for administrators");
    assert_eq!(status(public, "/metrics", "localhost"), 404);
    let other = TempDir::new().unwrap();
    let chosen = ["--listen", "127.0.0.1:0", "--admin-listen", &admin.to_string()];
    let refused = run(&mut serve(other.path(), &chosen), "");
    assert!(refused.stderr.contains("in use") && refused.stderr.contains("--admin-listen"));
}

#[test]
fn profile_has_functions_and_samples() {
    let folder = TempDir::new().unwrap();
    let flags = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    let server = ServerProcess::start(&mut serve(folder.path(), &flags));
    let admin = admin_address(&server);
    let is_done = AtomicBool::new(false);
    let (profile, second) = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                get(server.address, "/metrics", "localhost");
                server.api().put_flight("I768", &json!({ "gate": "1" }));
            }
        });
        let first = scope.spawn(|| get(admin, "/profile?seconds=3", "localhost"));
        let second = wait_until("a second profile is refused", WAIT_TIMEOUT, || {
            let answer = get(admin, "/profile?seconds=1", "localhost");
            (answer.starts_with("HTTP/1.1 409") || first.is_finished()).then_some(answer)
        });
        let profile = first.join().unwrap();
        is_done.store(true, Ordering::Relaxed);
        (profile, second)
    });
    assert!([&profile, &second].iter().any(|answer| answer.starts_with("HTTP/1.1 409")));
    let profile = if profile.starts_with("HTTP/1.1 200") { profile } else { second };
    let (_, stacks) = profile.split_once("\r\n\r\n").unwrap();
    let samples = stacks.lines().filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok());
    assert!(samples.sum::<u64>() > 0, "{profile}");
    assert!(stacks.contains(";tokio::runtime::"), "{profile}");
    for query in ["seconds=0", "seconds=61", "hours=1"] {
        assert_eq!(status(admin, &format!("/profile?{query}"), "localhost"), 400, "{query}");
    }
}
