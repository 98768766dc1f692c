//! Followers that take little, or nothing.

use std::time::Duration;

use server::Settings;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::served::{both_ways, serve};

const STALLED: &str = "flightboard_connections_stalled_total";

/// Reads on until `end` has come; all that came.
async fn read_to(socket: &mut TcpStream, end: &str) -> String {
    let mut text = Vec::new();
    let reading = async {
        while !text.ends_with(b"\n\n\r\n") || !String::from_utf8_lossy(&text).contains(end) {
            assert!(socket.read_buf(&mut text).await.unwrap() > 0, "the stream was cut");
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reading).await.expect("the stream goes on");
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn one_that_takes_nothing_is_closed_and_counted() {
    for settings in
        both_ways(Settings { stall_timeout: Duration::from_millis(500), ..Settings::default() })
    {
        let served = serve(settings).await;
        let mut socket = served.follow_with_little_room().await;
        served.has_followers(1).await;
        assert_eq!(served.figure(STALLED).await, 0);
        served.change_often(5_000).await;
        served.has_followers(0).await;
        assert_eq!(served.figure(STALLED).await, 1);
        let mut rest = Vec::new();
        let cut =
            tokio::time::timeout(Duration::from_secs(30), socket.read_to_end(&mut rest)).await;
        assert!(cut.unwrap().is_err(), "the system holds nothing for it any more");
    }
}

#[tokio::test]
async fn one_that_takes_a_little_now_and_then_is_not_cut_but_given_all_rows() {
    let stall_timeout = Duration::from_secs(3);
    for settings in
        both_ways(Settings { stall_timeout, window_bytes: 64 * 1024, ..Settings::default() })
    {
        let served = serve(settings).await;
        let mut socket = served.follow_with_little_room().await;
        served.has_followers(1).await;
        let (start, mut piece) = (Instant::now(), [0; 8 * 1024]);
        let (mut text, mut last) = (Vec::new(), String::new());
        while start.elapsed() < 2 * stall_timeout {
            // Far more comes than it takes.
            last = served.change_often(200).await;
            let count = socket.read(&mut piece).await.unwrap();
            text.extend_from_slice(&piece[..count]);
            tokio::time::sleep(stall_timeout / 8).await;
        }
        let text = String::from_utf8(text).unwrap() + &read_to(&mut socket, &last).await;
        assert!(text.contains(r#""reason":"slow""#), "the window has passed it");
        assert_eq!((served.figure(STALLED).await, served.house.followers("main").await), (0, 1));
    }
}

#[tokio::test]
async fn one_that_pauses_for_less_than_the_time_goes_on_however_often() {
    let stall_timeout = Duration::from_secs(3);
    for settings in both_ways(Settings { stall_timeout, ..Settings::default() }) {
        let served = serve(settings).await;
        let mut socket = served.follow_with_little_room().await;
        served.has_followers(1).await;
        for _ in 0..2 {
            let last = served.change_often(3_000).await;
            tokio::time::sleep(stall_timeout * 2 / 3).await;
            read_to(&mut socket, &last).await;
        }
        assert_eq!((served.figure(STALLED).await, served.house.followers("main").await), (0, 1));
    }
}
