//! Starts and commands that must fail with one clear sentence.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use tempfile::TempDir;
use testkit::nats::NatsServer;
use testkit::nats::certificates::CertificateAuthority;
use testkit::ports::free_address;

use crate::process::{flightboard_command, run, start_server};
use crate::wait::WAIT_TIMEOUT;

/// It ends with an error that is one line and has these words.
fn check(command: &mut Command, words: &[&str]) {
    let ended = run(command, "");
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert_eq!(ended.stdout.lines().filter(|line| line.contains("http://")).count(), 0);
    let lines: Vec<_> = ended.stderr.lines().collect();
    let [sentence] = lines[..] else { panic!("not one line: {lines:?}") };
    for word in ["flightboard: "].iter().chain(words) {
        assert!(sentence.contains(word), "{word}: {sentence}");
    }
}

#[test]
fn a_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let words = [address.as_str(), "in use", "choose another address with --listen"];
    check(&mut flightboard_command(["demo", "--listen", &address]), &words);
    let serve = ["serve", "--memory", "--listen", &address];
    check(&mut flightboard_command(serve), &words);
}

#[test]
fn no_address_at_all() {
    check(&mut flightboard_command(["demo", "--listen", "nowhere"]), &["nowhere", "address"]);
    check(&mut flightboard_command(["demo", "--listen", "192.0.2.1:5000"]), &["192.0.2.1:5000"]);
}

#[test]
fn a_journal_that_cannot_be_had() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let serve = |journal: &str| {
        flightboard_command(["serve", "--listen", "127.0.0.1:0", "--journal", journal])
    };

    let lost = at("missing/journal.db");
    check(&mut serve(&lost), &[&lost, "does not exist"]);

    let other = at("letter.txt");
    fs::write(&other, "Dear journal, I am not one.").unwrap();
    check(&mut serve(&other), &[&other, "not a journal"]);
    assert_eq!(fs::read_to_string(&other).unwrap(), "Dear journal, I am not one.");

    check(&mut serve(&at("")), &["not a journal"]);

    let mut noise = b"SQLite format 3\0".to_vec();
    noise.extend([0xa5; 8_000]);
    fs::write(at("noise.db"), noise).unwrap();
    check(&mut serve(&at("noise.db")), &[&at("noise.db"), "not a journal"]);
}

#[test]
fn a_journal_that_is_damaged() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    server.process.terminate();
    assert!(server.process.wait_for_exit(WAIT_TIMEOUT).status.success());
    let journal = folder.path().join("journal.db");
    // All but the first page, which says what it is.
    let mut bytes = fs::read(&journal).unwrap();
    bytes[PAGE_BYTES..].fill(0xa5);
    fs::write(&journal, bytes).unwrap();
    let journal = journal.display().to_string();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--journal", &journal];
    check(&mut flightboard_command(serve), &[&journal, "is damaged", "restore a copy of it"]);
}

/// Of SQLite, unless it is told otherwise.
const PAGE_BYTES: usize = 4096;

#[test]
fn a_journal_that_is_read_only() {
    let folder = TempDir::new().unwrap();
    drop(start_server(folder.path(), &[]));
    let journal = folder.path().join("journal.db");
    let mut permissions = fs::metadata(&journal).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&journal, permissions).unwrap();
    let journal = journal.display().to_string();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--journal", &journal];
    check(&mut flightboard_command(serve), &[&journal, "cannot be written"]);
}

#[test]
fn a_journal_that_another_server_has() {
    let folder = TempDir::new().unwrap();
    let first = start_server(folder.path(), &[]);
    let journal = folder.path().join("journal.db").display().to_string();
    let second = ["serve", "--listen", "127.0.0.1:0", "--journal", &journal];
    check(&mut flightboard_command(second), &[&journal, "in use"]);
    assert_eq!(first.api().get_status("/readyz"), 200);
}

#[test]
fn nats_that_cannot_be_had_as_it_was_asked_for() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let serve = |nats: &str, more: [&str; 2]| {
        flightboard_command(
            ["serve", "--listen", "127.0.0.1:0", "--nats", nats].into_iter().chain(more),
        )
    };
    let (nobody, lost, other) = ("nats://127.0.0.1:1", at("lost"), at("letter.txt"));
    fs::write(&other, "Dear server, I am nobody.").unwrap();
    for flag in ["--nats-creds", "--nats-ca"] {
        check(&mut serve(nobody, [flag, &lost]), &[flag, &lost, "No such file"]);
        check(&mut serve(nobody, [flag, &other]), &[flag, &other]);
    }
    let broken = at("broken.pem");
    let whole = CertificateAuthority::new().certificate();
    for (text, why) in [
        ("", "it contains no certificate"),
        (&whole[..whole.len() / 2], "certificate number 1 is malformed"),
    ] {
        fs::write(&broken, text).unwrap();
        check(&mut serve(nobody, ["--nats-ca", &broken]), &["--nats-ca", &broken, why]);
    }
    let server = NatsServer::start();
    let replicas = ["--nats-replicas", "3"];
    check(&mut serve(&server.url(), replicas), &[&server.url(), "as it was asked for", "replicas"]);
    for (flag, wrong) in [
        ("--nats-prefix", "a.b"),
        ("--nats-replicas", "6"),
        ("--nats-storage", "tape"),
        ("--nats", "http://a"),
    ] {
        let ended = run(&mut serve(nobody, [flag, wrong]), "");
        assert_eq!(ended.status.code(), Some(2), "{ended:?}");
        let named = ended.stderr.contains(flag) && ended.stderr.contains(wrong);
        assert!(named || flag == "--nats", "{}", ended.stderr);
    }
    for more in [["--journal", "a.db"], ["--nats", nobody]] {
        let ended = run(&mut serve(nobody, more), "");
        assert_eq!(ended.status.code(), Some(2), "{ended:?}");
    }
}

#[test]
fn a_server_that_is_not_there() {
    let free = free_address();
    let url = format!("http://{free}");
    for command in [&["publish"][..], &["feed", "sample"]] {
        let args = command.iter().copied().chain(["--to", &url, "--board", "main"]);
        check(&mut flightboard_command(args), &[&url, "no flightboard answers"]);
    }
}

#[test]
fn a_board_that_is_not_there() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let args = ["publish", "--board", "gate7", "--to", server.api().url()].map(str::to_owned);
    let line = r#"{"event":"flightAddition","data":{"flight":"I768"}}"#;
    let ended = run(&mut flightboard_command(args), line);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(ended.stderr.contains("gate7"), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("0 published, 0 refused"), "{}", ended.stdout);
}
