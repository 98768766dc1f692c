use bytes::Bytes;
use journal::{Checkpoint, Journal, JournalOptions, SaveCheckpointError, Seq, SqliteJournal};

use crate::records::{all_after, texts};
use crate::subject::{Subject, for_each_journal, numbered, place};

for_each_journal! {
    the_start_point_is_the_newest_one_that_still_reaches_far_enough_back
    a_checkpoint_beyond_the_tail_is_refused
    the_same_position_again_replaces_the_state
}

async fn the_start_point_is_the_newest_one_that_still_reaches_far_enough_back<J: Subject>() {
    let journal = J::fresh(JournalOptions::default()).await;
    journal.append(numbered(0..100)).await.unwrap();
    assert_eq!(journal.start_point().await.unwrap(), None);
    for (seq, needed_after, start) in [
        (10, 0, 10), // the records before the first checkpoint are lost to it, but not dropped
        (20, 5, 10),
        (30, 19, 10),
        (40, 20, 20),
        (50, 39, 30),
        (60, 60, 60), // only what comes from now on
        (70, 65, 60),
    ] {
        let state = Bytes::from(seq.to_string());
        journal.checkpoint(Seq(seq), state, Seq(needed_after)).await.unwrap();
        let found = journal.start_point().await.unwrap().unwrap();
        let expected = Checkpoint { seq: Seq(start), state: start.to_string().into() };
        assert_eq!(found, expected, "after a checkpoint at {seq}, records after {needed_after}");
    }
}

async fn a_checkpoint_beyond_the_tail_is_refused<J: Subject>() {
    let journal = J::fresh(JournalOptions::default()).await;
    journal.append(numbered(0..5)).await.unwrap();
    let refused = journal.checkpoint(Seq(6), "state".into(), Seq(0)).await.unwrap_err();
    assert!(matches!(refused, SaveCheckpointError::OutOfRange { seq: Seq(6), tail: Seq(5), .. }));
    assert_eq!(refused.to_string(), "no checkpoint possible at 6: the journal reaches from 0 to 5");
    assert_eq!(journal.start_point().await.unwrap(), None);
}

async fn the_same_position_again_replaces_the_state<J: Subject>() {
    let journal = J::fresh(JournalOptions::default()).await;
    for state in ["one", "two"] {
        journal.checkpoint(Seq::ZERO, state.into(), Seq::ZERO).await.unwrap();
    }
    let expected = Checkpoint { seq: Seq::ZERO, state: "two".into() };
    assert_eq!(journal.start_point().await.unwrap(), Some(expected));
}

#[tokio::test]
async fn the_next_start_finds_the_start_point_and_all_after_it() {
    let (_folder, path) = place();
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    journal.append(numbered(0..9)).await.unwrap();
    journal.checkpoint(Seq(3), "three".into(), Seq(3)).await.unwrap();
    journal.checkpoint(Seq(6), "six".into(), Seq(4)).await.unwrap();
    drop(journal);

    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    let start = journal.start_point().await.unwrap().unwrap();
    assert_eq!(start, Checkpoint { seq: Seq(3), state: "three".into() });
    let replayed = all_after(&journal, start.seq).await.unwrap();
    assert_eq!(texts(&replayed), ["3", "4", "5", "6", "7", "8"]);
    // What was loaded counts when the next one is kept.
    journal.checkpoint(Seq(9), "nine".into(), Seq(7)).await.unwrap();
    assert_eq!(journal.start_point().await.unwrap().unwrap().seq, Seq(6));
}
