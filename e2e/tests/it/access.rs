//! Rights to publish, from the command line to the journal.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use crate::process::{ServerProcess, TestProcess, flightboard_command, run, start_server};
use crate::wait::{WAIT_TIMEOUT, wait_until};

const LINE: &str = r#"{"event":"flightAddition","data":{"flight":"I768","origin":"Rome"}}"#;

/// Makes a token that may publish `boards`. Returns it.
fn new_token(file: &Path, name: &str, boards: &str) -> String {
    let file = file.to_str().unwrap();
    let args = ["token", "new", "--name", name, "--publish", boards, "--file", file];
    let output = run(&mut flightboard_command(args), "");
    assert!(output.status.success(), "{output:?}");
    let token = output.stdout.trim().to_owned();
    assert_eq!(output.stdout, format!("{token}\n"));
    token
}

/// Starts `flightboard publish` on `main` and returns whether it succeeded, with its outputs.
fn publish(server: &ServerProcess, variable: Option<&str>, flags: &[&str]) -> (bool, String) {
    let to = format!("http://{}", server.address);
    let mut command = flightboard_command(["publish", "--board", "main", "--to", &to]);
    command.args(flags);
    if let Some(token) = variable {
        command.env("FLIGHTBOARD_TOKEN", token);
    }
    let output = run(&mut command, LINE);
    (output.status.success(), output.stdout + &output.stderr)
}

#[test]
fn exposed_servers_need_credentials() {
    let folder = TempDir::new().unwrap();
    let tokens = folder.path().join("tokens");
    fs::write(&tokens, "").unwrap();
    for command in [&["serve", "--memory"][..], &["demo"]] {
        for address in ["0.0.0.0:0", "[::]:0"] {
            let start = || {
                let mut start = flightboard_command(command);
                start.args(["--listen", address]);
                start
            };
            let output = run(&mut start(), "");
            assert_eq!(output.status.code(), Some(1), "{output:?}");
            for words in ["--tokens", "--jwt-key", "--open-publishing"] {
                assert!(output.stderr.contains(words), "{words}: {output:?}");
            }
            let tokens = tokens.to_str().unwrap();
            for flags in [&["--open-publishing"][..], &["--tokens", tokens]] {
                ServerProcess::start(start().args(flags));
            }
        }
    }
}

#[test]
fn refused_start_creates_no_journal() {
    let folder = TempDir::new().unwrap();
    let journal = folder.path().join("journal.db");
    let args = ["serve", "--listen", "0.0.0.0:0", "--journal", journal.to_str().unwrap()];
    assert!(!run(&mut flightboard_command(args), "").status.success());
    assert!(!journal.exists());
}

#[test]
fn bad_credentials_are_named_at_start() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("tokens");
    let path = file.to_str().unwrap();
    new_token(&file, "tower", "main");
    fs::write(&file, fs::read_to_string(&file).unwrap() + "half a line").unwrap();
    fs::write(folder.path().join("key"), "short").unwrap();
    let key = folder.path().join("key");
    for (flags, words) in [
        (&["--tokens", path][..], "line 2 does not start with sha256: or $argon2id$"),
        (&["--tokens", "missing"], "cannot read missing"),
        (&["--jwt-key", key.to_str().unwrap()], "HS256 needs at least 32"),
        (&["--jwt-audience", "x"], "need --jwt-key or --jwt-jwks"),
        (&["--jwt-key", path, "--open-publishing"], "--open-publishing contradicts"),
    ] {
        let mut command = flightboard_command(["serve", "--memory", "--listen", "127.0.0.1:0"]);
        let output = run(command.args(flags), "");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(output.stderr.contains(words), "{words}: {output:?}");
    }
}

/// A secret may be too short although it has the bytes: it starts, and not silently.
#[test]
fn doubtful_secrets_are_logged() {
    let folder = TempDir::new().unwrap();
    let key = folder.path().join("key");
    let check = |secret: &str| {
        fs::write(&key, secret).unwrap();
        let mut command = flightboard_command(["serve", "--memory", "--check", "--jwt-key"]);
        let output = run(command.arg(&key), "");
        assert!(output.status.success(), "{output:?}");
        output.stderr
    };
    let log = check(&"0123456789abcdef".repeat(2));
    assert!(log.contains("has it been cut?") && log.contains(key.to_str().unwrap()), "{log}");
    assert_eq!(check(&"0123456789abcdef".repeat(4)), "");
}

