use std::time::Duration;

use journal::{FollowError, Journal, JournalOptions, Seq, UnixMillis};
use nats_journal::NatsJournal;
use rstest::rstest;
use testkit::nats::NatsServer;

use crate::harness::{TEST_TIMEOUT, config_for, numbered, open, single, stream};
use testkit::journal_contract::records::{all_after, texts};

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn replica_starts_at_another_replicas_checkpoint() {
    let server = NatsServer::start();
    let first = open(&server).await;
    first.append(numbered(0..5)).await.unwrap();
    let second = open(&server).await;
    second.append(numbered(5..10)).await.unwrap();
    let options = JournalOptions { keep: Some(Duration::ZERO), ..JournalOptions::default() };
    let clock = journal::Clock::new(|| UnixMillis(u64::MAX));
    let pruning =
        NatsJournal::open(&config_for(&server), JournalOptions { clock, ..options }).await.unwrap();
    pruning.checkpoint(Seq(8), "eight".into(), Seq(8)).await.unwrap();
    assert_eq!(stream(&server).await.get_info().await.unwrap().state.first_sequence, 9);

    let late = open(&server).await;
    let start = late.start_point().await.unwrap().unwrap();
    assert_eq!((start.seq, &start.state[..]), (Seq(8), &b"eight"[..]));
    assert_eq!(texts(&all_after(&late, start.seq).await.unwrap()), ["8", "9"]);
    let pruned = all_after(&late, Seq(7)).await;
    assert!(matches!(pruned, Err(FollowError::Pruned { kept_after: Seq(8), .. })), "{pruned:?}");
    // The late replica knows the ids of records that it has not read, too.
    let ids = |journal: &NatsJournal| -> Vec<_> {
        (0..=10).map(|n| journal.epochs().record_id(Seq(n)).unwrap()).collect()
    };
    assert_eq!(ids(&late), ids(&first));
    assert_ne!(ids(&late)[5].epoch, ids(&late)[6].epoch);
}

#[rstest]
#[timeout(TEST_TIMEOUT)]
#[tokio::test]
async fn only_the_checkpoint_writer_prunes() {
    let server = NatsServer::start();
    let options = JournalOptions { keep: Some(Duration::ZERO), ..JournalOptions::default() };
    let pruning = NatsJournal::open(&config_for(&server), options.clone()).await.unwrap();
    let other = NatsJournal::open(&config_for(&server), options).await.unwrap();
    other.append(numbered(0..10)).await.unwrap();
    let first = async || stream(&server).await.get_info().await.unwrap().state.first_sequence;
    tokio::time::sleep(Duration::from_millis(5)).await;
    other.append(single("10")).await.unwrap();
    other.append(single("11")).await.unwrap();
    assert_eq!(first().await, 1, "there is no checkpoint yet");
    pruning.checkpoint(Seq(6), "six".into(), Seq(6)).await.unwrap();
    assert_eq!(first().await, 7);
    assert_eq!(texts(&all_after(&other, Seq(6)).await.unwrap()).len(), 6);
}
