//! Followers whose sockets the reactor writes: real sockets, and what their peers read.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use fanout::{DISCARDED_BYTES, FRAME_OVERHEAD_BYTES, Reason, Sending, Start, Timing};

use crate::board::Board;
use crate::hall::{BOTH, Hall, NEVER, PATIENCE, Peer};

#[test]
fn all_are_given_all_of_their_board_once_and_in_order() {
    BOTH.into_iter().for_each(all_are_given_all);
}

fn all_are_given_all(sending: Sending) {
    let hall = Hall::sending(sending);
    let boards = [0; 5].map(|_| Board::new(1 << 20));
    let mut peers: Vec<_> = (0..50)
        .map(|n| (n % boards.len(), hall.follow(&boards[n % boards.len()], Start::After(1))))
        .collect();
    for seq in 2..=300 {
        boards.iter().for_each(|board| board.publish(seq));
    }
    for (board, peer) in &mut peers {
        peer.read_up_to(300);
        assert_eq!(peer.words[0], "hello");
        assert_eq!(peer.screen.rows, boards[*board].history()[1..]);
        assert_eq!(peer.screen.snapshots, []);
        assert_eq!(boards[*board].channel.followers(), 10);
    }
    drop(peers);
    hall.has(0);
    assert_eq!(boards.map(|board| board.channel.followers()), [0; 5]);
}

#[test]
fn the_opening_and_the_first_events_come_in_one_piece() {
    let hall = Hall::new();
    let board = Board::new(1 << 20);
    for _ in 0..20 {
        let mut peer = hall.follow(&board, Start::Fresh);
        assert!(peer.read(4096));
        assert_eq!((&*peer.words, &*peer.screen.rows), (&["hello".to_owned()][..], &[1][..]));
    }
}

#[test]
fn before_its_turn_one_has_its_opening_and_no_events() {
    let hall = Hall::new();
    let board = Board::new(1 << 20);
    let wait = Duration::from_millis(300);
    let start = Instant::now();
    let socket = TcpStream::connect(hall.address()).unwrap();
    let mut peer = hall.let_in(socket, &board, Start::Fresh, wait);
    peer.read_until(|peer| !peer.words.is_empty());
    board.publish(2);
    assert_eq!(peer.screen.snapshots, []);
    peer.read_up_to(2);
    assert!(start.elapsed() >= wait, "{:?}", start.elapsed());
    assert_eq!(peer.screen.snapshots, [Reason::Start]);
}

#[test]
fn what_is_half_written_is_finished_and_who_falls_behind_gets_a_snapshot() {
    for sending in BOTH {
        // A frame that goes into one call, and one that does not.
        [12_000, 30_000].into_iter().for_each(|width| what_is_half_written(sending, width));
    }
}

/// Frames that no socket takes whole, a window of few of them, and peers that read as they like.
fn what_is_half_written(sending: Sending, width: usize) {
    const EVENTS: u64 = 400;
    let hall = Hall::sending(sending);
    let board = Board::of_width(width, 5 * (width + FRAME_OVERHEAD_BYTES));
    let peers: Vec<_> = (0..6).map(|_| hall.follow_with_little_room(&board)).collect();
    let slow = std::thread::scope(|scope| {
        let reading = peers.into_iter().enumerate().map(|(n, mut peer)| {
            let board = &board;
            scope.spawn(move || {
                let pause = Duration::from_micros(300 * n as u64);
                while peer.screen.rows.last() != Some(&EVENTS) {
                    assert!(peer.read(1 + 3_000 * n), "it is not cut");
                    std::thread::sleep(pause);
                }
                assert_eq!(peer.screen.rows, board.history());
                peer.screen.snapshots.iter().filter(|reason| **reason == Reason::Slow).count()
            })
        });
        let reading: Vec<_> = reading.collect();
        for seq in 2..=EVENTS {
            board.publish(seq);
            std::thread::sleep(Duration::from_millis(1));
        }
        reading.into_iter().map(|reading| reading.join().unwrap()).sum::<usize>()
    });
    assert!(slow > 0, "the window has passed some");
    assert_eq!(hall.told.stalled.load(SeqCst), 0);
}

