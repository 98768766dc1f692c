//! `flightboard watch`: in a terminal, once, and for each change.

use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{
    ServerProcess, TestProcess, binary, flightboard_command, run, start_server, start_server_at,
};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// Time for a follower to notice a server's return: its longest wait, with slack for a loaded machine.
const RETURN_TIMEOUT: Duration = Duration::from_secs(60);

/// A terminal of a tmux server of its own.
struct TmuxTerminal {
    folder: TempDir,
}

impl TmuxTerminal {
    /// Runs `flightboard watch` in a terminal of this size.
    fn watch(columns: u16, lines: u16, url: &str) -> Self {
        let terminal = Self { folder: TempDir::new().unwrap() };
        let size = [columns.to_string(), lines.to_string()];
        let program = binary("flightboard");
        let command = format!("exec '{}' watch '{url}'", program.display());
        let args =
            ["-f", "/dev/null", "new-session", "-d", "-x", &size[0], "-y", &size[1], &command];
        terminal.tmux(&args);
        terminal.tmux(&["set-option", "-g", "status", "off"]);
        terminal.resize(columns, lines);
        terminal
    }

    fn resize(&self, columns: u16, lines: u16) {
        self.tmux(&["resize-window", "-x", &columns.to_string(), "-y", &lines.to_string()]);
    }

    fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// The screen as text.
    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    fn wait_for(&self, words: &str, timeout: Duration) -> String {
        let screen = || Some(self.screen()).filter(|screen| screen.contains(words));
        wait_until(&format!("{words:?} is on the screen"), timeout, screen)
    }

    fn tmux(&self, args: &[&str]) -> String {
        let mut tmux = Command::new("tmux");
        tmux.arg("-S").arg(self.folder.path().join("socket")).args(args);
        // Frames and arrows need UTF-8.
        let output = tmux.env("LC_ALL", "C.UTF-8").env("TERM", "xterm-256color").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for TmuxTerminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

fn publish_rows(server: &ServerProcess) {
    let api = server.api();
    api.put_flight("I768", &json!({"origin": "FCO", "gate": "B4", "state": "landed"}));
    api.put_flight("G119", &json!({"origin": "HND", "gate": "C12", "state": "cancelled"}));
}

#[test]
fn terminals_survive_a_kill() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    publish_rows(&server);
    let terminal = TmuxTerminal::watch(80, 24, &format!("http://{}", server.address));
    let screen = terminal.wait_for("Live", WAIT_TIMEOUT);
    for words in ["Arrivals  2 flights", "Rome FCO", "I768", "B4", "Landed", "Cancelled"] {
        assert!(screen.contains(words), "{words}:\n{screen}");
    }
    let address = server.kill();
    let screen = terminal.wait_for("These rows are as of", WAIT_TIMEOUT);
    assert!(screen.contains("Reconnecting since") && !screen.contains("Live"), "{screen}");
    assert!(screen.contains("I768"), "the rows stay:\n{screen}");
    let server = start_server_at(&address, folder.path(), &[]);
    server.api().patch_flight("I768", &json!({"gate": "B9"}));
    let screen = terminal.wait_for("Live", RETURN_TIMEOUT);
    assert!(screen.contains("B9*") && !screen.contains("as of"), "{screen}");
}

#[test]
fn keys_search_and_follow() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    publish_rows(&server);
    let terminal = TmuxTerminal::watch(80, 24, &format!("http://{}", server.address));
    terminal.wait_for("Live", WAIT_TIMEOUT);
    terminal.press(&["/", "t", "o", "k"]);
    let screen = terminal.wait_for("1 of 2 flights", WAIT_TIMEOUT);
    assert!(screen.contains("G119") && !screen.contains("I768"), "{screen}");
    terminal.press(&["Enter"]);
    terminal.press(&["Enter"]);
    terminal.wait_for("┌ G119 ", WAIT_TIMEOUT);
    server.api().patch_flight("G119", &json!({"remark": "Desk 4"}));
    terminal.wait_for("Remark Desk 4", WAIT_TIMEOUT);
    terminal.press(&["Escape"]);
    terminal.wait_for("Arrivals  2 flights", WAIT_TIMEOUT);
    terminal.resize(200, 50);
    let wide = terminal.wait_for("Desk 4*", WAIT_TIMEOUT);
    assert!(wide.contains("Remark"), "{wide}");
    terminal.resize(30, 8);
    let is_narrow = |screen: &String| {
        !screen.contains("From") && screen.contains("I768") && screen.contains("Landed")
    };
    let narrow = || Some(terminal.screen()).filter(is_narrow);
    wait_until("number and state are on a narrow screen", WAIT_TIMEOUT, narrow);
    terminal.press(&["q"]);
    wait_until("the program ends", WAIT_TIMEOUT, || terminal.screen().is_empty().then_some(()));
}

