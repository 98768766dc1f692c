//! Followers that read slowly, or not at all.

use std::time::Duration;

use server::Settings;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::socket_server::{each_write_path, serve};

const STALLED: &str = "flightboard_connections_stalled_total";

/// Reads until an event that contains `end` is complete. Returns everything read.
async fn read_to(socket: &mut TcpStream, end: &str) -> String {
    let mut text = Vec::new();
    let reading = async {
        while !text.ends_with(b"\n\n\r\n") || !String::from_utf8_lossy(&text).contains(end) {
            assert!(socket.read_buf(&mut text).await.unwrap() > 0, "the stream was cut");
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reading).await.expect("the stream is open");
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn stalled_followers_are_closed_and_counted() {
    for settings in each_write_path(Settings {
        stall_timeout: Duration::from_millis(500),
        ..Settings::default()
    }) {
        let server = serve(settings).await;
        let mut socket = server.follow_with_small_buffer().await;
        server.wait_followers(1).await;
        assert_eq!(server.metric(STALLED).await, 0);
        server.change_row(5_000).await;
        server.wait_followers(0).await;
        assert_eq!(server.metric(STALLED).await, 1);
        let mut rest = Vec::new();
        let cut =
            tokio::time::timeout(Duration::from_secs(30), socket.read_to_end(&mut rest)).await;
        assert!(cut.unwrap().is_err(), "the kernel has discarded the send queue");
    }
}

#[tokio::test]
async fn slow_followers_get_all_rows() {
    let stall_timeout = Duration::from_secs(3);
    for settings in
        each_write_path(Settings { stall_timeout, window_bytes: 64 * 1024, ..Settings::default() })
    {
        let server = serve(settings).await;
        let mut socket = server.follow_with_small_buffer().await;
        server.wait_followers(1).await;
        let start = Instant::now();
        let mut piece = [0; 8 * 1024];
        let mut text = Vec::new();
        let mut last = String::new();
        while start.elapsed() < 2 * stall_timeout {
            // Publishes far more than it reads.
            last = server.change_row(200).await;
            let count = socket.read(&mut piece).await.unwrap();
            text.extend_from_slice(&piece[..count]);
            tokio::time::sleep(stall_timeout / 8).await;
        }
        let text = String::from_utf8(text).unwrap() + &read_to(&mut socket, &last).await;
        assert!(text.contains(r#""reason":"slow""#), "it fell out of the window");
        assert_eq!((server.metric(STALLED).await, server.direct.followers("main").await), (0, 1));
    }
}

#[tokio::test]
async fn short_pauses_do_not_stall() {
    for settings in each_write_path(Settings::default()) {
        // On a loaded machine the publishing alone may last longer than a short timeout.
        let mut timeouts = [5, 20, 80].map(Duration::from_secs).into_iter();
        loop {
            let stall_timeout = timeouts.next().expect("3,000 changes take less than 40 s");
            if pause_twice(Settings { stall_timeout, ..settings.clone() }).await {
                break;
            }
        }
    }
}

/// Checks that two pauses of half the stall timeout cut no follower. Returns false if a pause was
/// longer, which proves nothing.
async fn pause_twice(settings: Settings) -> bool {
    let pause = settings.stall_timeout / 2;
    let server = serve(settings).await;
    let mut socket = server.follow_with_small_buffer().await;
    server.wait_followers(1).await;
    for _ in 0..2 {
        // The pause starts with the first change, and publishing takes part of it.
        let pause_end = Instant::now() + pause;
        let last = server.change_row(3_000).await;
        if Instant::now() > pause_end {
            return false;
        }
        tokio::time::sleep_until(pause_end).await;
        read_to(&mut socket, &last).await;
    }
    assert_eq!((server.metric(STALLED).await, server.direct.followers("main").await), (0, 1));
    true
}
