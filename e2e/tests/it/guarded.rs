//! A server whose NATS wants TLS and users.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;
use testkit::nats::NatsServer;
use testkit::nats::security::NatsSecurity;
use testkit::nats::users::NatsPermissions;
use testkit::ports::free_address;

use crate::api::ApiClient;
use crate::follower::TestFollower;
use crate::process::{ServerProcess, TestProcess, flightboard_command, run};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// With files of authorities and of credentials, where there are.
fn start_server(listen: &str, nats: &str, files: [Option<&Path>; 2]) -> Command {
    let mut command = flightboard_command(["serve", "--listen", listen, "--nats", nats]);
    for (flag, file) in ["--nats-ca", "--nats-creds"].into_iter().zip(files) {
        command.args(file.into_iter().flat_map(|file| [flag.as_ref(), file.as_os_str()]));
    }
    command
}

#[test]
fn behind_tls_and_users_everything_goes_on_after_a_restart_of_nats() {
    let (folder, guard) = (TempDir::new().unwrap(), NatsSecurity::new());
    let mut nats = NatsServer::start_with_config(&guard.config());
    let (authorities, (_, credentials)) =
        (guard.ca_file(), guard.create_user(&NatsPermissions::minimal()));
    let files = [Some(&*authorities), Some(&*credentials)];
    let server = ServerProcess::start(&mut start_server("127.0.0.1:0", &nats.tls_url(), files));
    let api = server.api();
    let mut screen = TestFollower::open(server.address);
    assert_eq!(screen.next_event().name, "timetable");
    api.put_flight("I768", &json!({"origin": "Rome"}));
    assert_eq!(screen.next_event().name, "flightAddition");

    nats.stop();
    wait_until("it is cut off", WAIT_TIMEOUT, || api.unready_reason());
    nats.restart();
    wait_until("it is ready again", WAIT_TIMEOUT, || api.is_ready().then_some(()));
    api.put_flight("G119", &json!({"origin": "Tokyo"}));
    assert_eq!(screen.next_event().name, "flightAddition");

    let copy = folder.path().join("copy.db");
    let mut command = flightboard_command(["copy", "--from", &nats.tls_url()]);
    command.arg("--to").arg(&copy).arg("--nats-ca").arg(&authorities);
    command.arg("--nats-creds").arg(&credentials);
    let ended = run(&mut command, "");
    assert!(ended.status.success(), "{ended:?}");
}

/// Whoever waits for NATS says for what, in its log and where a load balancer looks.
#[test]
fn what_keeps_it_from_its_journal_is_told() {
    let (guard, other) = (NatsSecurity::new(), NatsSecurity::new());
    let nats = NatsServer::start_with_config(&guard.config());
    let (authorities, (_, user)) =
        (guard.ca_file(), guard.create_user(&NatsPermissions::minimal()));
    let others: PathBuf = other.ca_file();
    let (_, weak) =
        guard.create_user(&NatsPermissions::minimal().without("$JS.API.STREAM.INFO.flightboard"));
    let waiting = [
        ([Some(&*others), Some(&*user)], "its certificate is not signed by a known CA"),
        ([Some(&*authorities), None], "the user is unknown, or credentials are missing or wrong"),
        ([Some(&*authorities), Some(&*weak)], "Permissions Violation for Publish to"),
    ]
    .map(|(files, words)| {
        let address = free_address();
        (
            TestProcess::start(&mut start_server(&address.to_string(), &nats.tls_url(), files)),
            address,
            words,
        )
    });
    for (program, address, words) in &waiting {
        let api = ApiClient::new(*address);
        wait_until(words, WAIT_TIMEOUT, || {
            api.unready_reason().filter(|reason| reason.contains(words))
        });
        assert!(api.unready_reason().unwrap().contains(&nats.tls_url()));
        let log = program.log();
        let told = log.lines().any(|line| line.contains("trying again") && line.contains(words));
        assert!(told, "{words}: {log}");
        assert!(!log.contains("async_nats"), "at each attempt: {log}");
    }
}

/// Credentials are read when the program starts, or begins again; it says why it stays cut off.
#[test]
fn a_user_that_is_not_let_in_any_more_is_told() {
    let mut guard = NatsSecurity::new();
    let mut nats = NatsServer::start_with_config(&guard.operator.config());
    let (user, file) = guard.create_user(&NatsPermissions::minimal());
    let url = nats.url();
    let start =
        || ServerProcess::start(&mut start_server("127.0.0.1:0", &url, [None, Some(&file)]));
    let server = start();
    server.api().put_flight("I768", &json!({"origin": "Rome"}));

    fs::write(&file, guard.create_user(&NatsPermissions::minimal()).0.credentials()).unwrap();
    guard.operator.revoke(&user);
    nats.stop();
    nats.set_extra_config(&guard.operator.config());
    nats.restart();
    let words = "the user is unknown, or credentials are missing or wrong";
    let api = server.api();
    wait_until(words, WAIT_TIMEOUT, || {
        api.unready_reason().filter(|reason| reason.contains(words))
    });
    let log = server.process.log();
    assert!(log.contains("not connected to any NATS server: "), "{log}");
    assert!(!log.contains("async_nats"), "at each attempt: {log}");
    assert_eq!(api.rows("main").len(), 1, "it serves what it has");

    assert_eq!(start().api().rows("main").len(), 1);
}

/// A right that fails only later is told too.
#[test]
fn what_a_user_may_not_do_is_logged() {
    let guard = NatsSecurity::new();
    let nats = NatsServer::start_with_config(&guard.operator.config());
    let start = |rights| {
        let (_, file) = guard.create_user(&rights);
        ServerProcess::start(&mut start_server("127.0.0.1:0", &nats.url(), [None, Some(&file)]))
    };
    drop(start(NatsPermissions::minimal()));
    let server = start(NatsPermissions::minimal().without("flightboard.>"));
    server.api().put_rejected("I768", &json!({}), 503);
    let reason = wait_until("it is told", WAIT_TIMEOUT, || server.api().unready_reason());
    let violation =
        "error from the server: nats: Permissions Violation for Publish to \"flightboard.";
    assert!(reason.contains(violation), "{reason}");
    let log = server.process.log();
    assert!(log.contains(&violation.replace("the server", "the NATS server")), "{log}");
}
