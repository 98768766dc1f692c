//! Followers served by the reactor: real sockets and the bytes that their peers read.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use fanout::{
    FRAME_OVERHEAD_BYTES, MAX_INPUT_BYTES, ReactorConfig, ResumePoint, SnapshotReason, WriteMode,
};

use crate::board::TestBoard;
use crate::harness::{NO_TIMERS, ReactorHarness, ReactorPeer, TIMEOUT, WRITE_MODES};

#[test]
fn followers_get_all_frames_in_order() {
    for write_mode in WRITE_MODES {
        let harness = ReactorHarness::start(ReactorConfig { write_mode, ..NO_TIMERS });
        let boards = [0; 5].map(|_| TestBoard::new(1 << 20));
        let mut peers: Vec<_> = (0..50)
            .map(|n| n % boards.len())
            .map(|board| (board, harness.follow(&boards[board], ResumePoint::After(1))))
            .collect();
        for seq in 2..=300 {
            boards.iter().for_each(|board| board.publish(seq));
        }
        for (board, peer) in &mut peers {
            peer.read_up_to(300);
            assert_eq!(peer.messages[0], "hello");
            assert_eq!(peer.view.rows, boards[*board].history()[1..]);
            assert_eq!(peer.view.snapshots, []);
            assert_eq!(boards[*board].channel.followers(), 10);
        }
        drop(peers);
        harness.wait_for_connections(0);
        assert_eq!(boards.map(|board| board.channel.followers()), [0; 5]);
    }
}

#[test]
fn preamble_and_frames_share_a_segment() {
    let harness = ReactorHarness::new();
    let board = TestBoard::new(1 << 20);
    for _ in 0..20 {
        let mut peer = harness.follow(&board, ResumePoint::Fresh);
        assert!(peer.read(4096));
        assert_eq!(peer.messages, ["hello"]);
        assert_eq!(peer.view.rows, [1]);
    }
}

#[test]
fn delayed_follower_gets_only_the_preamble() {
    let harness = ReactorHarness::new();
    let board = TestBoard::new(1 << 20);
    let delay = Duration::from_millis(300);
    let start = Instant::now();
    let socket = TcpStream::connect(harness.address()).unwrap();
    let mut peer = harness.add(socket, &board, ResumePoint::Fresh, delay);
    peer.read_until(|peer| !peer.messages.is_empty());
    board.publish(2);
    assert_eq!(peer.view.snapshots, []);
    peer.read_up_to(2);
    assert!(start.elapsed() >= delay, "{:?}", start.elapsed());
    assert_eq!(peer.view.snapshots, [SnapshotReason::Start]);
}

/// Also while events are published, where a worker has not seen the newest ones yet.
#[test]
fn replay_ends_with_a_heartbeat() {
    const EVENTS: u64 = 300;
    for write_mode in WRITE_MODES {
        let harness = ReactorHarness::start(ReactorConfig { write_mode, ..NO_TIMERS });
        let board = TestBoard::new(1 << 20);
        let mut fresh = harness.follow(&board, ResumePoint::Fresh);
        let mut peers = Vec::new();
        for seq in 2..=EVENTS {
            board.publish(seq);
            peers.push((seq, harness.follow(&board, ResumePoint::After(seq - seq % 2))));
        }
        for (seq, peer) in &mut peers {
            peer.read_until(|peer| !peer.heartbeats.is_empty());
            assert!(peer.heartbeats[0] >= *seq, "{:?} lacks event {seq}", peer.heartbeats);
            if *seq < EVENTS {
                peer.read_up_to(EVENTS);
            }
            assert_eq!(peer.heartbeats.len(), 1);
        }
        fresh.read_up_to(EVENTS);
        assert_eq!(fresh.heartbeats, []);
    }
}

#[test]
fn delayed_heartbeat_follows_the_replay() {
    let harness = ReactorHarness::new();
    let board = TestBoard::new(1 << 20);
    let socket = TcpStream::connect(harness.address()).unwrap();
    let delay = Duration::from_millis(300);
    let mut peer = harness.add(socket, &board, ResumePoint::After(1), delay);
    peer.read_until(|peer| !peer.messages.is_empty());
    board.publish(2);
    peer.read_until(|peer| !peer.heartbeats.is_empty());
    assert_eq!((peer.view.rows, peer.heartbeats), (vec![2], vec![2]));
}

#[test]
fn partly_written_frames_are_completed() {
    for write_mode in WRITE_MODES {
        // Below and above `MAX_WRITE_BYTES`.
        for payload in [12_000, 30_000] {
            check_partly_written_frames(write_mode, payload);
        }
    }
}

