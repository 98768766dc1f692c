//! `--config` with flags as keys, `--check`, and the files for packages.

use std::fs;
use std::process::Command;

use tempfile::TempDir;
use testkit::nats::certificates::CertificateAuthority;

use crate::follower::TestFollower;
use crate::process::{ServerProcess, TestProcess, flightboard_command, run};
use crate::wait::WAIT_TIMEOUT;

/// `flightboard serve` in a folder, with a configuration of this text.
fn serve(folder: &TempDir, text: &str) -> Command {
    fs::write(folder.path().join("flightboard.toml"), text).unwrap();
    let mut command = flightboard_command(["serve", "--config", "flightboard.toml"]);
    command.current_dir(folder.path());
    command
}

/// The origins of this list that may read.
fn allowed(server: &ServerProcess, origins: &[&'static str]) -> Vec<&'static str> {
    let mut allowed = origins.to_vec();
    allowed.retain(|origin| {
        let header = format!("Origin: {origin}\r\n");
        let stream = TestFollower::request(server.address, "/events", &header);
        stream.head().contains(&format!("access-control-allow-origin: {origin}\r\n"))
    });
    allowed
}

#[test]
fn keys_set_flags() {
    let folder = TempDir::new().unwrap();
    let text = r#"
        listen = "127.0.0.1:0"
        journal = "named.db"
        drain = "1s"
        max-followers = 100
        memory = false
        allow-origin = ["https://a.example", "https://b.example"]
    "#;
    let origins = ["https://a.example", "https://b.example", "https://c.example"];
    let server = ServerProcess::start(&mut serve(&folder, text));
    assert!(folder.path().join("named.db").is_file());
    assert_eq!(allowed(&server, &origins), &origins[..2]);
    drop(server);
    let variable = ("FLIGHTBOARD_ALLOW_ORIGIN", "https://b.example");
    let mut command = serve(&folder, text);
    let server = ServerProcess::start(command.envs([variable]));
    assert_eq!(allowed(&server, &origins), ["https://b.example"]);
    drop(server);
    let flag = ["--allow-origin", "https://c.example"];
    let server = ServerProcess::start(command.args(flag));
    assert_eq!(allowed(&server, &origins), ["https://c.example"]);
}

#[test]
fn check_starts_no_server() {
    let folder = TempDir::new().unwrap();
    let check = |text: &str| run(serve(&folder, text).arg("--check"), "");
    let valid = check("journal = \"named.db\"\nlisten = \"127.0.0.1:0\"");
    assert!(valid.status.success(), "{valid:?}");
    assert_eq!(valid.stdout, "the settings are valid\n");
    assert!(!folder.path().join("named.db").exists());
    for (text, words) in [
        ("window = \"large\"", &["flightboard.toml", "--window", "not a size"][..]),
        ("windw = \"1MiB\"", &["flightboard.toml", "did you mean window?"]),
        ("listen = \"nowhere\"", &["nowhere", "not an address"]),
        ("nats = \"nats://127.0.0.1:4222\"\nnats-ca = \"none.pem\"", &["--nats-ca", "none.pem"]),
        ("[[feed]]\nsource = \"avinr/OSL\"", &["avinr/OSL", "did you mean avinor?"]),
        ("[[feed]]\nsource = \"avinor/QQQ\"", &["avinor/QQQ", "airport"]),
    ] {
        let invalid = check(text);
        assert_eq!(invalid.status.code(), Some(1), "{invalid:?}");
        assert_eq!(invalid.stdout, "");
        for word in words {
            assert!(invalid.stderr.contains(word), "{word}: {invalid:?}");
        }
    }
}

/// `--check` refuses the same values as the start, with the same status, and creates nothing.
#[test]
fn check_refuses_what_the_start_refuses() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let issued = CertificateAuthority::generate().issue(&["localhost"]);
    fs::write(at("cert.pem"), issued.certificate).unwrap();
    fs::write(at("key.pem"), issued.key).unwrap();
    fs::write(at("empty.pem"), "").unwrap();
    fs::write(at("text.db"), "flight,state\n").unwrap();
    let newer = rusqlite::Connection::open(at("newer.db")).unwrap();
    newer.execute_batch("PRAGMA application_id = 0x666c6264; PRAGMA user_version = 99").unwrap();
    let files = ["--tls-cert", &at("cert.pem"), "--tls-key", &at("key.pem")];
    let acme = ["--acme", "board.example", "--acme-cache", &at("acme")];
    let file_count = || fs::read_dir(folder.path()).unwrap().count();
    for (flags, word, code) in [
        ([&["--http-redirect", "nonsense"], &files[..]].concat(), "nonsense", 1),
        (vec!["--journal", &at("missing/a.db")], "does not exist", 1),
        (vec!["--journal", &at("")], "is not a journal", 1),
        (vec!["--journal", &at("text.db")], "is not a journal", 1),
        (vec!["--journal", &at("newer.db")], "has format 99", 1),
        (vec!["--acme", "bad domain!"], "bad domain!", 2),
        ([&["--acme-ca", "/nonexistent"], &acme[..]].concat(), "--acme-ca /nonexistent", 1),
        ([&["--acme-ca", &at("empty.pem")], &acme[..]].concat(), "empty.pem", 1),
        ([&["--acme-directory", "notaurl"], &acme[..]].concat(), "notaurl", 2),
        ([&["--acme-directory", "http://"], &acme[..]].concat(), "'http://'", 2),
    ] {
        for check in [&["--check"][..], &[]] {
            let before = file_count();
            let mut command = flightboard_command(["serve", "--listen", "127.0.0.1:0"]);
            if !flags.contains(&"--journal") && check.is_empty() {
                command.arg("--memory");
            }
            command.current_dir(folder.path()).args(&flags).args(check);
            let output = TestProcess::start(&mut command).wait_for_exit(WAIT_TIMEOUT);
            assert_eq!(output.status.code(), Some(code), "{flags:?} {check:?}: {output:?}");
            assert_eq!(output.stdout, "", "{flags:?}");
            assert!(!output.stderr.contains("panicked"), "{flags:?}: {output:?}");
            assert!(output.stderr.contains(word), "{flags:?} {check:?}: {output:?}");
            // A start leaves the lock of the file that it refuses.
            let leaves_lock = check.is_empty() && flags.contains(&"--journal");
            assert!(leaves_lock || file_count() == before, "{flags:?} {check:?}");
        }
    }
}

#[test]
fn packages_get_completions_and_manuals() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&mut flightboard_command(["completions", shell]), "");
        assert!(script.status.success(), "{script:?}");
        for word in ["publish", "max-followers", "nats-replicas"] {
            assert!(script.stdout.contains(word), "{shell}: {word}");
        }
    }
    let folder = TempDir::new().unwrap();
    let pages = folder.path().join("man1");
    let written = run(flightboard_command(["man"]).arg(&pages), "");
    assert!(written.status.success(), "{written:?}");
    let serve = fs::read_to_string(pages.join("flightboard-serve.1")).unwrap();
    assert!(serve.contains(r"\-\-max\-followers"), "{serve}");
    assert!(pages.join("flightboard.1").is_file());
}
