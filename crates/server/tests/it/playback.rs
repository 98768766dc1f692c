//! Streams that play the past: `GET /boards/{board}/events?from=&speed=`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use futures_util::future::join_all;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use journal::MemoryJournal;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use server::{HistorySettings, Settings};
use tokio::time::Instant;

use crate::changes::{ticking_options, ticking_server};
use crate::history_index::{Recording, record_day};
use crate::http2_frames;
use crate::private_boards::{TokenFile, bearer};
use crate::private_streams::{fill_hall, send_without_reading};
use crate::socket_server::{SocketServer, serve};
use crate::test_server::{TestServer, TestStream};
use crate::view::apply_change;

/// Upper bound for anything that a test waits for.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The rows of a board after each of its records.
type RowsById = BTreeMap<String, Value>;

fn path(from: &str, speed: u32) -> String {
    format!("/boards/main/events?from={from}&speed={speed}")
}

/// The record and the played time of an id that a playback has sent.
fn parts(id: &str) -> (String, Timestamp) {
    let (record, secs) = id.rsplit_once('-').unwrap();
    assert!(record.contains('-'), "{id} is the id of a live event");
    (record.to_owned(), Timestamp::from_second(secs.parse().unwrap()).unwrap())
}

fn rows_by_id(recording: &Recording) -> RowsById {
    let rows = recording.iter().map(|(id, _, rows)| {
        let mut rows = rows.clone();
        rows.as_object_mut().unwrap().remove("id");
        (id.clone(), rows)
    });
    rows.collect()
}

/// A follower of a playback.
#[derive(Default)]
struct PlaybackView {
    /// The records of all events, in the order in which they came.
    records: Vec<String>,
    last_event_id: String,
    content: Value,
    is_live: bool,
}

impl PlaybackView {
    /// Applies the next event.
    async fn read(&mut self, stream: &mut TestStream) {
        let (name, id, mut data) = stream.event().await.expect("the stream is open");
        self.last_event_id = id;
        if name == "live" {
            assert!(!self.is_live && data["at"].is_string(), "{data}");
            assert_eq!(self.records.last(), Some(&self.last_event_id), "the id of the last event");
            self.is_live = true;
            return;
        }
        let id = &self.last_event_id;
        self.records.push(if self.is_live { id.clone() } else { parts(id).0 });
        if name == "timetable" {
            assert_eq!(data.as_object_mut().unwrap().remove("reason").unwrap(), "start");
            self.content = data;
        } else {
            apply_change(&mut self.content, &name, data);
        }
    }

    /// Reads up to the present. After each event it must have the rows of then.
    async fn read_to_live(&mut self, stream: &mut TestStream, rows: &RowsById) {
        while !self.is_live {
            self.read(stream).await;
            let record = self.records.last().unwrap();
            assert_eq!(self.content, rows[record], "after {record}");
        }
    }
}

/// A recorded day of an open board.
async fn recorded_day(seed: u64) -> (TestServer, Recording) {
    let server = ticking_server(Settings::default()).await;
    let mut recording = record_day(&server, seed, 500).await;
    let answer = server.send("PUT", "/boards/main", json!({ "title": "End" })).await;
    let rows = server.get("/boards/main/flights").await.json();
    let changes = server.get("/boards/main/changes?limit=1").await.json();
    let time = changes["changes"][0]["time"].as_str().unwrap().to_owned();
    recording.push((answer.event_id(), time, rows));
    (server, recording)
}

#[tokio::test]
async fn playbacks_end_in_the_live_rows() {
    let (server, recording) = recorded_day(21).await;
    let rows = rows_by_id(&recording);
    let mut random = StdRng::seed_from_u64(22);
    let starts: Vec<_> = (0..20).map(|_| random.random_range(0..recording.len())).collect();
    let played = starts.iter().map(async |start| {
        let (first, time, _) = &recording[*start];
        // A time and an id are the same moment.
        let from = if start % 2 == 0 { time } else { first };
        let mut stream = server.stream(&path(from, 3_600)).await;
        let mut view = PlaybackView::default();
        view.read_to_live(&mut stream, &rows).await;
        let expected: Vec<_> = recording[*start..].iter().map(|(id, ..)| id.clone()).collect();
        assert_eq!(view.records, expected, "from {from}");
        (stream, view)
    });
    let mut played = join_all(played).await;
    let added = server.send("PUT", "/boards/main/flights/LIVE", json!({})).await.event_id();
    let mut live = server.get("/boards/main/flights").await.json();
    live.as_object_mut().unwrap().remove("id");
    for (stream, view) in &mut played {
        view.read(stream).await;
        assert_eq!((&view.last_event_id, &view.content), (&added, &live));
    }
}

