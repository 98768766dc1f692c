//! The openings, the endings, and falling behind.

use std::time::Duration;

use fanout::{Due, FRAME_OVERHEAD_BYTES, Reason, Start};

use crate::board::{Board, Screen, frame};

/// Holds three frames of one digit in their wrapping.
const THREE_FRAMES: usize = 3 * (4 + FRAME_OVERHEAD_BYTES);

/// Longer than anything takes, on a clock that stands still while there is something to do.
const LONG: Duration = Duration::from_secs(3600);

fn follow(board: &Board, start: Start) -> Screen {
    let mut screen = Screen::default();
    screen.drain(&mut board.channel.follow(start));
    screen
}

#[test]
fn the_three_openings() {
    let board = Board::new(THREE_FRAMES);
    for seq in [2, 4, 5, 7] {
        board.publish(seq);
    }
    let all = vec![1, 2, 4, 5, 7];
    let cases = [
        (Start::Fresh, all.clone(), vec![Reason::Start]),
        (Start::After(2), vec![4, 5, 7], vec![]),
        (Start::After(7), vec![], vec![]),
        (Start::After(1), all.clone(), vec![Reason::Expired]),
        (Start::After(6), all.clone(), vec![Reason::Unknown]),
        (Start::After(8), all.clone(), vec![Reason::Unknown]),
        (Start::Lost, all, vec![Reason::Unknown]),
    ];
    for (start, rows, snapshots) in cases {
        assert_eq!(follow(&board, start), Screen { rows, snapshots, closed: false }, "{start:?}");
    }
}

#[test]
fn one_that_the_window_has_passed_gets_a_snapshot_and_goes_on() {
    let board = Board::new(THREE_FRAMES);
    let (mut screen, mut follower) = (Screen::default(), board.channel.follow(Start::Fresh));
    screen.drain(&mut follower);
    for seq in 2..=9 {
        board.publish(seq);
    }
    screen.drain(&mut follower);
    assert_eq!(screen.rows, board.history());
    assert_eq!(screen.snapshots, [Reason::Start, Reason::Slow]);
}

#[test]
fn a_closed_channel_says_so_last() {
    let board = Board::new(THREE_FRAMES);
    let mut near = board.channel.follow(Start::After(1));
    let mut far = board.channel.follow(Start::After(1));
    board.publish(2);
    assert!(matches!(near.due(), Due::Frames(_)));
    for seq in 3..=9 {
        board.publish(seq);
    }
    near.due();
    board.channel.close(10, frame("10"));
    let only_the_last = Due::Frames(vec![frame("10")]);
    for follower in [&mut near, &mut far, &mut board.channel.follow(Start::Fresh)] {
        assert_eq!(
            (follower.due(), follower.due(), follower.due()),
            (only_the_last.clone(), Due::End, Due::End)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_woken_and_nobody_is_woken_for_nothing() {
    let board = Board::new(THREE_FRAMES);
    let mut follower = board.channel.follow(Start::After(1));
    board.publish(2);
    assert!(matches!(follower.due(), Due::Frames(_)));
    assert_eq!(follower.due(), Due::Nothing);
    let idle = tokio::time::timeout(LONG, follower.wait());
    assert!(idle.await.is_err());
    board.publish(3);
    let woken = tokio::time::timeout(LONG, follower.wait());
    woken.await.expect("what came before it waited wakes it too");
    assert!(matches!(follower.due(), Due::Frames(_)));
}

#[test]
fn followers_are_counted_until_they_go() {
    let board = Board::new(THREE_FRAMES);
    let followers = [board.channel.follow(Start::Fresh), board.channel.follow(Start::Lost)];
    assert_eq!(board.channel.followers(), 2);
    drop(followers);
    assert_eq!(board.channel.followers(), 0);
}
