//! The programs of `docs/examples/follow`, whose server is killed and started again, and which are killed themselves.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{ServerProcess, TestProcess, start_server, start_server_at};
use crate::wait::{WAIT_TIMEOUT, wait_until};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A command that runs an example in its folder.
fn example<P: AsRef<Path>>(program: P, args: &[&str]) -> Command {
    let mut command = Command::new(program.as_ref());
    command.args(args).current_dir(root().join("docs/examples/follow"));
    command
}

/// Python with `httpx-sse`, which `cargo xtask test` installs.
fn python() -> PathBuf {
    root().join("target/follow-examples/bin/python")
}

#[test]
fn python_follows_through_kills() {
    follow_through_kills(|| example(python(), &["follow.py"]));
}

#[test]
fn node_follows_through_kills() {
    follow_through_kills(|| example("node", &["follow.mjs"]));
}

#[test]
fn shell_follows_through_kills() {
    follow_through_kills(|| example("bash", &["follow.sh"]));
}

#[test]
fn java_follows_through_kills() {
    let gson = ["-cp", "/usr/share/java/gson.jar", "Follow.java"];
    follow_through_kills(|| example("java", &gson));
}

/// An example prints the rows of the server after kills on both sides, and ends when the board is closed.
fn follow_through_kills(example: impl Fn() -> Command) {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let api = server.api();
    api.put_board("main", &json!({"title": "Arrivals", "timeZone": "Europe/Rome"}));
    api.put_flight("I768", &json!({"origin": "Rome", "arrival": "10:10", "state": "expected"}));
    api.put_flight("G119", &json!({"origin": "Zürich “ZRH”", "gate": "C12", "estimated": "11:20"}));
    let url = format!("http://{}/boards/main", server.address);
    let start = || TestProcess::start(example().arg(&url));
    let first = start();
    wait_for_rows(&first, &server);

    api.patch_flight("G119", &json!({"gate": "C14", "estimated": null}));
    api.put_flight("BA117", &json!({"origin": "LHR"}));
    wait_for_rows(&first, &server);
    let server = start_server_at(&server.kill(), folder.path(), &[]);
    let api = server.api();
    api.put_flight("I768", &json!({"origin": "Rome", "state": "landed"}));
    api.delete("/boards/main/flights/BA117");
    api.put_board("main", &json!({"title": "Arrivals", "timeZone": "Asia/Tokyo"}));
    api.put_flight("LX4", &json!({"origin": "Basel", "arrival": "12:00"}));
    wait_for_rows(&first, &server);
    drop(first);

    let second = start();
    wait_for_rows(&second, &server);
    api.put_board("main", &json!({"title": "Arrivals", "timeZone": "Europe/Rome"}));
    wait_for_rows(&second, &server);
    api.delete("/boards/main");
    let ended = second.wait_for_exit(WAIT_TIMEOUT);
    assert!(ended.status.success(), "{ended:?}");
    let ended = start().wait_for_exit(WAIT_TIMEOUT);
    assert!(ended.status.success() && ended.stdout.is_empty(), "{ended:?}");
}

/// Waits until the last line that an example has printed has the rows of the server.
fn wait_for_rows(example: &TestProcess, server: &ServerProcess) {
    let expected = sorted(server.api().rows("main"));
    wait_until("the rows are those of the server", WAIT_TIMEOUT, || {
        let output = example.output();
        let whole = &output[..=output.rfind('\n')?];
        let rows = serde_json::from_str::<Vec<Value>>(whole.lines().last()?).ok()?;
        (sorted(rows) == expected).then_some(())
    });
}

fn sorted(mut rows: Vec<Value>) -> Vec<Value> {
    rows.sort_by_key(|row| row["flight"].as_str().unwrap().to_owned());
    rows
}
