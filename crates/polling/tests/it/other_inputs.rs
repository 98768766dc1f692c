//! Files and pushed answers.

use std::fs;

use feeds::AnswerOutcome;
use flight::{BoardName, BoardSettings, SourceStatus};
use polling::{FeedInput, FeedOptions, PushedAnswer};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use crate::memory_boards::{MemoryBoards, wait_until};
use crate::row_source::{RunningFeed, row};

fn options(input: FeedInput) -> FeedOptions {
    let board = BoardSettings::with_defaults(BoardName::parse("rows").unwrap());
    FeedOptions { boards: vec![board], input, ..FeedOptions::default() }
}

#[tokio::test]
async fn changed_file_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.json");
    let boards = MemoryBoards::default();
    // The interval of a minute does not matter: the test would fail if the feed waited for it.
    let feed = RunningFeed::start(options(FeedInput::File(file.clone())), boards.replica(1));
    let status = || boards.source("rows").map(|source| source.status);
    wait_until("a failure", || status() == Some(SourceStatus::Failing)).await;
    let reason = boards.source("rows").unwrap().reason.unwrap();
    assert!(reason.starts_with("cannot read rows.json: No such file"), "{reason}");
    let text = json!([row("X1", "A1")]).to_string();
    fs::write(&file, &text[..text.len() / 2]).unwrap();
    wait_until("half a file", || {
        let source = boards.source("rows").unwrap();
        source.reason.as_deref() == Some("the answer is not JSON")
    })
    .await;
    fs::write(&file, &text).unwrap();
    wait_until("a row", || boards.rows("rows").len() == 1).await;
    assert_eq!(status(), Some(SourceStatus::Current));
    // Renamed over the old one, as careful programs write.
    let new_file = folder.path().join("rows.new");
    fs::write(&new_file, json!([row("X1", "A1"), row("X2", "B2")]).to_string()).unwrap();
    fs::rename(&new_file, &file).unwrap();
    wait_until("two rows", || boards.rows("rows").len() == 2).await;
    feed.stop().await;
}

#[tokio::test]
async fn pushed_answers_are_published() {
    let boards = MemoryBoards::default();
    let (sender, receiver) = mpsc::channel(1);
    let options = FeedOptions { pushed: Some(receiver), ..options(FeedInput::PushOnly) };
    let feed = RunningFeed::start(options, boards.replica(1));
    let (published, result) = oneshot::channel();
    let outcome = AnswerOutcome::Partial { answer: Default::default(), reason: None };
    sender.send(PushedAnswer { outcome, published }).await.unwrap();
    assert_eq!(result.await.unwrap(), Ok(()));
    let source = boards.source("rows").unwrap();
    assert_eq!((source.status, source.late_after_secs), (SourceStatus::Current, None));
    feed.stop().await;
}