#[test]
fn one_that_takes_nothing_is_cut_and_counted_and_holds_up_nobody() {
    let hall = Hall::with(
        Timing {
            heartbeat_every: Duration::from_secs(6),
            stall_timeout: Duration::from_millis(400),
        },
        Duration::ZERO,
    );
    let board = Board::of_width(30_000, 1 << 20);
    let mut stuck = hall.follow_with_little_room(&board);
    let mut there = hall.follow(&board, Start::Fresh);
    for seq in 2..=400 {
        board.publish(seq);
        there.read_up_to(seq);
    }
    hall.has(1);
    assert_eq!((hall.told.stalled.load(SeqCst), board.channel.followers()), (1, 1));
    let mut rest = Vec::new();
    assert!(stuck.socket.read_to_end(&mut rest).is_err(), "the system holds nothing for it");
    board.publish(401);
    there.read_up_to(401);
}

#[test]
fn who_closes_or_resets_is_freed_at_once() {
    let hall = Hall::new();
    let board = Board::new(1 << 20);
    let mut peers: Vec<_> = (0..20).map(|_| hall.follow(&board, Start::Fresh)).collect();
    for peer in &mut peers {
        peer.read_up_to(1);
    }
    for peer in peers.drain(..10) {
        socket2::SockRef::from(&peer.socket).set_linger(Some(Duration::ZERO)).unwrap();
    }
    hall.has(10);
    drop(peers);
    hall.has(0);
    assert_eq!(board.channel.followers(), 0);
}

#[test]
fn what_a_follower_says_is_thrown_away_up_to_a_bound() {
    let hall = Hall::new();
    let board = Board::new(1 << 20);
    let mut peer = hall.follow(&board, Start::Fresh);
    peer.read_up_to(1);
    let bound = DISCARDED_BYTES as usize;
    peer.socket.write_all(&vec![b'x'; bound]).unwrap();
    for seq in 2..=20 {
        board.publish(seq);
        peer.read_up_to(seq);
    }
    assert_eq!(hall.taken(), 1);
    // It may be cut before it has said all of it.
    let _ = peer.socket.write_all(&vec![b'x'; bound]);
    hall.has(0);
}

#[test]
fn a_closed_board_ends_its_streams_and_no_others() {
    let hall = Hall::new();
    let [board, other] = [0; 2].map(|_| Board::new(1 << 20));
    let mut peers: Vec<_> = (0..10).map(|_| hall.follow(&board, Start::Fresh)).collect();
    let mut there = hall.follow(&other, Start::Fresh);
    for seq in 2..=30 {
        board.publish(seq);
    }
    board.close();
    for peer in &mut peers {
        peer.read_to_end();
        assert!(peer.screen.closed);
        assert_eq!(peer.words, ["hello", "end"]);
    }
    hall.has(1);
    other.publish(2);
    there.read_up_to(2);
    let mut late = hall.follow(&board, Start::After(30));
    late.read_to_end();
    assert!(late.screen.closed && late.words == ["hello", "end"]);
}

#[test]
fn when_all_ends_each_is_given_what_it_is_due_before() {
    let hall = Hall::new();
    let board = Board::of_width(30_000, 4 << 20);
    let mut slow: Vec<_> = (0..2).map(|_| hall.follow_with_little_room(&board)).collect();
    let mut peers: Vec<_> = (0..20).map(|_| hall.follow(&board, Start::Fresh)).collect();
    for peer in peers.iter_mut().chain(&mut slow) {
        peer.read_up_to(1);
    }
    for seq in 2..=100 {
        board.publish(seq);
        peers.iter_mut().for_each(|peer| peer.read_up_to(seq));
    }
    hall.reactor.end_all();
    let rows_at_its_end = |peer: &mut Peer| {
        peer.read_to_end();
        assert_eq!(peer.words, ["hello", "goodbye"]);
        peer.screen.rows.len()
    };
    assert!(peers.iter_mut().all(|peer| rows_at_its_end(peer) == 100));
    // Those have much to read yet.
    hall.has(slow.len());
    assert!(slow.iter_mut().all(|peer| rows_at_its_end(peer) == 100));
    // All threads know of it by now.
    let mut late: Vec<_> = (0..2).map(|_| hall.follow(&board, Start::After(90))).collect();
    assert!(late.iter_mut().all(|peer| rows_at_its_end(peer) == 10));
    hall.has(0);
}

