//! Settings of feeds, and their errors.

use std::fs;
use std::process::Command;

use tempfile::TempDir;
use testkit::fake_upstream::FakeUpstream;

use super::{answer_of, oslo_feed, wait_for_boards, wait_for_step};
use crate::process::{ServerProcess, flightboard_command, run, start_server};
use crate::wait::{WAIT_TIMEOUT, wait_until};

fn serve(flags: &[&str]) -> Command {
    let mut command = flightboard_command(["serve", "--memory", "--listen", "127.0.0.1:0"]);
    command.args(flags);
    command
}

#[test]
fn wrong_feeds_are_refused_at_start() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("feeds.toml");
    let file_name = file.to_str().unwrap();
    let config = |text: &str| {
        fs::write(&file, text).unwrap();
        run(&mut serve(&["--config", file_name]), "")
    };
    let flag = |value: &str| run(&mut serve(&["--feed", value]), "");
    for (output, words) in [
        (flag("avinr/OSL"), &["avinr/OSL", "source", "did you mean avinor?"][..]),
        (flag("avinor"), &["avinor", "airport is missing"]),
        (flag("avinor/QQQ"), &["avinor/QQQ", "airport"]),
        (flag("avinor/OSL,intervall=1s"), &["avinor/OSL", "did you mean interval?"]),
        (flag("avinor/OSL,interval=1s"), &["avinor/OSL", "interval", "3m"]),
        (flag("avinor/OSL,clock=2031-03-05T10:00:00Z"), &["avinor/OSL", "clock", "loopback"]),
        (flag("avinor/OSL,source-url=nowhere"), &["avinor/OSL", "source-url"]),
        (flag("avinor/OSL avinor/OSL"), &["avinor/OSL", "osl-arrivals", "another feed"]),
        (config("[[feed]]\nsource = \"hkia\"\nbord = \"x\""), &["feeds.toml", "hkia", "board?"]),
        (config("[[feeds]]"), &["feeds.toml", "did you mean feed?"]),
        (config("[[feed"), &["feeds.toml", "line 1"]),
    ] {
        assert!(!output.status.success(), "{output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        for word in words {
            assert!(output.stderr.contains(word), "{word}: {}", output.stderr);
        }
    }
    let missing = run(&mut serve(&["--config", "missing.toml"]), "");
    assert!(missing.stderr.contains("missing.toml"), "{missing:?}");
}

#[test]
fn keys_need_no_command_line() {
    let upstream = FakeUpstream::start(|_| answer_of(0));
    let folder = TempDir::new().unwrap();
    let key_file = folder.path().join("key");
    fs::write(&key_file, "0123abcd\n").unwrap();
    let url = upstream.url();
    let from_file = format!("finavia/HEL,source-url={url},key-file={}", key_file.display());
    let from_variable = format!("finavia/HEL,source-url={url}");
    for (feed, variable) in [(from_file, ""), (from_variable, "4567ef")] {
        let asked = upstream.request_count();
        let mut command = serve(&["--feed", &feed]);
        command.env("FLIGHTBOARD_KEY_FINAVIA", variable);
        let server = ServerProcess::start(&mut command);
        let request = wait_until("the source is asked", WAIT_TIMEOUT, || {
            upstream.requests().into_iter().nth(asked)
        });
        let key = if variable.is_empty() { "0123abcd" } else { variable };
        assert_eq!(request.headers.get("app_key").map(String::as_str), Some(key));
        server.process.terminate();
        let log = server.process.wait_for_exit(WAIT_TIMEOUT).stderr;
        assert!(!log.contains(key), "{log}");
    }
}

#[test]
fn file_and_variable_define_feeds() {
    let folder = TempDir::new().unwrap();
    let upstream = FakeUpstream::start(|_| answer_of(0));
    let feed = oslo_feed(&upstream);
    let mut command = serve(&[]);
    command.env("FLIGHTBOARD_FEED", format!("{feed},kind=arrivals  {feed},kind=departures"));
    let server = ServerProcess::start(&mut command);
    wait_for_boards(&server.api());
    wait_for_step(&server.api(), 0);

    let file = folder.path().join("feeds.toml");
    let clock = super::CLOCK;
    let text = format!(
        "[[feed]]\nsource = \"avinor/OSL\"\nsource-url = \"{}\"\ninterval = \"1s\"\nclock = {clock}\n",
        upstream.url()
    );
    fs::write(&file, text).unwrap();
    let server = start_server(folder.path(), &["--config", file.to_str().unwrap()]);
    wait_for_boards(&server.api());
    wait_for_step(&server.api(), 0);
}
