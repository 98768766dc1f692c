//! What only sockets show: the first bytes, followers that vanish, an orderly stop.

use std::time::Duration;

use server::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::served::{Served, both_ways, serve};

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
        let mut sockets = served.follow_many(20).await;
        // Half close orderly, half with a reset, as a killed browser's machine does.
        for socket in sockets.drain(..10) {
            socket.set_zero_linger().unwrap();
        }
        served.has_followers(10).await;
        drop(sockets);
        served.has_followers(0).await;
    }
}

/// What a connection is sent that begins so and then says `more` each second, and when it ends.
async fn cut(served: &Served, beginning: &[u8], more: &[u8]) -> (Vec<u8>, Duration) {
    let (mut reader, mut writer) = TcpStream::connect(served.address).await.unwrap().into_split();
    writer.write_all(beginning).await.unwrap();
    let start = Instant::now();
    let more = more.to_owned();
    let trickle = tokio::spawn(async move {
        while writer.write_all(&more).await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let mut answer = Vec::new();
    // A reset is as good an end as any.
    let _ = timeout(Duration::from_secs(600), reader.read_to_end(&mut answer)).await;
    trickle.abort();
    (answer, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_finish_its_first_question_is_cut() {
    for settings in both_ways(Settings::default()) {
        let served = serve(settings).await;
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        let settings_of_http2 = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        for beginning in [
            &b""[..],
            b"G",
            b"GET /events HTTP/1.1\r\nHost:",
            b"GET /healthz HTTP/1.1\r\nHost:",
            &preface[..10],
            preface,
            &[&preface[..], &settings_of_http2].concat(),
        ] {
            let (_, after) = cut(&served, beginning, b"").await;
            let shown = String::from_utf8_lossy(beginning);
            assert!((29..=31).contains(&after.as_secs()), "{shown}: {after:?}");
        }
        assert_eq!(served.house.followers("main").await, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn one_whose_question_comes_byte_by_byte_has_no_more_time() {
    for settings in both_ways(Settings::default()) {
        let served = serve(settings).await;
        for path in ["/events", "/healthz"] {
            let beginning = format!("GET {path} HTTP/1.1\r\nX: ");
            let (_, after) = cut(&served, beginning.as_bytes(), b"y").await;
            assert!((29..=31).contains(&after.as_secs()), "{path}: {after:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_finish_its_next_question_is_cut() {
    for settings in both_ways(Settings::default()) {
        let served = serve(settings).await;
        for next in ["", "G", "GET /events HTTP/1.1\r\nX: y"] {
            let asked = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n{next}");
            let (answer, after) = cut(&served, asked.as_bytes(), b"").await;
            assert!(answer.starts_with(b"HTTP/1.1 200 "));
            assert!((29..=31).contains(&after.as_secs()), "{next}: {after:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_too_long_is_refused() {
    for settings in both_ways(Settings::default()) {
        let served = serve(settings).await;
        for path in ["/events", "/healthz"] {
            let head = format!("GET {path} HTTP/1.1\r\nX: {}", "y".repeat(70_000));
            let (answer, after) = cut(&served, head.as_bytes(), b"").await;
            // What it has not read makes a reset of the end, which may come before the answer.
            let answer = String::from_utf8(answer).unwrap();
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
            assert!(after < Duration::from_secs(20), "it is not waited for: {after:?}");
        }
    }
}

/// A connection of HTTP/2 with one request (RFC 9113, RFC 7541) that has a header of so many bytes.
fn request_of_http2(header_bytes: usize) -> Vec<u8> {
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
    };
    // GET http://x/healthz, and the header `a` whose length begins with seven bits.
    let mut block = b"\x82\x86\x04\x08/healthz\x41\x01x\x00\x01a\x7f".to_vec();
    let mut length = header_bytes - 0x7f;
    while length >= 0x80 {
        block.push((length % 0x80) as u8 | 0x80);
        length /= 0x80;
    }
    block.push(length as u8);
    block.resize(block.len() + header_bytes, b'y');
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(4, 0, 0, &[]));
    let (first, rest) = block.split_at(block.len().min(16 * 1024));
    // The end of the stream, and that of the headers with the last piece.
    bytes.extend(frame(1, if rest.is_empty() { 5 } else { 1 }, 1, first));
    if !rest.is_empty() {
        bytes.extend(frame(9, 4, 1, rest));
    }
    bytes
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_too_long_is_refused_in_http2() {
    let served = serve(Settings::default()).await;
    let has = |answer: &[u8], part: &[u8]| answer.windows(part.len()).any(|window| window == part);
    // 431, as Huffman's code has it.
    let refused = b"\x48\x83\x69\x90\xff";
    let (answer, _) = cut(&served, &request_of_http2(15_000), b"").await;
    assert!(has(&answer, br#"{"status":"alive"}"#) && !has(&answer, refused));
    let (answer, _) = cut(&served, &request_of_http2(17_000), b"").await;
    assert!(has(&answer, refused) && !has(&answer, br#""alive""#), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stops_in_the_middle_is_refused_and_its_connection_closed() {
    for settings in both_ways(Settings::default()) {
        let served = serve(settings).await;
        let head = "PUT /boards/main/flights/A1 HTTP/1.1\r\nHost: x\r\n\
                    Content-Type: application/json\r\n";
        for body in ["Content-Length: 9\r\n\r\n{", "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"] {
            let (answer, after) = cut(&served, format!("{head}{body}").as_bytes(), b"").await;
            let answer = String::from_utf8(answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
            assert!(answer.contains("application/problem+json"), "{answer}");
            assert!((29..=31).contains(&after.as_secs()), "{after:?}");
        }
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
