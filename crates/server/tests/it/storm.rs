//! Many streams that come at once: they take turns, and nobody else notices.

use std::time::Duration;

use server::Settings;
use tokio::time::Instant;

use crate::house::{House, Stream};

/// Far more than may come at once.
const STORM: usize = 2_000;

/// So many come at once that the last ones wait for their first events.
async fn storm(house: &House) -> Vec<Stream> {
    let mut streams = Vec::new();
    for _ in 0..STORM {
        let mut stream = house.stream("/events").await;
        assert!(stream.bytes().await.unwrap().starts_with("retry: "));
        streams.push(stream);
    }
    streams
}

#[tokio::test(start_paused = true)]
async fn those_who_come_take_turns_and_those_who_are_there_do_not_wait() {
    let house = House::new().await;
    let mut there = house.stream("/events").await;
    there.event().await.unwrap();
    let start = Instant::now();
    let there = tokio::spawn(async move { (there.event().await.unwrap().1, start.elapsed()) });
    let mut streams = storm(&house).await;
    let id = house.put_rows(1..2).await;
    let (seen, after) = there.await.unwrap();
    assert_eq!(seen, id);
    assert!(after < Duration::from_millis(50), "head, retry and live events do not wait");

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
    assert!(first_events[10].is_zero(), "the first do not wait");
    let last = first_events.last().unwrap().as_millis();
    assert!((400..2_000).contains(&last), "the last wait for those before them: {last} ms");

    let next = house.put_rows(2..3).await;
    for stream in &mut streams {
        assert_eq!(stream.event().await.unwrap().1, next, "then all are live");
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_end_with_a_stop_and_are_freed_when_they_go() {
    let drain = Duration::from_millis(100);
    let house = House::with(Settings { drain, ..Settings::default() }).await;
    let mut streams = storm(&house).await;
    assert_eq!(house.followers("main").await, STORM as u64);
    let mut last = streams.pop().unwrap();
    drop(streams);
    assert_eq!(house.followers("main").await, 1);
    house.app.engine().close().await;
    assert_eq!(last.event().await, None, "its turn had not come");
}