/// Frames larger than the sockets' buffers, a window of five frames, and peers that read at different
/// paces: all views end up complete, and some followers fall out of the window.
fn check_partly_written_frames(write_mode: WriteMode, payload: usize) {
    const EVENTS: u64 = 400;
    let harness = ReactorHarness::start(ReactorConfig { write_mode, ..NO_TIMERS });
    let board = TestBoard::with_payload(payload, 5 * (payload + FRAME_OVERHEAD_BYTES));
    let peers: Vec<_> = (0..6).map(|_| harness.follow_with_small_buffer(&board)).collect();
    let slow_snapshots = std::thread::scope(|scope| {
        let readers = peers.into_iter().enumerate().map(|(n, mut peer)| {
            let board = &board;
            scope.spawn(move || {
                let pause = Duration::from_micros(300 * n as u64);
                while peer.view.rows.last() != Some(&EVENTS) {
                    assert!(peer.read(1 + 3_000 * n), "the stream ended early");
                    std::thread::sleep(pause);
                }
                assert_eq!(peer.view.rows, board.history());
                let reasons = peer.view.snapshots.iter();
                reasons.filter(|reason| **reason == SnapshotReason::Slow).count()
            })
        });
        let readers: Vec<_> = readers.collect();
        for seq in 2..=EVENTS {
            board.publish(seq);
            std::thread::sleep(Duration::from_millis(1));
        }
        readers.into_iter().map(|reader| reader.join().unwrap()).sum::<usize>()
    });
    assert!(slow_snapshots > 0, "no follower fell out of the window");
    assert_eq!(harness.observed.stalled.load(SeqCst), 0);
}

#[test]
fn stalled_follower_is_cut() {
    let harness = ReactorHarness::start(ReactorConfig {
        heartbeat_interval: Duration::from_secs(6),
        stall_timeout: Duration::from_millis(400),
        ..NO_TIMERS
    });
    let board = TestBoard::with_payload(30_000, 1 << 20);
    let mut stalled = harness.follow_with_small_buffer(&board);
    let mut reading = harness.follow(&board, ResumePoint::Fresh);
    for seq in 2..=400 {
        board.publish(seq);
        reading.read_up_to(seq);
    }
    harness.wait_for_connections(1);
    assert_eq!(harness.observed.stalled.load(SeqCst), 1);
    assert_eq!(board.channel.followers(), 1);
    let mut rest = Vec::new();
    assert!(stalled.socket.read_to_end(&mut rest).is_err(), "the kernel still sends its bytes");
    board.publish(401);
    reading.read_up_to(401);
}

#[test]
fn closed_and_reset_connections_are_freed() {
    let harness = ReactorHarness::new();
    let board = TestBoard::new(1 << 20);
    let mut peers: Vec<_> = (0..20).map(|_| harness.follow(&board, ResumePoint::Fresh)).collect();
    for peer in &mut peers {
        peer.read_up_to(1);
    }
    for peer in peers.drain(..10) {
        socket2::SockRef::from(&peer.socket).set_linger(Some(Duration::ZERO)).unwrap();
    }
    harness.wait_for_connections(10);
    drop(peers);
    harness.wait_for_connections(0);
    assert_eq!(board.channel.followers(), 0);
}

#[test]
fn input_is_discarded_up_to_limit() {
    let harness = ReactorHarness::new();
    let board = TestBoard::new(1 << 20);
    let mut peer = harness.follow(&board, ResumePoint::Fresh);
    peer.read_up_to(1);
    let limit = MAX_INPUT_BYTES as usize;
    peer.socket.write_all(&vec![b'x'; limit]).unwrap();
    for seq in 2..=20 {
        board.publish(seq);
        peer.read_up_to(seq);
    }
    assert_eq!(harness.connections(), 1);
    // The connection may be reset before all of this is written.
    let _ = peer.socket.write_all(&vec![b'x'; limit]);
    harness.wait_for_connections(0);
}

#[test]
fn closed_board_ends_its_own_streams() {
    let harness = ReactorHarness::new();
    let [board, other] = [0; 2].map(|_| TestBoard::new(1 << 20));
    let mut peers: Vec<_> = (0..10).map(|_| harness.follow(&board, ResumePoint::Fresh)).collect();
    let mut open = harness.follow(&other, ResumePoint::Fresh);
    for seq in 2..=30 {
        board.publish(seq);
    }
    board.close();
    for peer in &mut peers {
        peer.read_to_end();
        assert!(peer.view.closed);
        assert_eq!(peer.messages, ["hello", "end"]);
    }
    harness.wait_for_connections(1);
    other.publish(2);
    open.read_up_to(2);
    let mut late = harness.follow(&board, ResumePoint::After(30));
    late.read_to_end();
    assert!(late.view.closed);
    assert_eq!(late.messages, ["hello", "end"]);
}