#[test]
fn clients_publish_with_their_token() {
    let folder = TempDir::new().unwrap();
    let tokens = folder.path().join("tokens");
    let token = new_token(&tokens, "tower", "main");
    let other = new_token(&tokens, "apron", "other");
    assert_eq!(fs::metadata(&tokens).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!fs::read_to_string(&tokens).unwrap().contains(&token));
    let server = start_server(folder.path(), &["--tokens", tokens.to_str().unwrap()]);

    let (published, report) = publish(&server, None, &[]);
    assert!(!published && report.contains("a token is needed"), "{report}");
    let (published, report) = publish(&server, Some(&other), &[]);
    assert!(!published && report.contains("may not change the board main"), "{report}");
    let file = folder.path().join("tower.token");
    fs::write(&file, format!("{token}\n")).unwrap();
    let (published, report) = publish(&server, None, &["--token-file", file.to_str().unwrap()]);
    assert!(published, "{report}");
    assert!(publish(&server, Some(&token), &[]).0);
    assert_eq!(server.api().rows("main"), [json!({ "flight": "I768", "origin": "Rome" })]);

    let to = format!("http://{}", server.address);
    let sample = ["feed", "sample", "--once", "--speed", "3600", "--board", "main", "--to", &to];
    let mut feed = flightboard_command(sample);
    let feed = TestProcess::start(feed.env("FLIGHTBOARD_TOKEN", &token));
    let output = feed.wait_for_exit(WAIT_TIMEOUT);
    assert!(output.status.success(), "{output:?}");

    server.process.terminate();
    let log = server.process.wait_for_exit(WAIT_TIMEOUT).stderr;
    assert!(!log.contains(&token) && !log.contains(&other));
    let files = ["journal.db", "journal.db-wal"].map(|name| fs::read(folder.path().join(name)));
    let journal: Vec<u8> = files.into_iter().flatten().flatten().collect();
    let journal = String::from_utf8_lossy(&journal);
    assert!(journal.contains(r#""publisher":"tower""#) && !journal.contains(&token));
}

#[test]
fn removed_token_publishes_no_more() {
    let folder = TempDir::new().unwrap();
    let tokens = folder.path().join("tokens");
    let removed = new_token(&tokens, "tower", "*");
    let server = start_server(folder.path(), &["--tokens", tokens.to_str().unwrap()]);
    assert!(publish(&server, Some(&removed), &[]).0);
    fs::write(&tokens, "no line of a token file").unwrap();
    server.process.wait_for_log("the credentials read before stay in use");
    assert!(server.process.log().contains("line 1 does not start with"));
    assert!(publish(&server, Some(&removed), &[]).0);
    fs::remove_file(&tokens).unwrap();
    let added = new_token(&tokens, "tower", "main");
    wait_until("the removed token is refused", WAIT_TIMEOUT, || {
        (!publish(&server, Some(&removed), &[]).0).then_some(())
    });
    assert!(publish(&server, Some(&added), &[]).0);
}

#[test]
fn token_without_rights_is_refused() {
    let output = run(&mut flightboard_command(["token", "new", "--name", "tower"]), "");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.contains("--publish or --follow"), "{output:?}");
    let args = ["token", "new", "--name", "tower", "--follow", "*", "--expires", "90d"];
    let output = run(&mut flightboard_command(args), "");
    let lines: Vec<_> = output.stdout.lines().collect();
    let [token, line] = lines[..] else { panic!("{output:?}") };
    assert!(token.len() > 40 && line.contains(" tower follow=* expires=20"), "{line}");
    let args = ["token", "new", "--name", "tower", "--publish", "*", "--chosen"];
    let output = run(&mut flightboard_command(args), "correct-horse-battery\n");
    assert!(output.stdout.starts_with("$argon2id$"), "{output:?}");
    let output = run(&mut flightboard_command(args), "short\n");
    assert!(output.stderr.contains("a token has 16 to"), "{output:?}");
}
