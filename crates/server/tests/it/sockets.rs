//! What only sockets show: the first bytes, followers that vanish, an orderly stop.

use std::time::Duration;

use server::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::served::{both_ways, serve};

#[tokio::test]
async fn the_first_events_leave_with_the_head() {
    for settings in both_ways(Settings::default()) {
        let served = serve(settings).await;
        let mut socket = served.follow().await;
        let mut bytes = vec![0; 16 * 1024];
        let first = socket.read(&mut bytes).await.unwrap();
        let first = String::from_utf8_lossy(&bytes[..first]).into_owned();
        assert!(first.starts_with("HTTP/1.1 200 OK\r\n"), "{first}");
        assert!(first.contains("retry: ") && first.contains("event: timetable"), "{first}");
    }
}

#[tokio::test]
async fn followers_that_vanish_are_freed() {
    for settings in both_ways(Settings::default()) {
        let served = serve(settings).await;
        let mut sockets = Vec::new();
        for _ in 0..20 {
            sockets.push(served.follow().await);
        }
        served.has_followers(20).await;
        // Half close orderly, half with a reset, as a killed browser's machine does.
        for socket in sockets.drain(..10) {
            socket.set_zero_linger().unwrap();
        }
        served.has_followers(10).await;
        drop(sockets);
        served.has_followers(0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_finish_its_question_is_cut() {
    for settings in both_ways(Settings::default()) {
        let served = serve(settings).await;
        let mut socket = TcpStream::connect(served.address).await.unwrap();
        socket.write_all(b"GET /events HTTP/1.1\r\nHost:").await.unwrap();
        let asked = tokio::time::Instant::now();
        let mut answer = Vec::new();
        // A reset is as good an end as any.
        let _ = socket.read_to_end(&mut answer).await;
        assert!((29..=31).contains(&asked.elapsed().as_secs()), "{:?}", asked.elapsed());
        assert_eq!(served.house.followers("main").await, 0);
    }
}

#[tokio::test]
async fn a_stop_ends_all_streams_in_time() {
    let drain = Duration::from_secs(5);
    for settings in both_ways(Settings { drain, ..Settings::default() }) {
        let served = serve(settings).await;
        let mut sockets = Vec::new();
        for _ in 0..50 {
            sockets.push(served.follow().await);
        }
        served.has_followers(50).await;
        served.stop.send(()).unwrap();
        tokio::time::timeout(drain, served.serving).await.unwrap().unwrap();
        for mut socket in sockets {
            let mut text = String::new();
            socket.read_to_string(&mut text).await.unwrap();
            assert!(text.ends_with("\r\n0\r\n\r\n"), "{text}");
            assert_eq!(text.matches("retry: ").count(), 2, "{text}");
            assert!(!text.contains("closedConnection"));
        }
        assert!(TcpStream::connect(served.address).await.is_err());
    }
}

#[tokio::test]
async fn a_stop_waits_for_nobody_who_reads_nothing() {
    let drain = Duration::from_millis(500);
    for settings in both_ways(Settings { drain, ..Settings::default() }) {
        let served = serve(settings).await;
        let socket = served.follow().await;
        served.has_followers(1).await;
        let row = |n: u32| {
            format!(
                r#"{{"event":"flightAddition","data":{{"flight":"B{n}","remark":"{}"}}}}"#,
                "x".repeat(190)
            )
        };
        let lines: Vec<_> = (0..15_000).map(row).collect();
        for part in lines.chunks(5_000) {
            served.house.send_lines("main", &part.join("\n")).await;
        }
        served.stop.send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(3), served.serving).await.unwrap().unwrap();
        drop(socket);
    }
}
