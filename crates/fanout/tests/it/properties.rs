//! Whatever the interleaving of publishing, pulling, falling behind and coming back.

use std::sync::Barrier;

use fanout::{FRAME_OVERHEAD_BYTES, Follower, Start};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::board::{Board, Meanwhile, Screen};

#[derive(Debug, Clone)]
enum Step {
    /// Publish, so many positions further.
    Publish(u64),
    /// Pull once.
    Pull,
    /// Lose the stream and come back with the last position.
    Reconnect,
    /// Come with another position, before the newest or a little after it, that of an event or not.
    Come(Index),
    /// Let something happen within the next snapshot.
    Meanwhile(Meanwhile),
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    let meanwhile = (0..4_usize, 0..4_usize, prop::bool::weighted(0.1))
        .prop_map(|(before, after, closes)| Meanwhile { before, after, closes });
    prop_oneof![
        30 => (1_u64..4).prop_map(Step::Publish),
        20 => Just(Step::Pull),
        10 => Just(Step::Reconnect),
        5 => any::<Index>().prop_map(Step::Come),
        10 => meanwhile.prop_map(Step::Meanwhile),
        1 => Just(Step::Close),
    ]
}

fn back(board: &Board, screen: &Screen) -> Follower {
    board.channel.follow(screen.rows.last().map_or(Start::Fresh, |seq| Start::After(*seq)))
}

/// A screen that was there when the event at this position came, which may be the closing; an empty
/// one if there was none.
fn come(board: &Board, position: Index) -> (Screen, Follower) {
    let history = board.history();
    let newest = *history.last().unwrap();
    let seq = position.index(newest as usize + 3) as u64;
    let seen = history.iter().position(|at| *at == seq).map_or(0, |at| at + 1);
    let closed = board.is_closed() && seq == newest + 1;
    let rows = if closed { history } else { history[..seen].to_vec() };
    let screen = Screen { rows, closed, ..Screen::default() };
    (screen, board.channel.follow(Start::After(seq)))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_screen_is_always_a_beginning_of_the_history(
        steps in prop::collection::vec(step(), 0..200),
        window_frames in 0_usize..12,
    ) {
        let board = Board::new(window_frames * (5 + FRAME_OVERHEAD_BYTES));
        let mut screen = Screen::default();
        let mut follower = back(&board, &screen);
        for step in steps {
            match step {
                Step::Publish(further) if !board.is_closed() => {
                    board.publish(board.history().last().unwrap() + further);
                }
                Step::Pull => {
                    if let fanout::Due::Frames(frames) = follower.due() {
                        frames.iter().for_each(|frame| screen.take(frame));
                    }
                }
                Step::Reconnect => {
                    screen.closed = false;
                    follower = back(&board, &screen);
                }
                Step::Come(position) => (screen, follower) = come(&board, position),
                Step::Meanwhile(meanwhile) if !board.is_closed() => board.meanwhile(meanwhile),
                Step::Close => {
                    board.meanwhile(Meanwhile::default());
                    board.close();
                }
                Step::Publish(_) | Step::Meanwhile(_) => {}
            }
            prop_assert!(board.history().starts_with(&screen.rows), "{:?}", screen.rows);
        }
        let ended = screen.drain(&mut follower);
        prop_assert!(board.history().starts_with(&screen.rows), "{:?}", screen.rows);
        prop_assert_eq!((ended, screen.closed), (board.is_closed(), board.is_closed()));
        if !ended {
            prop_assert_eq!(screen.rows, board.history());
        }
    }
}

/// The same with threads: a publisher that never waits, and followers that are there before it begins, and come
/// in between.
#[test]
fn no_event_falls_between_a_snapshot_and_the_frames_after_it() {
    const EVENTS: u64 = 20_000;
    const FOLLOWERS: usize = 4;
    let board = Board::new(50 * FRAME_OVERHEAD_BYTES);
    let all_are_there = Barrier::new(FOLLOWERS + 1);
    std::thread::scope(|scope| {
        for _ in 0..FOLLOWERS {
            scope.spawn(|| {
                let mut screen = Screen::default();
                let look = |screen: &mut Screen, follower: &mut Follower| {
                    if let fanout::Due::Frames(frames) = follower.due() {
                        frames.iter().for_each(|frame| screen.take(frame));
                    }
                    assert!(screen.rows.iter().copied().eq(1..=screen.rows.len() as u64));
                };
                let mut follower = back(&board, &screen);
                look(&mut screen, &mut follower);
                all_are_there.wait();
                while screen.rows.last() != Some(&EVENTS) {
                    (0..20).for_each(|_| look(&mut screen, &mut follower));
                    follower = back(&board, &screen);
                }
            });
        }
        all_are_there.wait();
        (2..=EVENTS).for_each(|seq| board.publish(seq));
    });
}