#[test]
fn revoked_channel_ends_its_streams() {
    for write_mode in WRITE_MODES {
        let harness = ReactorHarness::start(ReactorConfig { write_mode, ..NO_TIMERS });
        let board = TestBoard::new(1 << 20);
        let other = TestBoard::new(1 << 20);
        let mut peers = [0; 3].map(|_| harness.follow(&board, ResumePoint::Fresh));
        let mut stays = harness.follow(&other, ResumePoint::Fresh);
        for peer in &mut peers {
            peer.read_up_to(1);
        }
        board.channel.revoke();
        board.publish(2);
        for peer in &mut peers {
            peer.read_to_end();
            assert_eq!((&*peer.view.rows, &*peer.messages[1]), (&[1][..], "end"));
        }
        other.publish(2);
        stays.read_up_to(2);
        harness.wait_for_connections(1);
    }
}

#[test]
fn revoked_permit_ends_its_stream() {
    let harness = ReactorHarness::start(ReactorConfig {
        heartbeat_interval: Duration::from_secs(1),
        ..NO_TIMERS
    });
    let board = TestBoard::new(1 << 20);
    let mut revoked = harness.follow(&board, ResumePoint::Fresh);
    let mut stays = harness.follow(&board, ResumePoint::Fresh);
    revoked.read_up_to(1);
    revoked.is_revoked.store(true, SeqCst);
    revoked.read_to_end();
    assert_eq!(revoked.messages, ["hello", "end"]);
    board.publish(2);
    stays.read_up_to(2);
    harness.wait_for_connections(1);
}

/// Its end would have to wait until it reads.
#[test]
fn unread_revoked_stream_is_cut() {
    let harness = ReactorHarness::start(ReactorConfig {
        heartbeat_interval: Duration::from_secs(1),
        ..NO_TIMERS
    });
    let board = TestBoard::with_payload(60_000, 1 << 24);
    let peer = harness.follow_with_small_buffer(&board);
    (2..=60).for_each(|seq| board.publish(seq));
    peer.is_revoked.store(true, SeqCst);
    harness.wait_for_connections(0);
}

#[test]
fn closing_streams_get_pending_frames_first() {
    let harness = ReactorHarness::new();
    let board = TestBoard::with_payload(30_000, 4 << 20);
    let mut slow: Vec<_> = (0..2).map(|_| harness.follow_with_small_buffer(&board)).collect();
    let mut peers: Vec<_> = (0..20).map(|_| harness.follow(&board, ResumePoint::Fresh)).collect();
    for peer in peers.iter_mut().chain(&mut slow) {
        peer.read_up_to(1);
    }
    for seq in 2..=100 {
        board.publish(seq);
        peers.iter_mut().for_each(|peer| peer.read_up_to(seq));
    }
    harness.reactor.close_all(|| Duration::ZERO);
    let rows_at_end = |peer: &mut ReactorPeer| {
        peer.read_to_end();
        assert_eq!(peer.messages, ["hello", "goodbye"]);
        peer.view.rows.len()
    };
    assert!(peers.iter_mut().all(|peer| rows_at_end(peer) == 100));
    // The slow peers have not read their pending frames yet.
    harness.wait_for_connections(slow.len());
    assert!(slow.iter_mut().all(|peer| rows_at_end(peer) == 100));
    // Both workers are closing by now; streams added later end as well.
    let mut late: Vec<_> = (0..2).map(|_| harness.follow(&board, ResumePoint::After(90))).collect();
    assert!(late.iter_mut().all(|peer| rows_at_end(peer) == 10 && peer.heartbeats == [100]));
    harness.wait_for_connections(0);
}

#[test]
fn streams_stay_open_for_close_delay() {
    let delay = Duration::from_millis(400);
    let harness = ReactorHarness::new();
    let board = TestBoard::new(1 << 20);
    let mut peer = harness.follow(&board, ResumePoint::Fresh);
    peer.read_up_to(1);
    let start = Instant::now();
    harness.reactor.close_all(move || delay);
    board.publish(2);
    peer.read_up_to(2);
    assert_eq!(peer.messages, ["hello"]);
    peer.read_to_end();
    assert!(start.elapsed() >= delay);
}

