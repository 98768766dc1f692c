//! A server that shuts down: responses, stream ends, connections.

use std::time::Duration;

use server::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::socket_server::{SocketServer, each_write_path, serve};
use crate::test_server::TestServer;

/// Opens a connection that has had one response.
async fn keep_alive(server: &SocketServer) -> TcpStream {
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let ready = send(&mut socket, "GET /readyz", "").await;
    assert!(ready.starts_with("HTTP/1.1 200 ") && !ready.contains("connection: close"), "{ready}");
    socket
}

/// Sends a request and reads the first bytes of the response.
async fn send(socket: &mut TcpStream, line: &str, body: &str) -> String {
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 16 * 1024];
    let count = socket.read(&mut answer).await.unwrap();
    String::from_utf8(answer[..count].to_vec()).unwrap()
}

#[tokio::test]
async fn draining_answers_then_closes_connections() {
    let drain = Duration::from_secs(5);
    for settings in each_write_path(Settings { drain, ..Settings::default() }) {
        let server = serve(settings).await;
        // It reads nothing, so its stream cannot end.
        let _stuck = server.follow_with_small_buffer().await;
        server.wait_followers(1).await;
        server.change_row(5_000).await;
        let [mut balancer, mut publisher, mut follower] =
            [keep_alive(&server).await, keep_alive(&server).await, keep_alive(&server).await];
        server.stop.send(()).unwrap();
        while TcpStream::connect(server.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        let answers = [
            (
                send(&mut balancer, "GET /readyz", "").await,
                "HTTP/1.1 503 ",
                "the server is stopping",
            ),
            (
                send(&mut publisher, "PATCH /boards/main/flights/OFTEN", r#"{"gate":"B7"}"#).await,
                "HTTP/1.1 200 ",
                r#""gate":"B7""#,
            ),
            (send(&mut follower, "GET /events", "").await, "HTTP/1.1 200 ", "\r\n\r\nretry: "),
        ];
        for (answer, start, content) in answers {
            assert!(answer.starts_with(start) && answer.contains(content), "{answer}");
            assert!(answer.contains("connection: close"), "{answer}");
        }
        for socket in [&mut balancer, &mut publisher, &mut follower] {
            assert_eq!(socket.read(&mut [0; 16]).await.unwrap(), 0, "the connection is closed");
        }
        assert!(!server.serving.is_finished(), "the stalled stream is still open");
        server.serving.await.unwrap();
        let row = server.direct.get("/boards/main/flights/OFTEN").await.json();
        assert_eq!(row["gate"], "B7", "the acknowledged update was applied");
    }
}

#[tokio::test]
async fn shutdown_closes_idle_connections() {
    let drain = Duration::from_secs(3_600);
    for settings in each_write_path(Settings { drain, ..Settings::default() }) {
        let server = serve(settings).await;
        let mut idle = keep_alive(&server).await;
        server.stop.send(()).unwrap();
        tokio::time::timeout(Duration::from_secs(30), server.serving).await.unwrap().unwrap();
        assert_eq!(idle.read(&mut [0; 16]).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn acknowledged_updates_precede_the_end() {
    // Without drain time, each waiting stream finds the event and its end at once.
    let server = TestServer::with(Settings { drain: Duration::ZERO, ..Settings::default() }).await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = server.stream("/events").await;
        stream.event().await.unwrap();
        let waits = tokio::time::timeout(Duration::ZERO, stream.event()).await;
        assert!(waits.is_err(), "the stream waits");
        streams.push(stream);
    }
    let id = server.put_rows(1..2).await;
    server.app.engine().close().await;
    for stream in &mut streams {
        let (event, event_id, _) = stream.event().await.expect("the stream has not ended before");
        assert_eq!((event.as_str(), event_id), ("flightAddition", id.clone()));
        assert_eq!(stream.event().await, None);
    }
}

/// Returns when each stream ended after the start of a shutdown.
async fn end_times(streams: usize, drain: Duration) -> Vec<Duration> {
    let server = TestServer::with(Settings { drain, ..Settings::default() }).await;
    let mut open = JoinSet::new();
    for _ in 0..streams {
        let mut stream = server.stream("/events").await;
        stream.event().await.unwrap();
        open.spawn(async move {
            assert_eq!(stream.event().await, None);
            Instant::now()
        });
    }
    let start = Instant::now();
    server.app.engine().close().await;
    let mut end_times: Vec<_> = open.join_all().await.into_iter().map(|end| end - start).collect();
    end_times.sort();
    end_times
}

#[tokio::test(start_paused = true)]
async fn stream_ends_are_spread_over_time() {
    let tick = Duration::from_millis(2);
    let few = end_times(5, Duration::from_secs(10)).await;
    assert!(few[4] <= 5 * tick, "few streams end quickly: {few:?}");

    let many = end_times(1_000, Duration::from_secs(10)).await;
    let last = *many.last().unwrap();
    assert!((500..=1_000 + 2).contains(&last.as_millis()), "{last:?}");
    for part in 0..10 {
        let part = Duration::from_millis(100) * part..Duration::from_millis(100) * (part + 1);
        let here = many.iter().filter(|end| part.contains(*end)).count();
        assert!(here < 300, "{here} of 1000 in a tenth of the window");
    }

    let short = end_times(1_000, Duration::from_millis(200)).await;
    let last = *short.last().unwrap();
    assert!((100..=160 + 2).contains(&last.as_millis()), "{last:?}");
}
