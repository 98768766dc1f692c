use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use journal::{
    AppendError, Follow, FollowError, Journal, JournalOptions, SaveCheckpointError, Seq,
    SqliteJournal, StorageError, UnixMillis,
};

use crate::records::{all_after, assert_consecutive, texts};
use crate::subject::{Hands, Subject, for_each_journal, numbered, one};

for_each_journal! {
    numbers_begin_at_one_and_have_no_holes
    appends_are_written_in_the_order_of_the_calls
    many_appenders_get_every_number_once
    what_is_answered_is_there
    the_time_never_goes_back
    a_dropped_append_takes_nothing_back
    after_the_end_nothing_is_taken_and_followers_are_told
    a_dropped_journal_tells_its_followers
}

async fn numbers_begin_at_one_and_have_no_holes<J: Subject>() {
    let journal = J::fresh(JournalOptions::default()).await;
    assert_eq!(journal.tail(), Seq::ZERO);
    assert_eq!(journal.append(numbered(0..3)).await.unwrap(), [Seq(1), Seq(2), Seq(3)]);
    assert_eq!(journal.append(vec![]).await.unwrap(), []);
    assert_eq!(journal.append(one("")).await.unwrap(), [Seq(4)]);
    assert_eq!(journal.tail(), Seq(4));
    let records = all_after(&*journal, Seq::ZERO).await.unwrap();
    assert_consecutive(Seq::ZERO, &records);
    assert_eq!(texts(&records), ["0", "1", "2", ""]);
}

async fn appends_are_written_in_the_order_of_the_calls<J: Subject>() {
    let journal = J::fresh(JournalOptions::default()).await;
    let first = journal.append(one("first"));
    let second = journal.append(one("second"));
    assert_eq!(second.await.unwrap(), [Seq(2)]);
    assert_eq!(first.await.unwrap(), [Seq(1)]);
    assert_eq!(texts(&all_after(&*journal, Seq::ZERO).await.unwrap()), ["first", "second"]);
}

async fn many_appenders_get_every_number_once<J: Subject>() {
    let journal = Arc::new(J::fresh(JournalOptions::default()).await);
    let appenders: Vec<_> = (0..64)
        .map(|appender| {
            let journal = Arc::clone(&journal);
            tokio::spawn(async move {
                let mut answers = Vec::new();
                for turn in 0..20 {
                    let payload = format!("{appender} {turn}");
                    let seqs = journal.append(vec![payload.clone().into(), payload.into()]);
                    answers.push(seqs.await.unwrap());
                }
                (appender, answers)
            })
        })
        .collect();
    let mut expected = vec![String::new(); 64 * 20 * 2];
    for appender in appenders {
        let (appender, answers) = appender.await.unwrap();
        for (turn, seqs) in answers.into_iter().enumerate() {
            assert_eq!(seqs[1], seqs[0].next(), "one append is one run of numbers");
            for seq in seqs {
                expected[usize::try_from(seq.0).unwrap() - 1] = format!("{appender} {turn}");
            }
        }
    }
    let records = all_after(&**journal, Seq::ZERO).await.unwrap();
    assert_consecutive(Seq::ZERO, &records);
    assert_eq!(texts(&records), expected);
}

async fn what_is_answered_is_there<J: Subject>() {
    let journal = J::fresh(JournalOptions::default()).await;
    for n in 1..=50 {
        let seqs = journal.append(one("x")).await.unwrap();
        assert_eq!((journal.tail(), seqs), (Seq(n), vec![Seq(n)]));
        assert_eq!(journal.epochs().tail(), Seq(n));
        assert!(journal.epochs().record_id(Seq(n)).is_some());
        let mut follower = journal.follow(Seq(n - 1));
        let mut context = Context::from_waker(Waker::noop());
        assert!(pin!(follower.next()).poll(&mut context).is_ready(), "no wait for what is there");
    }
}

async fn the_time_never_goes_back<J: Subject>() {
    let hands = Hands::default();
    let journal =
        J::fresh(JournalOptions { clock: hands.clock(), ..JournalOptions::default() }).await;
    for millis in [1000, 1000, 3000, 500, 2999, 3001] {
        hands.set(millis);
        journal.append(one("x")).await.unwrap();
    }
    let records = all_after(&*journal, Seq::ZERO).await.unwrap();
    let times: Vec<_> = records.iter().map(|record| record.time).collect();
    assert_eq!(times, [1000, 1000, 3000, 3000, 3000, 3001].map(UnixMillis));
}

async fn a_dropped_append_takes_nothing_back<J: Subject>() {
    let journal = J::fresh(JournalOptions::default()).await;
    drop(journal.append(one("dropped")));
    journal.append(one("awaited")).await.unwrap();
    assert_eq!(texts(&all_after(&*journal, Seq::ZERO).await.unwrap()), ["dropped", "awaited"]);
}

async fn after_the_end_nothing_is_taken_and_followers_are_told<J: Subject>() {
    let journal = Arc::new(J::fresh(JournalOptions::default()).await);
    let mut waiting = journal.follow(Seq(1));
    let waiting = tokio::spawn(async move { waiting.next().await });
    let mut behind = journal.follow(Seq::ZERO);
    let last = journal.append(one("last"));
    journal.close().await;
    assert_eq!(last.await.unwrap(), [Seq(1)], "what waited is written");
    journal.close().await;
    assert!(matches!(
        journal.append(one("late")).await,
        Err(AppendError::Storage(StorageError::Closed))
    ));
    let late = journal.checkpoint(Seq(1), "state".into(), Seq(1));
    assert!(matches!(late.await, Err(SaveCheckpointError::Storage(StorageError::Closed))));
    assert!(matches!(journal.start_point().await, Err(StorageError::Closed)));
    assert!(matches!(waiting.await.unwrap(), Err(FollowError::Storage(StorageError::Closed))));
    assert_eq!(texts(&behind.next().await.unwrap()), ["last"], "still in memory");
    assert!(matches!(behind.next().await, Err(FollowError::Storage(StorageError::Closed))));
}

async fn a_dropped_journal_tells_its_followers<J: Subject>() {
    let journal = J::fresh(JournalOptions::default()).await;
    let mut follower = journal.follow(Seq::ZERO);
    drop(journal);
    assert!(matches!(follower.next().await, Err(FollowError::Storage(StorageError::Closed))));
}

/// Holding SQLite's lock from outside stops the writer at its first commit; all that is appended
/// meanwhile has to share the second.
#[tokio::test]
async fn waiting_appends_share_one_commit() {
    let (_folder, path) = crate::subject::place();
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    let outside = rusqlite::Connection::open(&path).unwrap();
    outside.execute_batch("BEGIN IMMEDIATE").unwrap();
    let appends: Vec<_> = (0..500).map(|_| journal.append(numbered(0..2))).collect();
    outside.execute_batch("ROLLBACK").unwrap();
    for append in appends {
        append.await.unwrap();
    }
    assert_eq!(journal.tail(), Seq(1000));
    assert!(journal.commits() <= 2, "{} commits", journal.commits());
}