#[test]
fn ends_wait_for_their_time() {
    let time_to_end = Duration::from_millis(400);
    let hall = Hall::with(NEVER, time_to_end);
    let board = Board::new(1 << 20);
    let mut peer = hall.follow(&board, Start::Fresh);
    peer.read_up_to(1);
    let start = Instant::now();
    hall.reactor.end_all();
    board.publish(2);
    peer.read_up_to(2);
    assert_eq!(peer.words, ["hello"]);
    peer.read_to_end();
    assert!(start.elapsed() >= time_to_end);
}

#[test]
fn heartbeats_come_to_all_and_are_spread() {
    let heartbeat_every = Duration::from_secs(6);
    let hall = Hall::with(Timing { heartbeat_every, ..NEVER }, Duration::ZERO);
    let board = Board::new(1 << 20);
    // Sixty moments for each of two threads.
    let mut peers: Vec<_> = (0..120).map(|_| hall.follow(&board, Start::Fresh)).collect();
    board.publish(2);
    for peer in &mut peers {
        peer.read_up_to(2);
        peer.socket.set_nonblocking(true).unwrap();
    }
    let (start, mut beats) = (Instant::now(), vec![None; peers.len()]);
    while beats.contains(&None) {
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(20));
        for (peer, beat) in peers.iter_mut().zip(&mut beats) {
            match peer.socket.read(&mut [0; 64]) {
                Ok(count) => {
                    assert_eq!(count, "beat 2\n".len());
                    beat.get_or_insert(start.elapsed());
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
    }
    beats.sort();
    let [first, last] = [beats[0].unwrap(), beats[119].unwrap()];
    assert!(last - first > heartbeat_every / 2, "from {first:?} to {last:?}");
    let moments = hall.told.beats.load(SeqCst);
    assert!(moments >= peers.len(), "they come together: in {moments} moments");
}

#[test]
fn a_thread_that_panics_cuts_those_it_has_and_no_others() {
    let hall = Hall::new();
    let [board, poison] = [0; 2].map(|_| Board::new(1 << 20));
    let mut peers: Vec<_> = (0..10).map(|_| hall.follow(&board, Start::Fresh)).collect();
    let first = hall.follow(&poison, Start::Fresh);
    peers.iter_mut().for_each(|peer| peer.read_up_to(1));
    hall.panic_with(first, &poison);
    // They were dealt in turn.
    for (n, peer) in peers.iter_mut().enumerate() {
        if n % 2 == 0 {
            peer.is_cut();
        }
    }
    hall.has(5);
    peers.extend((0..5).map(|_| hall.follow(&board, Start::Fresh)));
    board.publish(2);
    let there = |n: &usize| *n >= 10 || n % 2 == 1;
    for (_, peer) in peers.iter_mut().enumerate().filter(|(n, _)| there(n)) {
        peer.read_up_to(2);
    }
    assert_eq!((hall.taken(), board.channel.followers()), (10, 10));
}

#[test]
fn another_thread_takes_the_place_of_one_that_panicked() {
    let hall = Hall::of_threads(1, NEVER, Duration::ZERO);
    for _ in 0..2 {
        let [board, poison] = [0; 2].map(|_| Board::new(1 << 20));
        let mut there = hall.follow(&board, Start::Fresh);
        hall.panic_with(hall.follow(&poison, Start::Fresh), &poison);
        there.is_cut();
        hall.until(|hall| hall.reactor.has_room(), "another thread is there");
        let mut back = hall.follow(&board, Start::After(1));
        board.publish(2);
        back.read_up_to(2);
        assert_eq!((hall.taken(), board.channel.followers()), (1, 1));
        drop(back);
        hall.has(0);
    }
}

#[test]
fn who_wants_no_io_uring_is_told_nothing_of_it() {
    let hall = Hall::sending(Sending::OneByOne);
    assert_eq!(hall.told.one_by_one.load(SeqCst), 0);
    // Once for each thread where there is none.
    let hall = Hall::sending(Sending::Together);
    assert!([0, 2].contains(&hall.told.one_by_one.load(SeqCst)));
}

#[test]
fn without_a_reactor_nobody_is_there() {
    let hall = Hall::new();
    let board = Board::new(1 << 20);
    let mut peer = hall.follow(&board, Start::Fresh);
    peer.read_up_to(1);
    let Hall { reactor, seats, .. } = hall;
    drop(reactor);
    assert_eq!((Arc::strong_count(&seats), board.channel.followers()), (1, 0));
    peer.read_to_end();
}
