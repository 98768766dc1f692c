//! The cases of the event-source standard, which `crates/sse` plays without a socket: `client-cases.json` has whole
//! connections, and `sse-cases.json` the format.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flightboard_client::{BoardUrl, EventRequests, FollowOptions, HttpEventSource, SourceSignal};
use serde::Deserialize;
use tokio::time::timeout;

use crate::scripted_server::{AnswerEnd, ScriptAnswer, ScriptedServer};

/// Far above the time that a loaded machine needs.
const WAIT_TIMEOUT: Duration = Duration::from_secs(30);

/// Time in which a stream that is held open must send nothing more.
const QUIET_TIME: Duration = Duration::from_millis(100);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SocketCase {
    name: String,
    steps: Vec<SocketStep>,
    expect: SocketTrace,
    #[serde(default)]
    close_on_error: bool,
    /// Number of a request, from 0, and the bounds of the wait before it in milliseconds.
    #[serde(default)]
    delays: Vec<(usize, u64, u64)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SocketStep {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
    end: String,
    #[serde(default, deserialize_with = "present")]
    expect_last_event_id: Option<Option<String>>,
    path: Option<String>,
}

#[derive(Deserialize)]
struct SocketTrace {
    trace: Vec<String>,
    #[serde(rename = "final")]
    state: String,
    requests: usize,
}

/// `Some(None)`: the header must be absent.
fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Deserialize::deserialize(value).map(Some)
}

#[tokio::test]
async fn connections_match_the_standard() {
    let cases: Vec<SocketCase> =
        serde_json::from_str(include_str!("../../../sse/tests/data/client-cases.json")).unwrap();
    assert!(!cases.is_empty());
    for case in &cases {
        play(case).await;
    }
}

async fn play(case: &SocketCase) {
    let server = ScriptedServer::start([]).await;
    server.add(case.steps.iter().map(|step| answer(step, &server.url())));
    let mut source = source(&server.url(), FollowOptions::default());
    let mut trace = Vec::new();
    let is_held = case.expect.state == "open";
    while trace.len() < case.expect.trace.len() {
        let signal = timeout(WAIT_TIMEOUT, source.next()).await;
        let signal = signal.unwrap_or_else(|_| panic!("{}: {trace:?}", case.name));
        let Some(signal) = signal else { break };
        match signal {
            SourceSignal::Open => trace.push("open".to_owned()),
            SourceSignal::Event(event) => {
                trace.push(format!("msg:{}:{}:{}", event.event, event.data, event.last_event_id));
            }
            SourceSignal::Refused(_) => trace.push("error:2".to_owned()),
            SourceSignal::Cut(_) => {
                trace.push("error:0".to_owned());
                if case.close_on_error {
                    source.close();
                    trace.push("close".to_owned());
                }
            }
            SourceSignal::Oversized => panic!("{}: nothing is that large", case.name),
        }
    }
    assert_eq!(trace, case.expect.trace, "{}", case.name);
    if is_held {
        assert!(timeout(QUIET_TIME, source.next()).await.is_err(), "{}: it is open", case.name);
    } else {
        assert!(source.next().await.is_none(), "{}: it is closed", case.name);
    }
    check_requests(case, &server);
}

fn check_requests(case: &SocketCase, server: &ScriptedServer) {
    let requests = server.requests();
    assert_eq!(requests.len(), case.expect.requests, "{}", case.name);
    for (request, step) in requests.iter().zip(&case.steps) {
        assert_eq!(request.header("accept"), Some("text/event-stream"), "{}", case.name);
        assert_eq!(request.header("cache-control"), Some("no-cache"), "{}", case.name);
        assert_eq!(request.header("accept-encoding"), None, "{}", case.name);
        if let Some(path) = &step.path {
            assert_eq!(request.line, format!("GET {path} HTTP/1.1"), "{}", case.name);
        }
        if let Some(expected) = &step.expect_last_event_id {
            assert_eq!(request.header("last-event-id"), expected.as_deref(), "{}", case.name);
        }
    }
    for &(number, min, _) in &case.delays {
        // A loaded machine may wait for longer, never for a shorter time.
        let wait = requests[number].at - requests[number - 1].at;
        assert!(wait >= Duration::from_millis(min), "{}: {wait:?}", case.name);
    }
}

fn answer(step: &SocketStep, server: &str) -> ScriptAnswer {
    let location = format!("{server}/target");
    let headers = step.headers.iter().map(|(name, value)| {
        (name.as_str(), if value == "LOCATION" { location.as_str() } else { value.as_str() })
    });
    let end = match step.end.as_str() {
        "close" => AnswerEnd::Close,
        "hold" => AnswerEnd::Hold,
        "truncate" => AnswerEnd::Truncate,
        other => panic!("unknown end {other}"),
    };
    ScriptAnswer::new(step.status, &headers.collect::<Vec<_>>(), end).body(&step.body)
}

pub(crate) fn source(url: &str, options: FollowOptions) -> HttpEventSource {
    let url: BoardUrl = url.parse().unwrap();
    let requests = EventRequests::new(&url, "/events", &options).unwrap();
    HttpEventSource::new(requests, "", options.max_event_bytes)
}

#[derive(Deserialize)]
struct FormatCase {
    name: String,
    chunks: Vec<String>,
    expect: FormatResult,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FormatResult {
    events: Vec<FormatEvent>,
    last_event_id: String,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FormatEvent {
    #[serde(rename = "type")]
    event: String,
    data: String,
    last_event_id: String,
}

#[tokio::test]
async fn formats_match_the_standard() {
    let cases: Vec<FormatCase> =
        serde_json::from_str(include_str!("../../../sse/tests/data/sse-cases.json")).unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let headers = [("content-type", "text/event-stream")];
        let mut answer = ScriptAnswer::new(200, &headers, AnswerEnd::Close);
        for chunk in &case.chunks {
            answer = answer.body(STANDARD.decode(chunk).unwrap());
        }
        let server = ScriptedServer::start([answer]).await;
        let mut source = source(&server.url(), FollowOptions::default());
        let mut events = Vec::new();
        loop {
            let signal = timeout(WAIT_TIMEOUT, source.next()).await.unwrap();
            match signal.unwrap() {
                SourceSignal::Open => {}
                SourceSignal::Event(event) => events.push(FormatEvent {
                    event: event.event,
                    data: event.data,
                    last_event_id: event.last_event_id.to_string(),
                }),
                SourceSignal::Cut(_) => break,
                other => panic!("{}: {other:?}", case.name),
            }
        }
        assert_eq!(events, case.expect.events, "{}", case.name);
        assert_eq!(source.last_event_id(), case.expect.last_event_id, "{}", case.name);
    }
}
