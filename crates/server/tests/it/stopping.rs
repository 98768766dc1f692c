//! What a stopping server still does.

use std::time::Duration;

use server::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::house::House;
use crate::served::{Served, both_ways, serve};

/// A connection that has been answered once and is kept.
async fn kept(served: &Served) -> TcpStream {
    let mut socket = TcpStream::connect(served.address).await.unwrap();
    let ready = ask(&mut socket, "GET /readyz", "").await;
    assert!(ready.starts_with("HTTP/1.1 200 ") && !ready.contains("connection: close"), "{ready}");
    socket
}

/// Sends a request, and reads what comes of it at once.
async fn ask(socket: &mut TcpStream, line: &str, body: &str) -> String {
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 16 * 1024];
    let count = socket.read(&mut answer).await.unwrap();
    String::from_utf8(answer[..count].to_vec()).unwrap()
}

#[tokio::test]
async fn while_streams_end_open_connections_are_answered_and_closed() {
    let drain = Duration::from_secs(5);
    for settings in both_ways(Settings { drain, ..Settings::default() }) {
        let served = serve(settings).await;
        // It takes nothing, so its stream cannot end.
        let _stuck = served.follow_with_little_room().await;
        served.has_followers(1).await;
        served.change_often(5_000).await;
        let [mut balancer, mut publisher, mut follower] =
            [kept(&served).await, kept(&served).await, kept(&served).await];
        served.stop.send(()).unwrap();
        while TcpStream::connect(served.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        let answers = [
            (
                ask(&mut balancer, "GET /readyz", "").await,
                "HTTP/1.1 503 ",
                "the server is stopping",
            ),
            (
                ask(&mut publisher, "PATCH /boards/main/flights/OFTEN", r#"{"gate":"B7"}"#).await,
                "HTTP/1.1 200 ",
                r#""gate":"B7""#,
            ),
            (ask(&mut follower, "GET /events", "").await, "HTTP/1.1 200 ", "\r\n\r\nretry: "),
        ];
        for (answer, start, content) in answers {
            assert!(answer.starts_with(start) && answer.contains(content), "{answer}");
            assert!(answer.contains("connection: close"), "{answer}");
        }
        for socket in [&mut balancer, &mut publisher, &mut follower] {
            assert_eq!(socket.read(&mut [0; 16]).await.unwrap(), 0, "it is closed");
        }
        assert!(!served.serving.is_finished(), "the streams have not ended yet");
        served.serving.await.unwrap();
        let row = served.house.get("/boards/main/flights/OFTEN").await.json();
        assert_eq!(row["gate"], "B7", "what was answered is done");
    }
}

#[tokio::test]
async fn without_streams_a_stop_waits_for_no_idle_connection() {
    let drain = Duration::from_secs(3_600);
    for settings in both_ways(Settings { drain, ..Settings::default() }) {
        let served = serve(settings).await;
        let mut idle = kept(&served).await;
        served.stop.send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(30), served.serving).await.unwrap().unwrap();
        assert_eq!(idle.read(&mut [0; 16]).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn what_was_answered_before_a_stop_is_shown_before_each_end() {
    // With no time to spread the ends over, each stream that waits finds the event and its end at
    // once.
    let house = House::with(Settings { drain: Duration::ZERO, ..Settings::default() }).await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = house.stream("/events").await;
        stream.event().await.unwrap();
        let waits = tokio::time::timeout(Duration::ZERO, stream.event()).await;
        assert!(waits.is_err(), "nothing is due");
        streams.push(stream);
    }
    let id = house.put_rows(1..2).await;
    house.app.engine().close().await;
    for stream in &mut streams {
        let (event, event_id, _) = stream.event().await.expect("it has not ended before");
        assert_eq!((event.as_str(), event_id), ("flightAddition", id.clone()));
        assert_eq!(stream.event().await, None);
    }
}

/// When each of so many streams ended after a stop.
async fn endings(streams: usize, drain: Duration) -> Vec<Duration> {
    let house = House::with(Settings { drain, ..Settings::default() }).await;
    let mut open = JoinSet::new();
    for _ in 0..streams {
        let mut stream = house.stream("/events").await;
        stream.event().await.unwrap();
        open.spawn(async move {
            assert_eq!(stream.event().await, None);
            Instant::now()
        });
    }
    let start = Instant::now();
    house.app.engine().close().await;
    let mut endings: Vec<_> = open.join_all().await.into_iter().map(|end| end - start).collect();
    endings.sort();
    endings
}

#[tokio::test(start_paused = true)]
async fn endings_are_spread_as_far_as_their_number_wants_and_the_drain_time_lets() {
    let tick = Duration::from_millis(2);
    let few = endings(5, Duration::from_secs(10)).await;
    assert!(few[4] <= 5 * tick, "a restart with few is quick: {few:?}");

    let many = endings(1_000, Duration::from_secs(10)).await;
    let last = *many.last().unwrap();
    assert!((500..=1_000 + 2).contains(&last.as_millis()), "{last:?}");
    for part in 0..10 {
        let part = Duration::from_millis(100) * part..Duration::from_millis(100) * (part + 1);
        let here = many.iter().filter(|end| part.contains(end)).count();
        assert!(here < 300, "{here} of 1000 in a tenth of the time");
    }

    let short = endings(1_000, Duration::from_millis(200)).await;
    let last = *short.last().unwrap();
    assert!((100..=160 + 2).contains(&last.as_millis()), "{last:?}");
}
