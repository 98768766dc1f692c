//! Answers that a feed gets while its source fails.

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::fake_upstream::{BodyEnding, FakeUpstream, UpstreamAnswer};

use super::invented_hour::{self, Direction};
use super::{
    ARRIVALS, Audits, DEPARTURES, SteppedSource, oslo_feed, source, wait_for_boards,
    wait_for_status, wait_for_step,
};
use crate::process::{ServerProcess, start_server};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// A server whose boards have the first answer's rows.
fn server_with_rows(source: &SteppedSource) -> (TempDir, ServerProcess, Audits) {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &["--feed", &oslo_feed(&source.upstream)]);
    wait_for_boards(&server.api());
    let mut audits = Audits::follow(server.address);
    source.set_step(0);
    wait_for_step(&server.api(), 0);
    audits.read_to_step(0);
    (folder, server, audits)
}

/// Answers in this way, and requires that the boards keep their rows and say why the source fails.
fn check_failure(answer: UpstreamAnswer, words: &[&str]) {
    let stepped = SteppedSource::start();
    let (_folder, server, mut audits) = server_with_rows(&stepped);
    let answered = source(&server.api(), ARRIVALS)["lastAnswer"].clone();
    stepped.upstream.respond(move |_| answer.clone());
    for board in [ARRIVALS, DEPARTURES] {
        let source = wait_for_status(&server.api(), board, "failing");
        let reason = source["reason"].as_str().unwrap_or_default();
        assert!(words.iter().all(|word| reason.contains(word)), "{words:?}: {reason}");
        assert!(source["lastAnswer"].as_str() >= answered.as_str(), "{source}");
    }
    wait_for_step(&server.api(), 0);
    let step = std::sync::Arc::clone(&stepped.step);
    stepped
        .upstream
        .respond(move |_| super::answer_of(step.load(std::sync::atomic::Ordering::SeqCst)));
    stepped.set_step(1);
    audits.read_to_step(1);
    let source = wait_for_status(&server.api(), ARRIVALS, "current");
    assert_eq!(source["reason"], Value::Null, "{source}");
}

#[test]
fn refused_requests_keep_rows() {
    check_failure(UpstreamAnswer::new(403, "text/html", "<h1>Forbidden</h1>"), &["403"]);
}

#[test]
fn closed_connections_keep_rows() {
    check_failure(UpstreamAnswer::none(), &[]);
}

#[test]
fn cut_answers_keep_rows() {
    let cut = UpstreamAnswer::xml(invented_hour::answer(1)).ending(BodyEnding::Cut);
    check_failure(cut, &[]);
}

#[test]
fn endless_answers_keep_rows() {
    let endless = UpstreamAnswer::xml(invented_hour::answer(1)).ending(BodyEnding::Endless);
    check_failure(endless, &[]);
}

#[test]
fn other_formats_keep_rows() {
    check_failure(UpstreamAnswer::new(200, "text/html", "<!DOCTYPE html><p>Hello</p>"), &[]);
    check_failure(UpstreamAnswer::json("{\"error\": \"quota\"}"), &[]);
}

#[test]
fn empty_answers_keep_rows() {
    let stepped = SteppedSource::start();
    let (_folder, server, mut audits) = server_with_rows(&stepped);
    stepped.upstream.respond(|_| UpstreamAnswer::xml(invented_hour::empty_answer(1)));
    let asked = stepped.upstream.request_count();
    wait_until("several empty answers are read", WAIT_TIMEOUT, || {
        (stepped.upstream.request_count() > asked + 5).then_some(())
    });
    wait_for_step(&server.api(), 0);
    stepped.upstream.respond(|_| super::answer_of(2));
    audits.read_to_step(2);
}

#[test]
fn wrong_clock_loses_no_row() {
    for clock in ["2031-03-05T09:00:00Z", "2031-03-05T11:00:00Z"] {
        let folder = TempDir::new().unwrap();
        let upstream = FakeUpstream::start(|_| super::answer_of(0));
        let feed = oslo_feed(&upstream).replace(invented_hour::CLOCK, clock);
        let server = start_server(folder.path(), &["--feed", &feed]);
        wait_for_boards(&server.api());
        wait_for_step(&server.api(), 0);
        upstream.respond(|_| super::answer_of(LATER_STEP));
        wait_for_step(&server.api(), LATER_STEP);
        assert_eq!(
            server.api().rows(ARRIVALS).len(),
            invented_hour::rows(0, Direction::Arrival).len()
        );
    }
}

const LATER_STEP: usize = 10;

#[test]
fn xml_for_json_keeps_rows() {
    let upstream = FakeUpstream::start(|request| {
        let date = request.target.split("date=").nth(1).map_or("", |rest| &rest[..10]);
        let row = json!({
            "time": "08:30", "flight": [{"no": "QX 1", "airline": "QXX"}], "status": "",
            "destination": ["TPE"],
        });
        UpstreamAnswer::json(json!([
            {"date": date, "arrival": false, "cargo": false, "list": [row]},
        ]))
    });
    let feed = format!(
        "hkia,kind=departures,source-url={},interval=200ms,clock=2031-03-05T08:00:00+08:00",
        upstream.url()
    );
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &["--feed", &feed]);
    wait_until("the board", WAIT_TIMEOUT, || {
        (server.api().get_status("/boards/hkg-departures") == 200).then_some(())
    });
    wait_for_status(&server.api(), "hkg-departures", "current");
    let rows = server.api().rows("hkg-departures");
    assert_eq!(rows.len(), 3, "a row for each of three days: {rows:?}");

    upstream.respond(|_| UpstreamAnswer::xml("<?xml version=\"1.0\"?><error>quota</error>"));
    let source = wait_for_status(&server.api(), "hkg-departures", "failing");
    let reason = source["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("not JSON"), "{reason}");
    assert_eq!(server.api().rows("hkg-departures"), rows);
}