#[tokio::test]
async fn cuts_lose_and_repeat_nothing() {
    let (server, recording) = recorded_day(23).await;
    let rows = rows_by_id(&recording);
    let path = path(&recording[0].1, 3_600);
    let mut random = StdRng::seed_from_u64(24);
    let mut view = PlaybackView::default();
    let mut stream = server.stream(&path).await;
    for _ in 0..12 {
        for _ in 0..random.random_range(1..30) {
            view.read(&mut stream).await;
            assert_eq!(view.content, rows[view.records.last().unwrap()]);
        }
        stream = server.resume(&path, &view.last_event_id).await;
    }
    view.read_to_live(&mut stream, &rows).await;
    // The URL still says from when and how fast.
    let mut stream = server.resume(&path, &view.last_event_id).await;
    let (name, _, heartbeat) = stream.any_event().await.unwrap();
    assert_eq!((name.as_str(), &heartbeat["head"]), ("heartbeat", &json!(view.last_event_id)));
    server.send("PUT", "/boards/main/flights/LIVE", json!({})).await;
    view.read(&mut stream).await;
    let expected = recording.iter().map(|(id, ..)| id.clone());
    let expected: Vec<_> = expected.chain([view.last_event_id.clone()]).collect();
    assert_eq!(view.records, expected);
}

#[tokio::test]
async fn events_come_at_their_times() {
    let (server, recording) = recorded_day(25).await;
    tokio::time::pause();
    let from: Timestamp = recording[0].1.parse().unwrap();
    let mut stream = server.stream(&path(&from.to_string(), 60)).await;
    let start = Instant::now();
    let mut next = recording.iter();
    loop {
        let (name, id, data) = stream.any_event().await.unwrap();
        let played = SignedDuration::try_from(start.elapsed() * 60).unwrap();
        let at = match name.as_str() {
            "live" => break,
            "heartbeat" => data["at"].as_str().unwrap().parse().unwrap(),
            _ => {
                let (record, secs) = parts(&id);
                let (expected, time, _) = next.next().unwrap();
                let time: Timestamp = time.parse().unwrap();
                assert_eq!((&record, secs.as_second()), (expected, time.as_second()));
                time
            }
        };
        // Timers have a resolution of a millisecond, and times of heartbeats of a second.
        let late = (from + played).duration_since(at).as_millis();
        assert!((-60..1_060).contains(&late), "{name} at {at} is {late} ms late");
    }
    assert_eq!(next.next(), None);
}