#[test]
fn heartbeats_are_spread_over_the_interval() {
    let heartbeat_interval = Duration::from_secs(6);
    let harness = ReactorHarness::start(ReactorConfig { heartbeat_interval, ..NO_TIMERS });
    let board = TestBoard::new(1 << 20);
    // One follower for each of the sixty heartbeat slots of each of the two workers.
    let mut peers: Vec<_> = (0..120).map(|_| harness.follow(&board, ResumePoint::Fresh)).collect();
    board.publish(2);
    for peer in &mut peers {
        peer.read_up_to(2);
        peer.socket.set_nonblocking(true).unwrap();
    }
    let start = Instant::now();
    let mut first_heartbeats = vec![None; peers.len()];
    while first_heartbeats.contains(&None) {
        assert!(start.elapsed() < TIMEOUT);
        std::thread::sleep(Duration::from_millis(20));
        for (peer, heartbeat) in peers.iter_mut().zip(&mut first_heartbeats) {
            match peer.socket.read(&mut [0; 64]) {
                Ok(count) => {
                    assert_eq!(count, "heartbeat 2\n".len());
                    heartbeat.get_or_insert(start.elapsed());
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
    }
    first_heartbeats.sort();
    let first = first_heartbeats[0].unwrap();
    let last = first_heartbeats[119].unwrap();
    assert!(last - first > heartbeat_interval / 2, "from {first:?} to {last:?}");
    // Followers that get theirs in one tick share one heartbeat.
    let made = harness.observed.heartbeats.load(SeqCst);
    assert!(made >= peers.len(), "{made} ticks for {} followers", peers.len());
}

#[test]
fn worker_panic_cuts_its_own_followers() {
    let harness = ReactorHarness::new();
    let [board, panicking] = [0; 2].map(|_| TestBoard::new(1 << 20));
    let mut peers: Vec<_> = (0..10).map(|_| harness.follow(&board, ResumePoint::Fresh)).collect();
    let victim = harness.follow(&panicking, ResumePoint::Fresh);
    peers.iter_mut().for_each(|peer| peer.read_up_to(1));
    harness.panic_worker_of(victim, &panicking);
    // Connections are distributed in rotation, so the first worker has those with even numbers.
    for peer in peers.iter_mut().step_by(2) {
        peer.expect_cut();
    }
    harness.wait_for_connections(5);
    peers.extend((0..5).map(|_| harness.follow(&board, ResumePoint::Fresh)));
    board.publish(2);
    let is_connected = |n: &usize| *n >= 10 || n % 2 == 1;
    for (_, peer) in peers.iter_mut().enumerate().filter(|(n, _)| is_connected(n)) {
        peer.read_up_to(2);
    }
    assert_eq!((harness.connections(), board.channel.followers()), (10, 10));
}

#[test]
fn panicked_worker_is_restarted() {
    let harness = ReactorHarness::start(ReactorConfig { workers: 1, ..NO_TIMERS });
    for _ in 0..2 {
        let [board, panicking] = [0; 2].map(|_| TestBoard::new(1 << 20));
        let mut cut = harness.follow(&board, ResumePoint::Fresh);
        harness.panic_worker_of(harness.follow(&panicking, ResumePoint::Fresh), &panicking);
        cut.expect_cut();
        harness.wait_until(|harness| harness.reactor.has_capacity(), "a restarted worker");
        let mut reconnected = harness.follow(&board, ResumePoint::After(1));
        board.publish(2);
        reconnected.read_up_to(2);
        assert_eq!((harness.connections(), board.channel.followers()), (1, 1));
        drop(reconnected);
        harness.wait_for_connections(0);
    }
}

#[test]
fn io_uring_warning_requires_request() {
    let harness =
        ReactorHarness::start(ReactorConfig { write_mode: WriteMode::PerSocket, ..NO_TIMERS });
    assert_eq!(harness.observed.io_uring_unavailable.load(SeqCst), 0);
    // One warning per worker where the kernel has no io_uring.
    let harness =
        ReactorHarness::start(ReactorConfig { write_mode: WriteMode::IoUring, ..NO_TIMERS });
    assert!([0, 2].contains(&harness.observed.io_uring_unavailable.load(SeqCst)));
}

#[test]
fn dropped_reactor_cuts_all_followers() {
    let harness = ReactorHarness::new();
    let board = TestBoard::new(1 << 20);
    let mut peer = harness.follow(&board, ResumePoint::Fresh);
    peer.read_up_to(1);
    let ReactorHarness { reactor, permits, .. } = harness;
    drop(reactor);
    assert_eq!((Arc::strong_count(&permits), board.channel.followers()), (1, 0));
    peer.read_to_end();
}
