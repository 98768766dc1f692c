//! Reconnecting clients: the case file, with scripted connections, and cases that it does not cover.

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;
use sse::{DecodedEvent, EventSource, ReadyState};

/// Cases that do not apply to this client, with the reason.
const NOT_APPLICABLE: [(&str, &str); 1] =
    [("redirect/307-followed", "the caller follows redirects")];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ReconnectCase {
    name: String,
    steps: Vec<ScriptedResponse>,
    expect: ExpectedTrace,
    #[serde(default)]
    close_on_error: bool,
    /// Request number, from 0, and the bounds of the wait before it in milliseconds.
    #[serde(default)]
    delays: Vec<(usize, u64, u64)>,
    /// Requests after which the script ends; used by redirects.
    #[serde(rename = "stopAfter")]
    _stop_after: Option<usize>,
    /// Deviations of browsers from the standard.
    #[serde(rename = "engines")]
    _engines: Option<serde_json::Value>,
    #[serde(rename = "note")]
    _note: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ScriptedResponse {
    status: u16,
    headers: HashMap<String, String>,
    body: String,
    end: BodyEnd,
    /// `Some(None)`: the header must be absent.
    #[serde(default, deserialize_with = "null_as_some_none")]
    expect_last_event_id: Option<Option<String>>,
    #[serde(rename = "path")]
    _path: Option<String>,
}

/// A truncated body and a complete one are the same to this client.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum BodyEnd {
    Close,
    Truncate,
    Hold,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedTrace {
    trace: Vec<String>,
    #[serde(rename = "final")]
    state: String,
    requests: usize,
}

fn null_as_some_none<'de, D: serde::Deserializer<'de>>(
    value: D,
) -> Result<Option<Option<String>>, D::Error> {
    Deserialize::deserialize(value).map(Some)
}

#[test]
fn reconnect_cases_match_their_trace() {
    let cases: Vec<ReconnectCase> =
        serde_json::from_str(include_str!("../data/client-cases.json")).expect("the case file");
    let (skipped, applicable): (Vec<_>, Vec<_>) =
        cases.iter().partition(|case| NOT_APPLICABLE.iter().any(|(name, _)| *name == case.name));
    assert_eq!(skipped.len(), NOT_APPLICABLE.len(), "a skipped case is not in the file");
    assert!(!applicable.is_empty());
    for case in applicable {
        for size in [1, 3, usize::MAX] {
            play(case, size);
        }
    }
}

/// Plays a case with bodies that arrive in chunks of this size.
fn play(case: &ReconnectCase, chunk_bytes: usize) {
    let mut source = EventSource::new();
    let mut trace = Vec::new();
    let mut requests = 0;
    let mut waits = vec![Duration::ZERO];
    while source.ready_state() == ReadyState::Connecting {
        let context = format!("{}, request {requests}", case.name);
        let step = case.steps.get(requests).unwrap_or_else(|| panic!("{context}: unexpected"));
        if let Some(expected) = &step.expect_last_event_id {
            let header = Some(source.last_event_id()).filter(|id| !id.is_empty());
            assert_eq!(header, expected.as_deref(), "{context}");
        }
        requests += 1;
        let content_type = step.headers.get("content-type").map(String::as_str);
        match source.handle_response(step.status, content_type) {
            ReadyState::Open => trace.push("open".to_owned()),
            state => trace.push(format!("error:{}", state as u8)),
        }
        for chunk in step.body.as_bytes().chunks(chunk_bytes) {
            trace.extend(read(&mut source, chunk));
        }
        if step.end == BodyEnd::Hold {
            break;
        }
        if let Some(wait) = source.handle_disconnect() {
            waits.push(wait);
            trace.push(format!("error:{}", source.ready_state() as u8));
            if case.close_on_error {
                source.close();
                trace.push("close".to_owned());
            }
        }
    }
    let state = match source.ready_state() {
        ReadyState::Connecting => "connecting",
        ReadyState::Open => "open",
        ReadyState::Closed => "closed",
    };
    assert_eq!(trace, case.expect.trace, "{}", case.name);
    assert_eq!((state, requests), (&*case.expect.state, case.expect.requests), "{}", case.name);
    for &(request, min, max) in &case.delays {
        let bounds = Duration::from_millis(min)..=Duration::from_millis(max);
        assert!(bounds.contains(&waits[request]), "{}: {waits:?}", case.name);
    }
}

fn trace_entry(DecodedEvent { event, data, last_event_id }: &DecodedEvent) -> String {
    format!("msg:{event}:{data}:{last_event_id}")
}

fn open(source: &mut EventSource) {
    assert_eq!(source.handle_response(200, Some("text/event-stream")), ReadyState::Open);
}

fn read(source: &mut EventSource, bytes: &[u8]) -> Vec<String> {
    let events = source.feed(bytes).map(|event| event.expect("below the size limit"));
    events.map(|event| trace_entry(&event)).collect()
}

#[test]
fn retries_keep_id_and_delay() {
    let mut source = EventSource::with_last_event_id("7");
    for _ in 0..3 {
        assert_eq!(source.handle_disconnect(), Some(Duration::from_secs(3)), "the default wait");
        assert_eq!(source.ready_state(), ReadyState::Connecting);
    }
    open(&mut source);
    assert_eq!(read(&mut source, b"retry: 20\ndata: a\n\n"), ["msg:message:a:7"]);
    for _ in 0..3 {
        assert_eq!(
            (source.handle_disconnect(), source.last_event_id()),
            (Some(Duration::from_millis(20)), "7")
        );
    }
}

#[test]
fn unknown_names_count_as_last_id() {
    let mut source = EventSource::new();
    open(&mut source);
    let stream = b"id: 7\nevent: timetable\ndata: a\n\nid: 8\nevent: ofALaterVersion\ndata: b\n\n";
    assert_eq!(read(&mut source, stream), ["msg:timetable:a:7", "msg:ofALaterVersion:b:8"]);
    // An event without an id shows that of the event before it, whatever its name.
    assert_eq!(read(&mut source, b"event: heartbeat\ndata: c\n\n"), ["msg:heartbeat:c:8"]);
    source.handle_disconnect();
    assert_eq!(source.last_event_id(), "8");
}

#[test]
fn closed_source_ignores_input() {
    let mut source = EventSource::new();
    open(&mut source);
    assert_eq!(read(&mut source, b"id: 7\ndata: a\n\ndata: b"), ["msg:message:a:7"]);
    source.close();
    assert!(read(&mut source, b"\n\nid: 8\ndata: c\n\n").is_empty());
    assert_eq!(source.handle_response(200, Some("text/event-stream")), ReadyState::Closed);
    assert!(read(&mut source, b"data: d\n\n").is_empty());
    assert_eq!((source.handle_disconnect(), source.last_event_id()), (None, "7"));
}

#[test]
fn body_without_head_is_ignored() {
    let mut source = EventSource::new();
    assert!(read(&mut source, b"id: 7\ndata: a\n\n").is_empty());
    open(&mut source);
    source.handle_disconnect();
    assert!(read(&mut source, b"id: 8\ndata: a\n\n").is_empty());
    assert_eq!(source.last_event_id(), "");
}

#[test]
fn media_type_parameters_are_ignored() {
    let opens =
        |content_type| EventSource::new().handle_response(200, content_type) == ReadyState::Open;
    for content_type in [
        "text/event-stream",
        " Text/Event-Stream\t; x",
        "text/event-stream ;",
        "text/event-stream;;",
    ] {
        assert!(opens(Some(content_type)), "{content_type}");
    }
    for content_type in [
        "",
        ";",
        "text/event-stream, text/html",
        "text/event-stream x",
        "text /event-stream",
        "\u{a0}text/event-stream",
    ] {
        assert!(!opens(Some(content_type)), "{content_type}");
    }
    assert!(!opens(None));
}