#[tokio::test]
async fn bad_playbacks_are_refused() {
    let server = TestServer::new().await;
    let first = server.get("/boards/main/changes?order=oldest").await.json()["changes"][0].clone();
    let twice = "is in the query twice";
    let number = "must be a number from 1 to 3600";
    let time = "must be an RFC 3339 time such as 2026-11-22T08:15:00Z, with a + as %2B";
    let old = "from=2001-01-01T00:00:00Z";
    for (query, field, reason) in [
        ("speed=60", "speed", "needs the parameter from"),
        (&format!("{old}&speed=0"), "speed", number),
        (&format!("{old}&speed=3601"), "speed", number),
        (&format!("{old}&speed=1.5"), "speed", number),
        (&format!("{old}&speed="), "speed", number),
        (&format!("{old}&speed=1&speed=1"), "speed", twice),
        (&format!("{old}&{old}"), "from", twice),
        ("from=", "from", time),
        ("from=12:03", "from", time),
        ("from=2026-11-22T08:15:00", "from", time),
        ("from=2026-11-22T08:15:00+01:00", "from", time),
        ("from=00000000-1", "from", "is not the id of an event of this server"),
        ("from=2300-01-01T00:00:00Z", "from", "must not be in the future"),
        (old, "", ""),
    ] {
        let is_old = field.is_empty();
        for path in ["/events", "/boards/main/events"] {
            let answer = server.get(&format!("{path}?{query}")).await;
            assert_eq!(answer.status.as_u16(), if is_old { 410 } else { 400 }, "{query}");
            assert_eq!(answer.header("content-type"), "application/problem+json");
            let problem = answer.json();
            let text = |name: &str| problem[name].as_str().unwrap_or_default();
            assert_eq!((text("field"), text("reason")), (field, reason), "{query}");
            assert_eq!(problem["oldest"], if is_old { first["time"].clone() } else { Value::Null });
        }
    }
    let none = server.get(&format!("/boards/none/events?{old}")).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    let flight = server.get(&format!("/boards/main/flights/A1/events?{old}")).await;
    assert_eq!((flight.status, &flight.json()["field"]), (StatusCode::BAD_REQUEST, &json!("from")));
}

/// The stream has only a `retry:`, in milliseconds.
async fn assert_asked_to_return(mut stream: TestStream, retry: RangeInclusive<u128>) {
    assert_eq!(stream.any_event().await, None);
    assert!(retry.contains(&stream.retry()), "{}", stream.retry());
}

#[tokio::test]
async fn playbacks_are_limited() {
    let settings = Settings { max_playbacks: 2, ..Settings::default() };
    let server = ticking_server(settings).await;
    server.put_rows(0..3).await;
    let time = server.get("/boards/main/changes").await.json()["changes"][0]["time"].clone();
    let path = |speed| path(time.as_str().unwrap(), speed);
    let first = server.stream(&path(1)).await;
    let mut second = server.stream(&path(3_600)).await;
    // With another status a browser's `EventSource` would not return, neither a new one nor one that was cut.
    assert_asked_to_return(server.stream(&path(1)).await, 30_000..=120_000).await;
    let cut = server.resume(&path(1), "5f3a9c01-1-1795348800").await;
    assert_asked_to_return(cut, 30_000..=120_000).await;
    let metrics = server.get("/metrics").await.body;
    assert!(metrics.contains("flightboard_playbacks 2\n"), "{metrics}");
    assert!(metrics.contains("flightboard_playbacks_refused_total 2\n"), "{metrics}");
    while second.event().await.unwrap().0 != "live" {}
    let third = server.stream(&path(1)).await;
    assert_asked_to_return(server.stream(&path(1)).await, 30_000..=120_000).await;
    drop((first, third));
    assert_eq!(server.stream(&path(1)).await.event().await.unwrap().0, "timetable");
    server.stream("/boards/main/events").await;
}

#[tokio::test]
async fn playbacks_wait_for_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let file = Some(folder.path().join("none/index"));
    let history = HistorySettings { file, ..HistorySettings::default() };
    let server = TestServer::with(Settings { history, ..Settings::default() }).await;
    let path = path(&Timestamp::now().to_string(), 1);
    assert_asked_to_return(server.stream(&path).await, 5_000..=15_000).await;
    let id = format!("{}-1795348800", server.put_rows(0..1).await);
    assert_asked_to_return(server.resume(&path, &id).await, 5_000..=15_000).await;
}

#[tokio::test]
async fn publishing_meets_playbacks_without_a_seam() {
    let server = TestServer::new().await;
    server.put_rows(0..1).await;
    let oldest = server.get("/boards/main/changes?order=oldest").await.json()["changes"][1].clone();
    let from = oldest["time"].as_str().unwrap();
    let mut ids = vec![oldest["id"].as_str().unwrap().to_owned()];
    let (sender, _) = tokio::sync::watch::channel(0);
    let publish = async {
        for count in 1..=800 {
            ids.push(server.put_gate("main", "T0", &count.to_string()).await);
            sender.send_replace(count);
        }
    };
    let follow = async |wanted: u32| {
        let mut published = sender.subscribe();
        published.wait_for(|count| *count >= wanted).await.unwrap();
        let mut stream = server.stream(&path(from, [60, 3_600][wanted as usize / 50 % 2])).await;
        let mut view = PlaybackView::default();
        while !view.is_live || view.content["flights"][0]["gate"] != "800" {
            view.read(&mut stream).await;
        }
        view.records
    };
    let followers = join_all((0..800).step_by(50).map(follow));
    let ((), followers) = tokio::join!(publish, followers);
    for records in followers {
        assert_eq!(records, ids);
    }
}

