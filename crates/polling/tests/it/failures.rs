//! Failures of a source or of the boards.

use std::time::Duration;

use feeds::{SourceAirport, open_source};
use flight::{BoardKind, BoardName, BoardSettings, SourceStatus};
use jiff::tz::TimeZone;
use serde_json::json;
use testkit::fake_upstream::{BodyEnding, FakeUpstream, UpstreamAnswer};

use crate::memory_boards::{MemoryBoards, wait_until};
use crate::row_source::{RunningFeed, options, row};

fn rows_answer() -> UpstreamAnswer {
    UpstreamAnswer::json(json!([row("X1", "A1"), row("X2", "A2")]))
}

#[tokio::test]
async fn bad_answers_keep_the_rows() {
    let upstream = FakeUpstream::start(|_| rows_answer());
    let boards = MemoryBoards::default();
    let options = options(&upstream);
    let counters = options.counters.clone();
    let feed = RunningFeed::start(options, boards.replica(1));
    wait_until("rows", || boards.rows("rows").len() == 2).await;
    let rows = boards.rows("rows");
    for (answer, expected) in [
        (UpstreamAnswer::new(200, "text/html", "<html>Sorry</html>"), "is not JSON"),
        (UpstreamAnswer::new(500, "text/plain", ""), "500 Internal Server Error"),
        (UpstreamAnswer::json("[").ending(BodyEnding::Endless), "is larger than"),
        (UpstreamAnswer::json("[1, 2]").ending(BodyEnding::Cut), "cannot read the answer"),
        (UpstreamAnswer::none(), "cannot read the answer"),
        (
            UpstreamAnswer::new(302, "text/plain", "").header("location", "http://other.example/"),
            "redirects to other.example",
        ),
        (UpstreamAnswer::json("\"panic\""), "could not be read"),
    ] {
        let answers = answer.clone();
        upstream.respond(move |_| answers.clone());
        wait_until(expected, || {
            let source = boards.source("rows").unwrap();
            source.reason.as_deref().is_some_and(|reason| reason.contains(expected))
        })
        .await;
        let source = boards.source("rows").unwrap();
        assert_eq!(source.status, SourceStatus::Failing);
        assert!(source.last_answer.is_some() && source.last_change.is_some());
        assert_eq!(boards.rows("rows"), rows);
        // An answer that succeeds ends it.
        upstream.respond(|_| rows_answer());
        wait_until("current", || {
            let source = boards.source("rows").unwrap();
            source.status == SourceStatus::Current && source.reason.is_none()
        })
        .await;
    }
    upstream.respond(|_| UpstreamAnswer::json("[]"));
    let polls = upstream.request_count();
    wait_until("empty answers", || upstream.request_count() > polls + 4).await;
    feed.stop().await;
    assert_eq!(boards.rows("rows"), rows);
    assert_eq!(boards.row_events().len(), 2, "nothing is announced twice");
    assert!(counters.counts().failed_answers >= 7);
}

#[tokio::test]
async fn failing_direction_is_reported_alone() {
    let upstream = FakeUpstream::start(|request| {
        if request.target.contains("arrival=false") {
            return UpstreamAnswer::new(503, "text/plain", "");
        }
        let date = request.target.split("date=").nth(1).unwrap().get(..10).unwrap();
        let row = json!({"time": "12:00", "flight": [{"no": "QX 1"}], "status": "Delayed"});
        UpstreamAnswer::json(json!([{"date": date, "arrival": true, "list": [row]}]))
    });
    let kinds = vec![BoardKind::Arrivals, BoardKind::Departures];
    let zone = TimeZone::get("Asia/Hong_Kong").unwrap();
    let airport = SourceAirport { code: "HKG".to_owned(), zone, kinds };
    let source = open_source("hkia", airport).unwrap();
    let mut options = options(&upstream);
    let mut departures = BoardSettings::with_defaults(BoardName::parse("departures").unwrap());
    departures.kind = BoardKind::Departures;
    options.boards.push(departures);
    let boards = MemoryBoards::default();
    let feed = RunningFeed::of_source(source, options, boards.replica(1));
    wait_until("a report", || boards.source("departures").is_some()).await;
    feed.stop().await;
    let source = boards.source("departures").unwrap();
    assert_eq!((source.status, source.last_answer), (SourceStatus::Failing, None));
    assert!(source.reason.unwrap().contains("503"));
    let source = boards.source("rows").unwrap();
    assert_eq!(source.status, SourceStatus::Current);
    assert_eq!(boards.rows("rows").len(), 3);
}

#[tokio::test]
async fn unreachable_boards_are_tried_again() {
    let upstream = FakeUpstream::start(|_| rows_answer());
    let boards = MemoryBoards::default();
    boards.set_reachable(false);
    let mut options = options(&upstream);
    options.interval = Some(Duration::from_secs(20));
    let feed = RunningFeed::start(options, boards.replica(1));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(upstream.request_count(), 0, "no request whose answer cannot be published");
    boards.set_reachable(true);
    let shared = boards.clone();
    upstream.respond(move |_| {
        shared.set_reachable(false);
        rows_answer()
    });
    wait_until("a request", || upstream.request_count() == 1).await;
    boards.set_reachable(true);
    // The answer is published although the boards were away when it came.
    wait_until("rows", || boards.rows("rows").len() == 2).await;
    feed.stop().await;
    assert_eq!(upstream.request_count(), 1);
}

#[tokio::test]
async fn retry_after_delays_the_next_poll() {
    let upstream = FakeUpstream::start(|_| {
        UpstreamAnswer::new(429, "text/plain", "").header("retry-after", 3)
    });
    let boards = MemoryBoards::default();
    let feed = RunningFeed::start(options(&upstream), boards.replica(1));
    wait_until("two requests", || upstream.request_count() == 2).await;
    feed.stop().await;
    let requests = upstream.requests();
    let wait = requests[1].received - requests[0].received;
    assert!(wait >= Duration::from_secs(3), "{wait:?}");
    let reason = boards.source("rows").unwrap().reason.unwrap();
    assert_eq!(reason, "127.0.0.1 asks for fewer requests (429 Too Many Requests)");
}

#[tokio::test]
async fn hanging_source_delays_no_stop() {
    let upstream = FakeUpstream::start(|_| UpstreamAnswer::json("[").ending(BodyEnding::Slow));
    let feed = RunningFeed::start(options(&upstream), MemoryBoards::default().replica(1));
    wait_until("a request", || upstream.request_count() == 1).await;
    let start = std::time::Instant::now();
    feed.stop().await;
    assert!(start.elapsed() < Duration::from_secs(10));
}
