//! Replicas, of which one polls.

use serde_json::json;
use testkit::fake_upstream::{FakeUpstream, UpstreamAnswer};

use crate::memory_boards::{MemoryBoards, wait_until};
use crate::row_source::{RunningFeed, options, row};

#[tokio::test]
async fn replica_takes_over_after_a_kill() {
    let upstream = FakeUpstream::start(|_| UpstreamAnswer::json(json!([row("X1", "A1")])));
    let boards = MemoryBoards::default();
    let first_options = options(&upstream);
    let first_counters = first_options.counters.clone();
    let first = RunningFeed::start(first_options, boards.replica(1));
    wait_until("an answer", || first_counters.counts().full_answers >= 1).await;
    let second_options = options(&upstream);
    let second_counters = second_options.counters.clone();
    let second = RunningFeed::start(second_options, boards.replica(2));
    let polls = first_counters.counts().full_answers;
    wait_until("more answers", || first_counters.counts().full_answers > polls + 5).await;
    assert_eq!(second_counters.counts().full_answers, 0, "one replica polls");
    first.kill();
    wait_until("an answer", || second_counters.counts().full_answers >= 2).await;
    second.stop().await;
    assert_eq!(boards.row_events().len(), 1, "nothing is announced twice");
}
