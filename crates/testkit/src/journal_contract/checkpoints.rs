//! Checkpoints, and the start point that they give.

use bytes::Bytes;
use journal::{Checkpoint, Journal, JournalOptions, SaveCheckpointError, Seq};

use super::JournalFixture;
use super::records::numbered;

pub async fn start_point_covers_needed_records<F: JournalFixture>() {
    let journal = F::create(JournalOptions::default()).await;
    journal.append(numbered(0..100)).await.unwrap();
    assert_eq!(journal.start_point().await.unwrap(), None);
    for (seq, needed_after, start) in [
        (10, 0, 10), // the records before the first checkpoint are lost to it, but not dropped
        (20, 5, 10),
        (30, 19, 10),
        (40, 20, 20),
        (50, 39, 30),
        (60, 60, 60), // only new records
        (70, 65, 60),
    ] {
        let state = Bytes::from(seq.to_string());
        journal.checkpoint(Seq(seq), state, Seq(needed_after)).await.unwrap();
        let found = journal.start_point().await.unwrap().unwrap();
        let expected = Checkpoint { seq: Seq(start), state: start.to_string().into() };
        assert_eq!(found, expected, "after a checkpoint at {seq}, records after {needed_after}");
    }
}

pub async fn checkpoint_beyond_tail_is_rejected<F: JournalFixture>() {
    let journal = F::create(JournalOptions::default()).await;
    journal.append(numbered(0..5)).await.unwrap();
    let refused = journal.checkpoint(Seq(6), "state".into(), Seq(0)).await.unwrap_err();
    assert!(matches!(refused, SaveCheckpointError::OutOfRange { seq: Seq(6), tail: Seq(5), .. }));
    assert_eq!(refused.to_string(), "no checkpoint possible at 6: the journal reaches from 0 to 5");
    assert_eq!(journal.start_point().await.unwrap(), None);
}

pub async fn checkpoint_at_same_record_replaces_state<F: JournalFixture>() {
    let journal = F::create(JournalOptions::default()).await;
    for state in ["one", "two"] {
        journal.checkpoint(Seq::ZERO, state.into(), Seq::ZERO).await.unwrap();
    }
    let expected = Checkpoint { seq: Seq::ZERO, state: "two".into() };
    assert_eq!(journal.start_point().await.unwrap(), Some(expected));
}