#[test]
fn late_updates_are_doubted() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let settings = json!({"title": "Arrivals", "expectEvery": "1h"});
    server.api().put_board("main", &settings);
    publish_rows(&server);
    let terminal = TmuxTerminal::watch(80, 24, &format!("http://{}", server.address));
    terminal.wait_for("Live", WAIT_TIMEOUT);
    server.api().put_board("main", &json!({"title": "Arrivals", "expectEvery": "3s"}));
    let screen = terminal.wait_for("No update has come since", WAIT_TIMEOUT);
    assert!(screen.contains("Connected") && !screen.contains("Live"), "{screen}");
    let args = ["watch", &format!("http://{}", server.address), "--once"];
    wait_until("the printed rows are doubted", WAIT_TIMEOUT, || {
        let output = run(&mut flightboard_command(args), "");
        output.stdout.contains("Arrivals: Connected").then_some(())
    });
    server.api().put_board("main", &settings);
    terminal.wait_for("Live", WAIT_TIMEOUT);
}

#[test]
fn sigterm_restores_the_terminal() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let terminal = TmuxTerminal::watch(80, 24, &format!("http://{}", server.address));
    terminal.tmux(&["set-option", "-g", "remain-on-exit", "on"]);
    terminal.wait_for("Live", WAIT_TIMEOUT);
    let pane = |name: &str| terminal.tmux(&["display-message", "-p", name]).trim().to_owned();
    assert_eq!(pane("#{alternate_on}"), "1");
    let id = pane("#{pane_pid}");
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    wait_until("the program ends", WAIT_TIMEOUT, || (pane("#{pane_dead}") == "1").then_some(()));
    assert_eq!([pane("#{alternate_on}"), pane("#{pane_dead_signal}")], ["0", ""]);
}

#[test]
fn once_tells_by_its_status() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    publish_rows(&server);
    let url = format!("http://{}", server.address);
    let once = |board: &str, flags: &[&str]| {
        let args = ["watch", board, "--server", &url, "--once"];
        run(flightboard_command(args).args(flags), "")
    };
    let output = once("main", &["--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let printed: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(
        (&printed["status"], &printed["flights"][1]["flight"]),
        (&json!("live"), &json!("I768"))
    );
    let output = once("paris", &[]);
    assert_eq!((output.status.code(), output.stdout.as_str()), (Some(4), ""), "{output:?}");
    let output = once("http://127.0.0.1:1", &["--wait", "100ms"]);
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    let output = run(&mut flightboard_command(["watch", &url]), "");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stderr.contains("no terminal"), "{output:?}");
}

#[test]
fn changes_are_printed_and_run() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    publish_rows(&server);
    let seen = folder.path().join("seen");
    let exec = format!("cat >> '{}'", seen.display());
    let url = format!("http://{}", server.address);
    let args = ["watch", &url, "--flight", "i 768", "--exec", &exec];
    let mut watch = TestProcess::start(&mut flightboard_command(args));
    watch.wait_for_log("Live");
    let text = "$(touch injected); `touch injected`";
    server.api().patch_flight("I768", &json!({"gate": "B9", "remark": text}));
    server.api().patch_flight("G119", &json!({"gate": "C9"}));
    let address = server.kill();
    watch.wait_for_log("Reconnecting since");
    let server = start_server_at(&address, folder.path(), &[]);
    server.api().patch_flight("I768", &json!({"gate": "B10"}));
    let lines = wait_until("both changes are run", RETURN_TIMEOUT, || {
        let seen = fs::read_to_string(&seen).unwrap_or_default();
        (seen.lines().count() == 2).then_some(seen)
    });
    let changes: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(changes[0]["fields"]["gate"], json!({"from": "B4", "to": "B9"}));
    assert_eq!(changes[0]["row"]["remark"], text);
    assert_eq!(changes[1]["fields"], json!({"gate": {"from": "B9", "to": "B10"}}));
    let output = watch.output();
    assert!(output.contains(" I768 gate B4 → B9, remark $(touch injected)"), "{output}");
    assert_eq!(output.lines().count(), 2, "{output}");
    assert!(!std::path::Path::new("injected").exists());
    watch.kill();
}
