//! Starting, resuming, falling behind, and the end of a stream.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use fanout::{
    Channel, FRAME_OVERHEAD_BYTES, PullResult, ResumePoint, Snapshot, SnapshotReason, WindowBudget,
};

use crate::board::{SeqView, TestBoard, frame};

/// Room for three frames of one digit with their framing.
const THREE_FRAMES: usize = 3 * (4 + FRAME_OVERHEAD_BYTES);

/// On a paused clock, which advances only when all tasks wait: longer than any wait that ends.
const TIMEOUT: Duration = Duration::from_secs(3600);

fn follow(board: &TestBoard, start: ResumePoint) -> SeqView {
    let mut view = SeqView::default();
    view.drain(&mut board.channel.follow(start));
    view
}

#[test]
fn resume_point_selects_frames_or_snapshot() {
    let board = TestBoard::new(THREE_FRAMES);
    for seq in [2, 4, 5, 7] {
        board.publish(seq);
    }
    let all = vec![1, 2, 4, 5, 7];
    let cases = [
        (ResumePoint::Fresh, all.clone(), vec![SnapshotReason::Start]),
        (ResumePoint::After(2), vec![4, 5, 7], vec![]),
        (ResumePoint::After(7), vec![], vec![]),
        (ResumePoint::After(1), all.clone(), vec![SnapshotReason::Expired]),
        (ResumePoint::After(6), all.clone(), vec![SnapshotReason::Unknown]),
        (ResumePoint::After(8), all.clone(), vec![SnapshotReason::Unknown]),
        (ResumePoint::Unknown, all, vec![SnapshotReason::Unknown]),
    ];
    for (start, rows, snapshots) in cases {
        assert_eq!(follow(&board, start), SeqView { rows, snapshots, closed: false }, "{start:?}");
    }
}

#[test]
fn slow_follower_gets_a_snapshot() {
    let board = TestBoard::new(THREE_FRAMES);
    let mut view = SeqView::default();
    let mut follower = board.channel.follow(ResumePoint::Fresh);
    view.drain(&mut follower);
    for seq in 2..=9 {
        board.publish(seq);
    }
    view.drain(&mut follower);
    assert_eq!(view.rows, board.history());
    assert_eq!(view.snapshots, [SnapshotReason::Start, SnapshotReason::Slow]);
}

#[test]
fn closing_frame_is_the_last() {
    let board = TestBoard::new(THREE_FRAMES);
    let mut current = board.channel.follow(ResumePoint::After(1));
    let mut behind = board.channel.follow(ResumePoint::After(1));
    board.publish(2);
    assert!(matches!(current.pull(), PullResult::Frames(_)));
    for seq in 3..=9 {
        board.publish(seq);
    }
    current.pull();
    board.channel.close(10, frame("10"));
    let closing = PullResult::Frames(vec![frame("10")]);
    for follower in [&mut current, &mut behind, &mut board.channel.follow(ResumePoint::Fresh)] {
        assert_eq!(follower.pull(), closing);
        assert_eq!(follower.pull(), PullResult::Closed);
        assert_eq!(follower.pull(), PullResult::Closed);
    }
}

#[test]
fn revoked_channel_gives_no_more_frames() {
    let board = TestBoard::new(THREE_FRAMES);
    let mut behind = board.channel.follow(ResumePoint::After(1));
    board.publish(2);
    board.channel.revoke();
    for follower in [&mut behind, &mut board.channel.follow(ResumePoint::Fresh)] {
        assert_eq!(follower.pull(), PullResult::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn revocation_is_waited_for() {
    let board = TestBoard::new(THREE_FRAMES);
    let revoked = || tokio::time::timeout(TIMEOUT, board.channel.revoked());
    let (idle, ()) = tokio::join!(revoked(), async { board.publish(2) });
    assert!(idle.is_err(), "an event is no revocation");
    let (woken, ()) = tokio::join!(revoked(), async { board.channel.revoke() });
    assert!(woken.is_ok());
    assert!(revoked().await.is_ok(), "later calls return at once");
}

#[test]
fn snapshot_of_revoked_channel_is_dropped() {
    let channel = Arc::new(OnceLock::<Arc<Channel>>::new());
    let revoked = Arc::clone(&channel);
    let board = Channel::new(1, &WindowBudget::new(THREE_FRAMES, THREE_FRAMES), move |_| {
        revoked.get().unwrap().revoke();
        Snapshot { seq: 2, frames: frame("rows after the revocation").into() }
    });
    channel.set(Arc::clone(&board)).unwrap();
    assert_eq!(board.follow(ResumePoint::Fresh).pull(), PullResult::Closed);
}

#[tokio::test(start_paused = true)]
async fn wait_ends_only_after_a_publish() {
    let board = TestBoard::new(THREE_FRAMES);
    let mut follower = board.channel.follow(ResumePoint::After(1));
    board.publish(2);
    assert!(matches!(follower.pull(), PullResult::Frames(_)));
    assert_eq!(follower.pull(), PullResult::Empty);
    let idle = tokio::time::timeout(TIMEOUT, follower.wait());
    assert!(idle.await.is_err());
    board.publish(3);
    let woken = tokio::time::timeout(TIMEOUT, follower.wait());
    woken.await.expect("an event published before the wait ends it");
    assert!(matches!(follower.pull(), PullResult::Frames(_)));
}

#[test]
fn followers_are_counted() {
    let board = TestBoard::new(THREE_FRAMES);
    let followers =
        [ResumePoint::Fresh, ResumePoint::Unknown].map(|start| board.channel.follow(start));
    assert_eq!(board.channel.followers(), 2);
    drop(followers);
    assert_eq!(board.channel.followers(), 0);
}
