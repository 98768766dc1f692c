//! Polls, and the boards after them.

use std::sync::Arc;
use std::time::Duration;

use flight::{BoardName, BoardSettings, Change, FlightKey, SourceStatus};
use jiff::Timestamp;
use polling::MonthlyBudget;
use serde_json::json;
use testkit::fake_upstream::{FakeUpstream, UpstreamAnswer};

use crate::memory_boards::{MemoryBoards, wait_until};
use crate::row_source::{RunningFeed, options, row};

#[tokio::test]
async fn rows_and_report_are_published() {
    let upstream = FakeUpstream::start(|_| UpstreamAnswer::json(json!([row("X1", "A1")])));
    let boards = MemoryBoards::default();
    let options = options(&upstream);
    let counters = options.counters.clone();
    let before = Timestamp::now();
    let feed = RunningFeed::start(options, boards.replica(1));
    wait_until("two answers", || counters.counts().full_answers >= 2).await;
    feed.stop().await;
    let expected: flight::Flight = serde_json::from_value(row("X1", "A1")).unwrap();
    assert_eq!(boards.rows("rows"), [serde_json::to_string(&expected).unwrap()]);
    assert_eq!(boards.row_events().len(), 1);
    let source = boards.source("rows").unwrap();
    assert_eq!(source.name, "Rows");
    assert_eq!(source.attribution, "Rows from the test");
    assert_eq!(source.link.as_deref(), Some("https://source.example/"));
    assert_eq!(source.status, SourceStatus::Current);
    assert_eq!(source.late_after_secs, Some(1));
    assert!(source.last_answer.unwrap().as_second() >= before.as_second());
    assert!(source.last_change.unwrap() <= source.last_answer.unwrap());
}

#[tokio::test]
async fn restarted_feed_repeats_nothing() {
    let rows: Vec<_> = (0..1_200).map(|number| row(&format!("X{number}"), "A1")).collect();
    let upstream = FakeUpstream::start(move |_| UpstreamAnswer::json(json!(rows)));
    let boards = MemoryBoards::default();
    for _ in 0..3 {
        let options = options(&upstream);
        let counters = options.counters.clone();
        let feed = RunningFeed::start(options, boards.replica(1));
        wait_until("an answer", || counters.counts().full_answers >= 2).await;
        feed.stop().await;
    }
    assert_eq!(boards.rows("rows").len(), 1_200);
    assert_eq!(boards.row_events().len(), 1_200);
}

#[tokio::test]
async fn requests_keep_the_interval() {
    let upstream = FakeUpstream::start(|_| UpstreamAnswer::json("[]"));
    let mut options = options(&upstream);
    let interval = Duration::from_millis(300);
    options.interval = Some(interval);
    let feed = RunningFeed::start(options, MemoryBoards::default().replica(1));
    wait_until("requests", || upstream.request_count() >= 5).await;
    feed.stop().await;
    let requests = upstream.requests();
    let mean = (requests[4].received - requests[0].received) / 4;
    assert!(mean >= interval, "{mean:?}");
}

#[tokio::test]
async fn clock_runs_from_its_start() {
    let upstream = FakeUpstream::start(|_| UpstreamAnswer::json("[]"));
    let mut options = options(&upstream);
    let start: Timestamp = "2023-07-10T05:00:00Z".parse().unwrap();
    options.clock = Some(start);
    let boards = MemoryBoards::default();
    let feed = RunningFeed::start(options, boards.replica(1));
    wait_until("a report", || boards.source("rows").is_some()).await;
    feed.stop().await;
    assert_eq!(upstream.requests()[0].target, "/rows?date=2023-07-10");
    // The age of the source is counted in real time.
    assert!(boards.source("rows").unwrap().last_answer.unwrap() > start);
}

#[tokio::test]
async fn confirmed_answers_mend_the_board() {
    let upstream = FakeUpstream::start(|request| match request.headers.get("if-none-match") {
        Some(_) => UpstreamAnswer::new(304, "text/plain", ""),
        None => UpstreamAnswer::json(json!([row("X1", "A1")])).header("etag", "\"1\""),
    });
    let boards = MemoryBoards::default();
    let options = options(&upstream);
    let counters = options.counters.clone();
    let feed = RunningFeed::start(options, boards.replica(1));
    wait_until("a confirmed answer", || counters.counts().unchanged_answers >= 1).await;
    let key = FlightKey::parse("X1", Some("2999-01-01")).unwrap();
    boards.apply("rows", Change::RemoveFlight(key));
    wait_until("the row", || !boards.rows("rows").is_empty()).await;
    feed.stop().await;
    assert_eq!(counters.counts().full_answers, 1);
}

#[tokio::test]
async fn existing_board_keeps_its_settings() {
    let upstream = FakeUpstream::start(|_| UpstreamAnswer::json("[]"));
    let boards = MemoryBoards::default();
    let name = BoardName::parse("rows").unwrap();
    let settings = BoardSettings { title: "Ours".to_owned(), ..BoardSettings::with_defaults(name) };
    boards.apply("rows", Change::PutBoard(Box::new(settings)));
    let feed = RunningFeed::start(options(&upstream), boards.replica(1));
    wait_until("a report", || boards.source("rows").is_some()).await;
    feed.stop().await;
    assert_eq!(boards.title("rows"), "Ours");
}

#[tokio::test]
async fn budget_stretches_the_interval() {
    let upstream = FakeUpstream::start(|_| UpstreamAnswer::json("[]"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("requests.json");
    let boards = MemoryBoards::default();
    for _ in 0..2 {
        let mut options = options(&upstream);
        options.budget = Some(Arc::new(MonthlyBudget::open(&file, 10_000).unwrap()));
        let counters = options.counters.clone();
        let feed = RunningFeed::start(options, boards.replica(1));
        wait_until("the count", || counters.counts().budget_left == Some(9_999)).await;
        wait_until("a report", || boards.source("rows").is_some()).await;
        feed.kill();
    }
    assert_eq!(upstream.request_count(), 1, "a restart does not ask again");
    // Three times the 268 s that are the share of one of 10,000 requests in 31 days.
    assert_eq!(boards.source("rows").unwrap().late_after_secs, Some(804));
}
