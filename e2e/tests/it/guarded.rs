//! A server whose NATS wants TLS and users.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;
use testkit::nats::NatsServer;
use testkit::nats::guard::Guard;
use testkit::nats::users::Rights;
use testkit::ports::free_address;

use crate::api::Api;
use crate::follower::Follower;
use crate::program::{Program, Server, flightboard, run};
use crate::wait::{PATIENCE, until};

/// With files of authorities and of credentials, where there are.
fn serve(listen: &str, nats: &str, files: [Option<&Path>; 2]) -> Command {
    let mut command = flightboard(["serve", "--listen", listen, "--nats", nats]);
    for (flag, file) in ["--nats-ca", "--nats-creds"].into_iter().zip(files) {
        command.args(file.into_iter().flat_map(|file| [flag.as_ref(), file.as_os_str()]));
    }
    command
}

#[test]
fn behind_tls_and_users_everything_goes_on_after_a_restart_of_nats() {
    let (folder, guard) = (TempDir::new().unwrap(), Guard::new());
    let mut nats = NatsServer::start_with(&guard.config());
    let (authorities, (_, credentials)) = (guard.authorities(), guard.user(&Rights::fewest()));
    let files = [Some(&*authorities), Some(&*credentials)];
    let server = Server::start(&mut serve("127.0.0.1:0", &nats.tls_url(), files));
    let api = server.api();
    let mut screen = Follower::open(server.address);
    assert_eq!(screen.next().name, "timetable");
    api.put("I768", &json!({"origin": "Rome"}));
    assert_eq!(screen.next().name, "flightAddition");

    nats.stop();
    until("it is cut off", PATIENCE, || api.unready());
    nats.start_again();
    until("it is ready again", PATIENCE, || api.is_ready().then_some(()));
    api.put("G119", &json!({"origin": "Tokyo"}));
    assert_eq!(screen.next().name, "flightAddition");

    let copy = folder.path().join("copy.db");
    let mut command = flightboard(["copy", "--from", &nats.tls_url()]);
    command.arg("--to").arg(&copy).arg("--nats-ca").arg(&authorities);
    command.arg("--nats-creds").arg(&credentials);
    let ended = run(&mut command, "");
    assert!(ended.status.success(), "{ended:?}");
}

/// Whoever waits for NATS says for what, in its log and where a load balancer looks.
#[test]
fn what_keeps_it_from_its_journal_is_told() {
    let (guard, other) = (Guard::new(), Guard::new());
    let nats = NatsServer::start_with(&guard.config());
    let (authorities, (_, user)) = (guard.authorities(), guard.user(&Rights::fewest()));
    let others: PathBuf = other.authorities();
    let (_, weak) = guard.user(&Rights::fewest().without("$JS.API.STREAM.INFO.flightboard"));
    let waiting = [
        ([Some(&*others), Some(&*user)], "its certificate is of no authority that is known"),
        ([Some(&*authorities), None], "it does not let the user in, or wants credentials"),
        ([Some(&*authorities), Some(&*weak)], "Permissions Violation for Publish to"),
    ]
    .map(|(files, words)| {
        let address = free_address();
        (Program::start(&mut serve(&address.to_string(), &nats.tls_url(), files)), address, words)
    });
    for (program, address, words) in &waiting {
        let api = Api::new(*address);
        until(words, PATIENCE, || api.unready().filter(|reason| reason.contains(words)));
        assert!(api.unready().unwrap().contains(&nats.tls_url()));
        let log = program.log();
        let told = log.lines().any(|line| line.contains("trying again") && line.contains(words));
        assert!(told, "{words}: {log}");
        assert!(!log.contains("async_nats"), "at each attempt: {log}");
    }
}

/// Credentials are read when the program starts, or begins again; it says why it stays cut off.
#[test]
fn a_user_that_is_not_let_in_any_more_is_told() {
    let mut guard = Guard::new();
    let mut nats = NatsServer::start_with(&guard.operator.config());
    let (user, file) = guard.user(&Rights::fewest());
    let url = nats.url();
    let start = || Server::start(&mut serve("127.0.0.1:0", &url, [None, Some(&file)]));
    let server = start();
    server.api().put("I768", &json!({"origin": "Rome"}));

    fs::write(&file, guard.user(&Rights::fewest()).0.credentials()).unwrap();
    guard.operator.revoke(&user);
    nats.stop();
    nats.configure(&guard.operator.config());
    nats.start_again();
    let words = "it does not let the user in, or wants credentials";
    let api = server.api();
    until(words, PATIENCE, || api.unready().filter(|reason| reason.contains(words)));
    let log = server.program.log();
    assert!(log.contains("no NATS server is connected: "), "{log}");
    assert!(!log.contains("async_nats"), "at each attempt: {log}");
    assert_eq!(api.rows("main").len(), 1, "it serves what it has");

    assert_eq!(start().api().rows("main").len(), 1);
}

/// A right that fails only later is told too.
#[test]
fn what_a_user_may_not_do_is_logged() {
    let guard = Guard::new();
    let nats = NatsServer::start_with(&guard.operator.config());
    let start = |rights| {
        let (_, file) = guard.user(&rights);
        Server::start(&mut serve("127.0.0.1:0", &nats.url(), [None, Some(&file)]))
    };
    drop(start(Rights::fewest()));
    let server = start(Rights::fewest().without("flightboard.>"));
    server.api().put_refused("I768", &json!({}), 503);
    let reason = until("it is told", PATIENCE, || server.api().unready());
    let violation = "the server says: nats: Permissions Violation for Publish to \"flightboard.";
    assert!(reason.contains(violation), "{reason}");
    let log = server.program.log();
    assert!(log.contains(&violation.replace("the server", "the NATS server")), "{log}");
}
