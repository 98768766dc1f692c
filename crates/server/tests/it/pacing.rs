//! Many new streams at once: the pacer spaces them, and live streams do not wait.

use std::time::Duration;

use server::Settings;
use tokio::time::Instant;

use crate::test_server::{TestServer, TestStream};

/// Far more than the burst that starts without delay.
const FOLLOWERS: usize = 2_000;

/// Opens enough streams at once that the last ones wait for their first events.
async fn open_many(server: &TestServer) -> Vec<TestStream> {
    let mut streams = Vec::new();
    for _ in 0..FOLLOWERS {
        let mut stream = server.stream("/events").await;
        let first = stream.bytes().await.unwrap();
        assert!(first.starts_with("retry: ") || first == ":\n", "{first}");
        streams.push(stream);
    }
    streams
}

#[tokio::test(start_paused = true)]
async fn only_new_streams_are_paced() {
    let server = TestServer::new().await;
    let mut live = server.stream("/events").await;
    live.event().await.unwrap();
    let start = Instant::now();
    let live = tokio::spawn(async move { (live.event().await.unwrap().1, start.elapsed()) });
    let mut streams = open_many(&server).await;
    let id = server.put_rows(1..2).await;
    let (seen, after) = live.await.unwrap();
    assert_eq!(seen, id);
    assert!(after < Duration::from_millis(50), "head, retry and live events are not delayed");

    let mut first_events = Vec::new();
    for stream in &mut streams {
        let (event, event_id, data) = stream.event().await.unwrap();
        assert_eq!(
            (event.as_str(), &event_id, &data["reason"]),
            ("timetable", &id, &"start".into())
        );
        first_events.push(start.elapsed());
    }
    assert!(first_events.is_sorted());
    assert!(first_events[10].is_zero(), "the first are not delayed");
    let last = first_events.last().unwrap().as_millis();
    assert!((400..2_000).contains(&last), "the last are delayed by those before them: {last} ms");

    let next = server.put_rows(2..3).await;
    for stream in &mut streams {
        assert_eq!(stream.event().await.unwrap().1, next, "all are live");
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_streams_are_freed() {
    let drain = Duration::from_millis(100);
    let server = TestServer::with(Settings { drain, ..Settings::default() }).await;
    let mut streams = open_many(&server).await;
    assert_eq!(server.followers("main").await, FOLLOWERS as u64);
    let mut last = streams.pop().unwrap();
    drop(streams);
    assert_eq!(server.followers("main").await, 1);
    server.app.engine().close().await;
    assert_eq!(last.event().await, None, "its start time had not come");
}
