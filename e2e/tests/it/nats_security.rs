//! Replicas on NATS with TLS and users.

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

/// `flightboard serve` with files of CA certificates and of credentials.
fn serve_command(listen: &str, nats: &str, files: [Option<&Path>; 2]) -> Command {
    let mut command = flightboard_command(["serve", "--listen", listen, "--nats", nats]);
    for (flag, file) in ["--nats-ca", "--nats-creds"].into_iter().zip(files) {
        command.args(file.into_iter().flat_map(|file| [flag.as_ref(), file.as_os_str()]));
    }
    command
}

#[test]
fn secured_nats_restart_is_survived() {
    let folder = TempDir::new().unwrap();
    let security = NatsSecurity::generate();
    let mut nats = NatsServer::start_with_config(&security.config());
    let (ca_file, (_, credentials)) =
        (security.ca_file(), security.create_user(&NatsPermissions::minimal()));
    let files = [Some(&*ca_file), Some(&*credentials)];
    let server = ServerProcess::start(&mut serve_command("127.0.0.1:0", &nats.tls_url(), files));
    let api = server.api();
    let mut follower = TestFollower::open(server.address);
    assert_eq!(follower.next_event().name, "timetable");
    api.put_flight("I768", &json!({"origin": "Rome"}));
    assert_eq!(follower.next_event().name, "flightAddition");

    nats.stop();
    wait_until("the server is not ready", WAIT_TIMEOUT, || api.unready_reason());
    nats.restart();
    wait_until("the server is ready again", WAIT_TIMEOUT, || api.is_ready().then_some(()));
    api.put_flight("G119", &json!({"origin": "Tokyo"}));
    assert_eq!(follower.next_event().name, "flightAddition");

    let copy = folder.path().join("copy.db");
    let mut command = flightboard_command(["copy", "--from", &nats.tls_url()]);
    command.arg("--to").arg(&copy).arg("--nats-ca").arg(&ca_file);
    command.arg("--nats-creds").arg(&credentials);
    let output = run(&mut command, "");
    assert!(output.status.success(), "{output:?}");
}

/// A server that waits for NATS gives the reason in its log and in `/readyz`.
#[test]
fn connection_problems_are_reported() {
    let security = NatsSecurity::generate();
    let other = NatsSecurity::generate();
    let nats = NatsServer::start_with_config(&security.config());
    let (ca_file, (_, user)) =
        (security.ca_file(), security.create_user(&NatsPermissions::minimal()));
    let others: PathBuf = other.ca_file();
    let (_, weak) = security
        .create_user(&NatsPermissions::minimal().without("$JS.API.STREAM.INFO.flightboard"));
    let waiting = [
        ([Some(&*others), Some(&*user)], "its certificate is not signed by a known CA"),
        ([Some(&*ca_file), None], "the user is unknown, or credentials are missing or wrong"),
        ([Some(&*ca_file), Some(&*weak)], "Permissions Violation for Publish to"),
    ]
    .map(|(files, words)| {
        let address = free_address();
        (
            TestProcess::start(&mut serve_command(&address.to_string(), &nats.tls_url(), files)),
            address,
            words,
        )
    });
    for (process, address, words) in &waiting {
        let api = ApiClient::new(*address);
        wait_until(words, WAIT_TIMEOUT, || {
            api.unready_reason().filter(|reason| reason.contains(words))
        });
        assert!(api.unready_reason().unwrap().contains(&nats.tls_url()));
        let log = wait_until("the reason is logged", WAIT_TIMEOUT, || {
            let is_logged = |line: &str| line.contains("trying again") && line.contains(words);
            Some(process.log()).filter(|log| log.lines().any(is_logged))
        });
        assert!(!log.contains("async_nats"), "async-nats logs every attempt: {log}");
    }
}

/// The program reads credentials at start and on a restart of its engine; until then it reports the cause.
#[test]
fn revoked_user_is_reported() {
    let mut security = NatsSecurity::generate();
    let mut nats = NatsServer::start_with_config(&security.operator.config());
    let (user, file) = security.create_user(&NatsPermissions::minimal());
    let url = nats.url();
    let start =
        || ServerProcess::start(&mut serve_command("127.0.0.1:0", &url, [None, Some(&file)]));
    let server = start();
    server.api().put_flight("I768", &json!({"origin": "Rome"}));

    fs::write(&file, security.create_user(&NatsPermissions::minimal()).0.credentials()).unwrap();
    security.operator.revoke(&user);
    nats.stop();
    nats.set_extra_config(&security.operator.config());
    nats.restart();
    let words = "the user is unknown, or credentials are missing or wrong";
    let api = server.api();
    wait_until(words, WAIT_TIMEOUT, || {
        api.unready_reason().filter(|reason| reason.contains(words))
    });
    let log = server.process.wait_for_log("not connected to any NATS server: ");
    assert!(!log.contains("async_nats"), "async-nats logs every attempt: {log}");
    assert_eq!(api.rows("main").len(), 1, "it serves the rows that it has");

    assert_eq!(start().api().rows("main").len(), 1);
}

/// A missing permission that fails only a later request is reported too.
#[test]
fn missing_permission_is_logged() {
    let security = NatsSecurity::generate();
    let nats = NatsServer::start_with_config(&security.operator.config());
    let start = |rights| {
        let (_, file) = security.create_user(&rights);
        ServerProcess::start(&mut serve_command("127.0.0.1:0", &nats.url(), [None, Some(&file)]))
    };
    drop(start(NatsPermissions::minimal()));
    let server = start(NatsPermissions::minimal().without("flightboard.>"));
    server.api().put_rejected("I768", &json!({}), 503);
    let reason =
        wait_until("the reason is reported", WAIT_TIMEOUT, || server.api().unready_reason());
    let violation =
        "error from the server: nats: Permissions Violation for Publish to \"flightboard.";
    assert!(reason.contains(violation), "{reason}");
    server.process.wait_for_log(&violation.replace("the server", "the NATS server"));
}
