//! `flightboard feed SOURCE` into a running server.

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::fake_upstream::FakeUpstream;

use super::invented_hour::CLOCK;
use super::{
    ARRIVALS, Audits, DEPARTURES, INTERVAL, SteppedSource, answer_of, source, wait_for_boards,
    wait_for_status, wait_for_step,
};
use crate::process::{ServerProcess, TestProcess, flightboard_command, run, start_server};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// Runs the feed of Oslo beside a server, with further flags.
fn start_feed(server: &ServerProcess, upstream: &FakeUpstream, flags: &[&str]) -> TestProcess {
    let (to, source_url) = (server.api().url().to_owned(), upstream.url());
    let mut args = vec!["feed", "avinor", "OSL", "--to", &to, "--source-url", &source_url];
    args.extend(["--interval", INTERVAL, "--clock", CLOCK]);
    TestProcess::start(flightboard_command(args).args(flags))
}

#[test]
fn feed_creates_both_boards() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let api = server.api();
    let source = SteppedSource::start();
    let feed = start_feed(&server, &source.upstream, &[]);
    wait_for_boards(&api);
    for (board, kind) in [(ARRIVALS, "arrivals"), (DEPARTURES, "departures")] {
        let settings = api.get(&format!("/boards/{board}"));
        let expected = json!([kind, format!("Oslo Gardermoen {kind}"), "OSL", "Europe/Oslo"]);
        let found = ["kind", "title", "airport", "timeZone"].map(|name| settings[name].clone());
        assert_eq!(json!(found), expected);
    }
    let mut audits = Audits::follow(server.address);
    for step in 0..4 {
        source.set_step(step);
        audits.read_to_step(step);
    }
    let requests = source.upstream.requests();
    assert!(requests[0].target.starts_with("/XmlFeed/v1.0?airport=OSL"), "{requests:?}");
    let agent = &requests[0].headers["user-agent"];
    assert!(agent.starts_with("flightboard/"), "{agent}");
    feed.terminate();
    assert!(feed.wait_for_exit(WAIT_TIMEOUT).status.success());
}

#[test]
fn existing_board_keeps_its_settings() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let api = server.api();
    let settings = json!({"title": "Ankomster", "timeZone": "Europe/Oslo"});
    api.put_board("inn", &settings);
    let upstream = FakeUpstream::start(|_| answer_of(0));
    let _feed = start_feed(&server, &upstream, &["--kind", "arrivals", "--board", "inn"]);
    wait_until("the board has rows", WAIT_TIMEOUT, || (!api.rows("inn").is_empty()).then_some(()));
    assert_eq!(api.get("/boards/inn")["title"], "Ankomster");
    assert_eq!(api.get_status("/boards/osl-departures"), 404);
    let first = &upstream.requests()[0].target;
    assert!(first.contains("direction=A"), "only arrivals are asked for: {first}");
}

#[test]
fn source_of_killed_feed_is_late() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let upstream = FakeUpstream::start(|_| answer_of(0));
    let mut feed = start_feed(&server, &upstream, &[]);
    wait_for_boards(&server.api());
    wait_for_step(&server.api(), 0);
    let current = source(&server.api(), ARRIVALS);
    assert_eq!(current["name"], "Avinor", "{current}");
    assert_eq!(current["attribution"], "Flight data from Avinor", "{current}");
    feed.kill();
    let late = wait_for_status(&server.api(), ARRIVALS, "late");
    assert!(late["lastAnswer"].as_str() >= current["lastAnswer"].as_str(), "{late}");
    wait_for_step(&server.api(), 0);
}

#[test]
fn feed_keeps_held_fields() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let api = server.api();
    let source = SteppedSource::start();
    let _feed = start_feed(&server, &source.upstream, &[]);
    source.set_step(0);
    wait_for_boards(&api);
    wait_for_step(&api, 0);
    let held =
        r#"{"event":"flightStateUpdate","data":{"flight":"ZX129","gate":"A1","held":["gate"]}}"#;
    let outcome = api.publish_lines(DEPARTURES, held);
    assert!(outcome.contains("\"status\":200"), "{outcome}");
    // The source gives this departure another gate at step 12.
    source.set_step(20);
    let row = wait_until("the flight has departed", WAIT_TIMEOUT, || {
        let rows: Vec<Value> = api.rows(DEPARTURES);
        rows.into_iter().find(|row| row["flight"] == "ZX129" && row["state"] == "departed")
    });
    assert_eq!(row["gate"], "A1", "{row}");
}

#[test]
fn list_names_terms_of_sources() {
    let list = run(&mut flightboard_command(["feed", "--list"]), "").stdout;
    for words in ["avinor\n", "\"Flight data from Avinor\"", "hkia\n", "vatsim\n"] {
        assert!(list.contains(words), "{words}: {list}");
    }
    assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
}