#[tokio::test]
async fn resumed_playbacks_tell_where_they_are() {
    let (server, recording) = recorded_day(28).await;
    let path = path(&recording[0].1, 2);
    let mut view = PlaybackView::default();
    let mut stream = server.stream(&path).await;
    for _ in 0..3 {
        view.read(&mut stream).await;
    }
    let last = &view.last_event_id;
    // A heartbeat comes at any time within some seconds; this one comes at once.
    tokio::time::pause();
    let start = Instant::now();
    let mut stream = server.resume(&path, last).await;
    let (name, _, heartbeat) = stream.any_event().await.unwrap();
    assert!(start.elapsed() < Duration::from_millis(50), "{:?}", start.elapsed());
    assert_eq!((name.as_str(), &heartbeat["head"]), ("heartbeat", &json!(last)));
    assert_eq!(heartbeat["speed"], 2);
    let at: Timestamp = heartbeat["at"].as_str().unwrap().parse().unwrap();
    let ahead = at.duration_since(parts(last).1);
    assert!((0..10).contains(&ahead.as_secs()), "{heartbeat}");
}

#[tokio::test]
async fn unknown_ids_begin_again() {
    let (server, recording) = recorded_day(26).await;
    let from = recording[100].1.parse::<Timestamp>().unwrap().as_second() + 1;
    for (id, time) in [
        (format!("00000000-1-{from}"), Timestamp::from_second(from).unwrap()),
        ("x".to_owned(), recording[0].1.parse().unwrap()),
    ] {
        let mut stream = server.resume(&path(&recording[0].1, 1), &id).await;
        let (name, id, data) = stream.event().await.unwrap();
        assert_eq!((name.as_str(), &data["reason"]), ("timetable", &json!("unknown")));
        let before =
            |record: &&(String, String, Value)| record.1.parse::<Timestamp>().unwrap() <= time;
        let (expected, _, rows) = recording.iter().rfind(before).unwrap();
        assert_eq!((&parts(&id).0, &data["flights"]), (expected, &rows["flights"]));
    }
}

/// A server whose records are a second apart, with the board `hall`.
async fn hall(tokens: &TokenFile, is_private: bool) -> TestServer {
    let journal = MemoryJournal::new(ticking_options());
    let server = TestServer::on(journal, tokens.settings()).await;
    tokens.open_hall(&server, is_private).await;
    server
}

/// The times of the changes of `hall`, oldest first.
async fn hall_times(server: &TestServer, tokens: &TokenFile) -> Vec<String> {
    let path = "/boards/hall/changes?order=oldest&limit=1000";
    let changes = server.get_as(path, &tokens.publisher).await.json();
    let changes = changes["changes"].as_array().unwrap();
    changes.iter().map(|change| change["time"].as_str().unwrap().to_owned()).collect()
}

