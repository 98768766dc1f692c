//! A journal that this version cannot decode.

use std::error::Error;

use bytes::Bytes;
use engine::{Engine, Replay, subject_of};
use journal::{Follow, Journal, MemoryJournal, Seq};

async fn journal_from_the_future() -> MemoryJournal {
    let journal = MemoryJournal::default();
    journal.append(vec![Bytes::from("{\"from\":\"the future\"}")]).await.unwrap();
    journal
}

#[tokio::test]
async fn start_fails_and_names_the_record() {
    let error = Engine::start(journal_from_the_future().await, 0).await.unwrap_err();
    let cause = error.source().and_then(Error::source).unwrap();
    assert!(cause.to_string().contains("record 1"), "{cause}");
}

#[tokio::test]
async fn replay_fails_and_names_the_record() {
    let journal = journal_from_the_future().await;
    let record = journal.follow(Seq::ZERO).next().await.unwrap().remove(0);
    let error = Replay::begin(&journal).await.unwrap().apply(&record).unwrap_err();
    assert!(error.to_string().contains("record 1"), "{error}");
    assert!(subject_of(&record).is_err());
}
