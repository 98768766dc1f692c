//! Starts and commands that fail with one clear error.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use tempfile::TempDir;
use testkit::nats::NatsServer;
use testkit::nats::certificates::CertificateAuthority;
use testkit::ports::free_address;

use crate::process::{flightboard_command, run, start_server, with_file_limit};
use crate::wait::WAIT_TIMEOUT;

/// Runs a command that must fail with one line with these words.
fn check_error(command: &mut Command, words: &[&str]) {
    let output = run(command, "");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(output.stdout.lines().filter(|line| line.contains("http://")).count(), 0);
    let lines: Vec<_> = output.stderr.lines().collect();
    let [sentence] = lines[..] else { panic!("not one line: {lines:?}") };
    for word in ["flightboard: "].iter().chain(words) {
        assert!(sentence.contains(word), "{word}: {sentence}");
    }
}

#[test]
fn port_in_use_is_reported() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let words = [address.as_str(), "in use", "choose another address with --listen"];
    check_error(&mut flightboard_command(["demo", "--listen", &address]), &words);
    let serve = ["serve", "--memory", "--listen", &address];
    check_error(&mut flightboard_command(serve), &words);
}

#[test]
fn low_file_limit_is_reported() {
    let mut limited =
        with_file_limit(40, &flightboard_command(["demo", "--listen", "127.0.0.1:0"]));
    check_error(&mut limited, &["limit of 40 open files", "raise the hard limit"]);
}

#[test]
fn invalid_address_is_reported() {
    check_error(&mut flightboard_command(["demo", "--listen", "nowhere"]), &["nowhere", "address"]);
    check_error(
        &mut flightboard_command(["demo", "--listen", "192.0.2.1:5000"]),
        &["192.0.2.1:5000"],
    );
}

#[test]
fn unusable_journal_is_reported() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let serve = |journal: &str| {
        flightboard_command(["serve", "--listen", "127.0.0.1:0", "--journal", journal])
    };

    let lost = at("missing/journal.db");
    check_error(&mut serve(&lost), &[&lost, "does not exist"]);

    let other = at("letter.txt");
    fs::write(&other, "Dear journal, I am not one.").unwrap();
    check_error(&mut serve(&other), &[&other, "not a journal"]);
    assert_eq!(fs::read_to_string(&other).unwrap(), "Dear journal, I am not one.");

    check_error(&mut serve(&at("")), &["not a journal"]);

    let mut noise = b"SQLite format 3\0".to_vec();
    noise.extend([0xa5; 8_000]);
    fs::write(at("noise.db"), noise).unwrap();
    check_error(&mut serve(&at("noise.db")), &[&at("noise.db"), "not a journal"]);
}

#[test]
fn damaged_journal_is_reported() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    server.process.terminate();
    assert!(server.process.wait_for_exit(WAIT_TIMEOUT).status.success());
    let journal = folder.path().join("journal.db");
    // All but the first page, which identifies the file as a journal.
    let mut bytes = fs::read(&journal).unwrap();
    bytes[PAGE_BYTES..].fill(0xa5);
    fs::write(&journal, bytes).unwrap();
    let journal = journal.display().to_string();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--journal", &journal];
    check_error(&mut flightboard_command(serve), &[&journal, "is damaged", "restore a copy of it"]);
}

/// The default page size of SQLite.
const PAGE_BYTES: usize = 4096;

#[test]
fn read_only_journal_is_reported() {
    let folder = TempDir::new().unwrap();
    drop(start_server(folder.path(), &[]));
    let journal = folder.path().join("journal.db");
    let mut permissions = fs::metadata(&journal).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&journal, permissions).unwrap();
    let journal = journal.display().to_string();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--journal", &journal];
    check_error(&mut flightboard_command(serve), &[&journal, "is not writable"]);
}

#[test]
fn locked_journal_is_reported() {
    let folder = TempDir::new().unwrap();
    let first = start_server(folder.path(), &[]);
    let journal = folder.path().join("journal.db").display().to_string();
    let second = ["serve", "--listen", "127.0.0.1:0", "--journal", &journal];
    check_error(&mut flightboard_command(second), &[&journal, "in use"]);
    assert_eq!(first.api().get_status("/readyz"), 200);
}

#[test]
fn unusable_nats_settings_are_reported() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let serve = |nats: &str, more: [&str; 2]| {
        flightboard_command(
            ["serve", "--listen", "127.0.0.1:0", "--nats", nats].into_iter().chain(more),
        )
    };
    let unreachable = "nats://127.0.0.1:1";
    let lost = at("lost");
    let other = at("letter.txt");
    fs::write(&other, "Dear server, I am a letter.").unwrap();
    for flag in ["--nats-creds", "--nats-ca"] {
        check_error(&mut serve(unreachable, [flag, &lost]), &[flag, &lost, "No such file"]);
        check_error(&mut serve(unreachable, [flag, &other]), &[flag, &other]);
    }
    let broken = at("broken.pem");
    let certificate = CertificateAuthority::generate().certificate();
    for (text, why) in [
        ("", "it contains no certificate"),
        (&certificate[..certificate.len() / 2], "certificate number 1 is malformed"),
    ] {
        fs::write(&broken, text).unwrap();
        check_error(&mut serve(unreachable, ["--nats-ca", &broken]), &["--nats-ca", &broken, why]);
    }
    let server = NatsServer::start();
    let replicas = ["--nats-replicas", "3"];
    check_error(
        &mut serve(&server.url(), replicas),
        &[&server.url(), "with these settings", "replicas"],
    );
    for (flag, wrong) in [
        ("--nats-prefix", "a.b"),
        ("--nats-replicas", "6"),
        ("--nats-storage", "tape"),
        ("--nats", "http://a"),
    ] {
        let output = run(&mut serve(unreachable, [flag, wrong]), "");
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let named = output.stderr.contains(flag) && output.stderr.contains(wrong);
        assert!(named || flag == "--nats", "{}", output.stderr);
    }
    for more in [["--journal", "a.db"], ["--nats", unreachable]] {
        let output = run(&mut serve(unreachable, more), "");
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
}

#[test]
fn missing_server_is_reported() {
    let free = free_address();
    let url = format!("http://{free}");
    for command in [&["publish"][..], &["feed", "sample"]] {
        let args = command.iter().copied().chain(["--to", &url, "--board", "main"]);
        check_error(&mut flightboard_command(args), &[&url, "no flightboard answers"]);
    }
}

#[test]
fn missing_board_is_reported() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let args = ["publish", "--board", "gate7", "--to", server.api().url()].map(str::to_owned);
    let line = r#"{"event":"flightAddition","data":{"flight":"I768"}}"#;
    let output = run(&mut flightboard_command(args), line);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stderr.contains("gate7"), "{}", output.stderr);
    assert!(output.stdout.starts_with("0 published, 0 refused"), "{}", output.stdout);
}
