//! Followers: history, then new records, each once and in order.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use journal::{Follow, FollowError, Journal, JournalOptions, Record, Seq};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::runtime::Builder;

use super::records::{all_after, assert_consecutive, numbered, one, texts};
use super::{JournalFixture, in_time};

pub async fn history_precedes_new_records<F: JournalFixture>() {
    let journal = Arc::new(F::create(JournalOptions::default()).await);
    journal.append(numbered(0..10)).await.unwrap();
    let mut follower = journal.follow(Seq(4));
    assert_eq!(texts(&follower.next().await.unwrap()), ["4", "5", "6", "7", "8", "9"]);
    let live = tokio::spawn(async move { follower.next().await.unwrap() });
    tokio::task::yield_now().await;
    journal.append(one("new")).await.unwrap();
    let batch = live.await.unwrap();
    assert_eq!((batch[0].seq, texts(&batch)), (Seq(11), vec!["new".to_owned()]));
}

pub async fn dropped_future_loses_no_records<F: JournalFixture>() {
    // More records than the memory holds, so that dropped futures include reads of the storage.
    let journal = F::create(JournalOptions::default()).await;
    for _ in 0..4 {
        journal.append(numbered(0..4000)).await.unwrap();
    }
    let (mut follower, mut seen) = (journal.follow(Seq::ZERO), Vec::new());
    while seen.len() < 16_000 {
        match poll_once(&mut follower) {
            Poll::Ready(batch) => seen.extend(batch.unwrap()),
            Poll::Pending => seen.extend(follower.next().await.unwrap()),
        }
    }
    assert_consecutive(Seq::ZERO, &seen);
    assert!(poll_once(&mut follower).is_pending());
    journal.append(one("after a dropped wait at the tail")).await.unwrap();
    assert_eq!(follower.next().await.unwrap().len(), 1);
}

pub async fn follower_beyond_tail_waits<F: JournalFixture>() {
    let journal = F::create(JournalOptions::default()).await;
    journal.append(numbered(0..1)).await.unwrap();
    let mut follower = journal.follow(Seq(3));
    let waiting = tokio::spawn(async move {
        // A journal may return the first records of an append before the last ones are written.
        let mut seen = Vec::new();
        while seen.len() < 3 {
            seen.extend(follower.next().await.unwrap());
        }
        seen
    });
    tokio::task::yield_now().await;
    journal.append(numbered(1..3)).await.unwrap();
    tokio::task::yield_now().await;
    journal.append(numbered(3..6)).await.unwrap();
    assert_eq!(texts(&waiting.await.unwrap()), ["3", "4", "5"]);
}

pub async fn distant_follower_gets_all_records<F: JournalFixture>() {
    let journal = F::create(JournalOptions::default()).await;
    for n in 0..10 {
        journal.append(numbered(n * 2000..(n + 1) * 2000)).await.unwrap();
    }
    let records = all_after(&*journal, Seq::ZERO).await.unwrap();
    assert_consecutive(Seq::ZERO, &records);
    assert!(texts(&records).into_iter().eq((0..20_000).map(|n| n.to_string())));
}

/// The readers start one record behind the tail, again and again, while records are written.
pub async fn followed_records_have_ids_at_once<F: JournalFixture>() {
    let journal = Arc::new(F::create(JournalOptions::default()).await);
    journal.append(one("first")).await.unwrap();
    let written = Arc::new(AtomicBool::new(false));
    let readers = [(); 2].map(|()| {
        let (journal, written) = (Arc::clone(&journal), Arc::clone(&written));
        std::thread::spawn(move || {
            while !written.load(Ordering::Relaxed) {
                let mut follower = journal.follow(journal.tail().prev());
                let Poll::Ready(batch) = poll_once(&mut follower) else { panic!("it is behind") };
                let newest = batch.unwrap().last().unwrap().seq;
                let id = journal.epochs().record_id(newest);
                assert!(id.is_some(), "{newest} is given, and beyond the tail");
            }
        })
    });
    for n in 0..COMMITS {
        journal.append(numbered(n..n + 1)).await.unwrap();
    }
    written.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.join().unwrap();
    }
}
/// Polls once and drops the future.
fn poll_once(follower: &mut impl Follow) -> Poll<Result<Vec<Record>, FollowError>> {
    pin!(follower.next()).poll(&mut Context::from_waker(Waker::noop()))
}

/// Enough commits that a reader runs between two steps of one of them.
const COMMITS: usize = 500;

/// Each follower, whenever it starts, sees every record after its start once and in order.
pub fn followers_see_every_record_once<F: JournalFixture>() {
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() };
    let checked = TestRunner::new(config).run(&plan(), |plan| {
        check_plan::<F>(plan);
        Ok(())
    });
    checked.unwrap();
}

/// The sizes of appends, and followers as (start in percent of the tail, append at which it starts, pause in
/// microseconds).
#[derive(Clone, Debug)]
struct FollowPlan {
    appends: Vec<usize>,
    followers: Vec<(u64, usize, u32)>,
}

fn plan() -> impl Strategy<Value = FollowPlan> {
    let appends =
        proptest::collection::vec(prop_oneof![4 => 1..20usize, 1 => 2000..4000usize], 1..25);
    let follower = (0..100u64, 0..25usize, 0..300u32);
    (appends, proptest::collection::vec(follower, 1..6))
        .prop_map(|(appends, followers)| FollowPlan { appends, followers })
}

fn check_plan<F: JournalFixture>(plan: FollowPlan) {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(in_time(async {
        let journal = Arc::new(F::create(JournalOptions::default()).await);
        let total = plan.appends.iter().sum::<usize>() as u64;
        let mut following = Vec::new();
        for (turn, &count) in plan.appends.iter().enumerate() {
            for &(percent, begin, pause_micros) in &plan.followers {
                if begin % plan.appends.len() == turn {
                    let after = Seq(journal.tail().0 * percent / 100);
                    let follower = journal.follow(after);
                    let until = read_until(follower, after, Seq(total), pause_micros);
                    following.push(tokio::spawn(until));
                }
            }
            journal.append(numbered(0..count)).await.unwrap();
        }
        for reading in following {
            let (after, records) = reading.await.unwrap();
            assert_consecutive(after, &records);
        }
    }));
}

async fn read_until(
    mut follower: impl Follow,
    after: Seq,
    end: Seq,
    pause_micros: u32,
) -> (Seq, Vec<Record>) {
    let mut records: Vec<Record> = Vec::new();
    while records.last().map_or(after, |record| record.seq) < end {
        let batch = follower.next().await.unwrap();
        assert!(!batch.is_empty());
        records.extend(batch);
        if pause_micros > 0 {
            tokio::time::sleep(Duration::from_micros(pause_micros.into())).await;
        }
    }
    (after, records)
}
