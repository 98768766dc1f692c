//! Whatever the interleaving of publishing, pulling, falling behind and coming back.

use fanout::{FRAME_OVERHEAD_BYTES, Follower, Start};
use proptest::prelude::*;

use crate::board::{Board, Screen};

#[derive(Debug, Clone)]
enum Step {
    /// Publish, so many positions further.
    Publish(u64),
    /// Pull once.
    Pull,
    /// Lose the stream and come back with the last position.
    Reconnect,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1_u64..4).prop_map(Step::Publish),
        2 => Just(Step::Pull),
        1 => Just(Step::Reconnect),
    ]
}

fn back(board: &Board, screen: &Screen) -> Follower {
    board.channel.follow(screen.rows.last().map_or(Start::Fresh, |seq| Start::After(*seq)))
}

proptest! {
    #[test]
    fn the_screen_is_always_a_beginning_of_the_history(
        steps in prop::collection::vec(step(), 0..200),
        window_frames in 0_usize..12,
    ) {
        let board = Board::new(window_frames * (2 + FRAME_OVERHEAD_BYTES));
        let mut screen = Screen::default();
        let mut follower = back(&board, &screen);
        let mut seq = 1;
        for step in steps {
            match step {
                Step::Publish(further) => {
                    seq += further;
                    board.publish(seq);
                }
                Step::Pull => {
                    if let fanout::Due::Frames(frames) = follower.due() {
                        frames.iter().for_each(|frame| screen.take(frame));
                    }
                }
                Step::Reconnect => follower = back(&board, &screen),
            }
            prop_assert!(board.history().starts_with(&screen.rows), "{:?}", screen.rows);
        }
        screen.drain(&mut follower);
        prop_assert_eq!(screen.rows, board.history());
    }
}

/// The same with threads: a publisher that never waits, and followers that come in between.
#[test]
fn no_event_falls_between_a_snapshot_and_the_frames_after_it() {
    const EVENTS: u64 = 20_000;
    let board = Board::new(50 * FRAME_OVERHEAD_BYTES);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut screen = Screen::default();
                while screen.rows.last() != Some(&EVENTS) {
                    let mut follower = back(&board, &screen);
                    for _ in 0..20 {
                        if let fanout::Due::Frames(frames) = follower.due() {
                            frames.iter().for_each(|frame| screen.take(frame));
                        }
                        assert!(screen.rows.iter().copied().eq(1..=screen.rows.len() as u64));
                    }
                }
            });
        }
        (2..=EVENTS).for_each(|seq| board.publish(seq));
    });
}