async fn play_hall(server: &TestServer, from: &str, tokens: Option<&TokenFile>) -> TestStream {
    let mut request = Request::get(format!("/boards/hall/events?from={from}"));
    if let Some(tokens) = tokens {
        request = request.header("authorization", bearer(&tokens.follower));
    }
    let (status, _, mut stream) = server.open_stream(request.body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(stream.event().await.unwrap().0, "timetable");
    stream
}

#[tokio::test]
async fn private_times_are_not_played() {
    let tokens = TokenFile::new();
    let server = hall(&tokens, true).await;
    let times = hall_times(&server, &tokens).await;
    let path = format!("/boards/hall/events?from={}&speed=3600", times[0]);
    assert_eq!(server.get(&path).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.get_as(&path, &tokens.stranger).await.status, StatusCode::FORBIDDEN);
    let mut private = play_hall(&server, &times[0], Some(&tokens)).await;
    let (.., first_id, _) = private.event().await.unwrap();
    tokens.publish(&server, "PUT", "/boards/hall", json!({ "airport": "OSL" })).await;
    assert_eq!(private.event().await, None, "the end of another privacy");
    let times = hall_times(&server, &tokens).await;
    let gone = server.get(&path).await;
    assert_eq!((gone.status, gone.json()["oldest"].as_str()), (StatusCode::GONE, Some(&*times[2])));
    play_hall(&server, &times[2], None).await;
    let path = format!("/boards/hall/events?from={}&speed=1", times[2]);
    let mut stream = server.resume(&path, &first_id).await;
    let (_, id, data) = stream.event().await.unwrap();
    assert_eq!(data["reason"], "expired");
    assert!(parts(&id).0 > parts(&first_id).0);
}

#[tokio::test]
async fn playbacks_end_with_their_right() {
    tokio::time::pause();
    let tokens = TokenFile::new();
    let server = hall(&tokens, false).await;
    let times = hall_times(&server, &tokens).await;
    let mut public = play_hall(&server, &times[0], None).await;
    tokens.open_hall(&server, true).await;
    assert_eq!(public.event().await, None);
    let mut private = play_hall(&server, &times[0], Some(&tokens)).await;
    tokens.write(&[]);
    while private.event().await.is_some() {}
}

#[tokio::test]
async fn boards_opened_again_keep_their_privacy() {
    let tokens = TokenFile::new();
    let server = hall(&tokens, false).await;
    for gate in 0..10 {
        let row = json!({ "gate": gate.to_string() });
        tokens.publish(&server, "PUT", "/boards/hall/flights/I768", row).await;
    }
    let times = hall_times(&server, &tokens).await;
    let mut public = play_hall(&server, &times[0], None).await;
    // The events after this one are read too.
    assert!(public.event().await.is_some());
    tokens.publish(&server, "DELETE", "/boards/hall", Value::Null).await;
    tokens.open_hall(&server, true).await;
    assert_eq!(public.event().await, None);
}

#[tokio::test]
async fn closed_boards_end_playbacks() {
    let (server, recording) = recorded_day(27).await;
    let from = &recording[recording.len() - 40].1;
    let mut stream = server.stream(&path(from, 3_600)).await;
    server.send("DELETE", "/boards/main?reason=moved", Value::Null).await;
    let mut names = Vec::new();
    while let Some((name, _, data)) = stream.event().await {
        assert!(name != "closedConnection" || data == json!({ "reason": "moved" }));
        names.push(name);
    }
    assert_eq!(names.len(), 41);
    assert_eq!(names.iter().position(|name| name == "closedConnection"), Some(40), "{names:?}");
    assert_eq!(server.get(&path(from, 1)).await.status, StatusCode::NO_CONTENT);
}

async fn wait_playbacks(server: &SocketServer, wanted: u64) {
    let reached = async {
        while server.metric("flightboard_playbacks").await != wanted {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, reached).await.expect("the playbacks begin or end");
}

/// A peer that reads nothing would otherwise keep its stream until the stall timeout, of minutes.
#[tokio::test]
async fn unread_playbacks_end_with_their_right() {
    let tokens = TokenFile::new();
    let server = serve(tokens.settings()).await;
    tokens.open_hall(&server.direct, true).await;
    let from = &hall_times(&server.direct, &tokens).await[0];
    fill_hall(&tokens, &server.direct).await;
    let path = format!("/boards/hall/events?from={from}&speed=1");
    let right = bearer(&tokens.follower);
    let http1 = format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {right}\r\n\r\n");
    let get = http2_frames::get(1, &path, Some(&right));
    let http2 = [http2_frames::preface(0), get].concat();
    let mut streams = Vec::new();
    for request in [http1.as_bytes(), &http2] {
        streams.push(send_without_reading(&server, request).await);
    }
    wait_playbacks(&server, 2).await;
    tokens.write(&[]);
    wait_playbacks(&server, 0).await;
}
