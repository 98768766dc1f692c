//! Any interleaving of publishing, pulling, falling behind and reconnecting.

use std::sync::Barrier;

use fanout::{FRAME_OVERHEAD_BYTES, Follower, ResumePoint};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::board::{SeqView, SnapshotInterference, TestBoard};

#[derive(Debug, Clone)]
enum FollowingStep {
    /// Publish an event with a sequence number this much greater than the newest.
    Publish(u64),
    /// Pull once.
    Pull,
    /// Reconnect after the last row in the view.
    Reconnect,
    /// Start a new view after another sequence number, up to a little beyond the newest, whether or
    /// not an event has it.
    StartAt(Index),
    /// Publish events while the next snapshot is made.
    Interfere(SnapshotInterference),
    Close,
}

fn step() -> impl Strategy<Value = FollowingStep> {
    let interference = (0..4_usize, 0..4_usize, prop::bool::weighted(0.1))
        .prop_map(|(before, after, closes)| SnapshotInterference { before, after, closes });
    prop_oneof![
        30 => (1_u64..4).prop_map(FollowingStep::Publish),
        20 => Just(FollowingStep::Pull),
        10 => Just(FollowingStep::Reconnect),
        5 => any::<Index>().prop_map(FollowingStep::StartAt),
        10 => interference.prop_map(FollowingStep::Interfere),
        1 => Just(FollowingStep::Close),
    ]
}

fn reconnect(board: &TestBoard, view: &SeqView) -> Follower {
    let start = view.rows.last().map_or(ResumePoint::Fresh, |seq| ResumePoint::After(*seq));
    board.channel.follow(start)
}

/// Resumes after a sequence number, with the rows that a follower had after that event. If it is not
/// the number of an event, or of the closing frame, the view is empty.
fn start_at(board: &TestBoard, seq: Index) -> (SeqView, Follower) {
    let history = board.history();
    let newest = *history.last().unwrap();
    let seq = seq.index(newest as usize + 3) as u64;
    let row_count = history.iter().position(|other| *other == seq).map_or(0, |index| index + 1);
    let closed = board.is_closed() && seq == newest + 1;
    let rows = if closed { history } else { history[..row_count].to_vec() };
    let view = SeqView { rows, closed, ..SeqView::default() };
    (view, board.channel.follow(ResumePoint::After(seq)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn view_is_a_prefix_of_history(
        steps in prop::collection::vec(step(), 0..200),
        window_frames in 0_usize..12,
    ) {
        let board = TestBoard::new(window_frames * (5 + FRAME_OVERHEAD_BYTES));
        let mut view = SeqView::default();
        let mut follower = reconnect(&board, &view);
        for step in steps {
            match step {
                FollowingStep::Publish(increment) if !board.is_closed() => {
                    board.publish(board.history().last().unwrap() + increment);
                }
                FollowingStep::Pull => view.pull(&mut follower),
                FollowingStep::Reconnect => {
                    view.closed = false;
                    follower = reconnect(&board, &view);
                }
                FollowingStep::StartAt(seq) => (view, follower) = start_at(&board, seq),
                FollowingStep::Interfere(interference) if !board.is_closed() => {
                    board.interfere(interference);
                }
                FollowingStep::Close => {
                    board.interfere(SnapshotInterference::default());
                    board.close();
                }
                FollowingStep::Publish(_) | FollowingStep::Interfere(_) => {}
            }
            prop_assert!(board.history().starts_with(&view.rows), "{:?}", view.rows);
        }
        let ended = view.drain(&mut follower);
        prop_assert!(board.history().starts_with(&view.rows), "{:?}", view.rows);
        prop_assert_eq!((ended, view.closed), (board.is_closed(), board.is_closed()));
        if !ended {
            prop_assert_eq!(view.rows, board.history());
        }
    }
}

/// With real threads: a publisher that never waits, and followers that reconnect while it publishes. In
/// the small window most of them fall behind. The large one never evicts a frame, so that each snapshot
/// is followed by frames however the threads are scheduled.
#[test]
fn snapshots_and_frames_leave_no_gap() {
    const EVENTS: u64 = 20_000;
    for window_frames in [50, 2 * EVENTS as usize] {
        check_for_gaps(EVENTS, window_frames * FRAME_OVERHEAD_BYTES);
    }
}

fn check_for_gaps(events: u64, window_bytes: usize) {
    const FOLLOWERS: usize = 4;
    let board = TestBoard::new(window_bytes);
    let all_started = Barrier::new(FOLLOWERS + 1);
    let pull = |view: &mut SeqView, follower: &mut Follower| {
        view.pull(follower);
        assert!(view.rows.iter().copied().eq(1..=view.rows.len() as u64));
    };
    std::thread::scope(|scope| {
        for _ in 0..FOLLOWERS {
            scope.spawn(|| {
                let mut view = SeqView::default();
                let mut follower = reconnect(&board, &view);
                pull(&mut view, &mut follower);
                all_started.wait();
                while view.rows.last() != Some(&events) {
                    for _ in 0..20 {
                        pull(&mut view, &mut follower);
                    }
                    follower = reconnect(&board, &view);
                }
            });
        }
        all_started.wait();
        (2..=events).for_each(|seq| board.publish(seq));
    });
}
