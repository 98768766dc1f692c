//! The case file of reconnecting clients, with scripted connections, and what it has no case for.

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;
use sse::{Decoded, EventSource, ReadyState};

/// Cases of what this client does not decide, and why.
const NOT_DECIDED_HERE: [(&str, &str); 1] =
    [("redirect/307-followed", "whoever makes the requests follows the redirects")];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    name: String,
    steps: Vec<Step>,
    expect: Expected,
    #[serde(default)]
    close_on_error: bool,
    /// Before the request of this number, counted from 0, a wait in these bounds.
    #[serde(default)]
    delays: Vec<(usize, u64, u64)>,
    /// Requests after which a server stops counting, where what follows is a redirect's matter.
    #[serde(rename = "stopAfter")]
    _stop_after: Option<usize>,
    /// Where browsers differ from the standard.
    #[serde(rename = "engines")]
    _engines: Option<serde_json::Value>,
    #[serde(rename = "note")]
    _note: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Step {
    status: u16,
    headers: HashMap<String, String>,
    body: String,
    end: End,
    /// `Some(None)`: the header must be absent.
    #[serde(default, deserialize_with = "even_if_null")]
    expect_last_event_id: Option<Option<String>>,
    #[serde(rename = "path")]
    _path: Option<String>,
}

/// To this client a body that was cut is no other than one that ended.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum End {
    Close,
    Truncate,
    Hold,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    trace: Vec<String>,
    #[serde(rename = "final")]
    state: String,
    requests: usize,
}

fn even_if_null<'de, D: serde::Deserializer<'de>>(
    value: D,
) -> Result<Option<Option<String>>, D::Error> {
    Deserialize::deserialize(value).map(Some)
}

#[test]
fn every_case_comes_out_or_is_named_with_its_reason() {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("../data/client-cases.json")).expect("the case file");
    let (left_out, decided): (Vec<_>, Vec<_>) =
        cases.iter().partition(|case| NOT_DECIDED_HERE.iter().any(|(name, _)| *name == case.name));
    assert_eq!(left_out.len(), NOT_DECIDED_HERE.len(), "each of them is a case");
    assert!(!decided.is_empty());
    for case in decided {
        for size in [1, 3, usize::MAX] {
            play(case, size);
        }
    }
}

/// Plays a case with bodies that arrive in pieces of this size.
fn play(case: &Case, piece_bytes: usize) {
    let mut source = EventSource::new();
    let mut trace = Vec::new();
    let (mut requests, mut waits) = (0, vec![Duration::ZERO]);
    while source.ready_state() == ReadyState::Connecting {
        let at = format!("{}, request {requests}", case.name);
        let step = case.steps.get(requests).unwrap_or_else(|| panic!("{at}: one too many"));
        if let Some(expected) = &step.expect_last_event_id {
            let header = Some(source.last_event_id()).filter(|id| !id.is_empty());
            assert_eq!(header, expected.as_deref(), "{at}");
        }
        requests += 1;
        let content_type = step.headers.get("content-type").map(String::as_str);
        match source.answered(step.status, content_type) {
            ReadyState::Open => trace.push("open".to_owned()),
            state => trace.push(format!("error:{}", state as u8)),
        }
        for piece in step.body.as_bytes().chunks(piece_bytes) {
            trace.extend(source.feed(piece).map(|event| told(&event.expect("a small event"))));
        }
        if step.end == End::Hold {
            break;
        }
        if let Some(wait) = source.lost() {
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
    for &(request, least, most) in &case.delays {
        let bounds = Duration::from_millis(least)..=Duration::from_millis(most);
        assert!(bounds.contains(&waits[request]), "{}: {waits:?}", case.name);
    }
}

fn told(Decoded { event, data, last_event_id }: &Decoded) -> String {
    format!("msg:{event}:{data}:{last_event_id}")
}

fn open(source: &mut EventSource) {
    assert_eq!(source.answered(200, Some("text/event-stream")), ReadyState::Open);
}

fn read(source: &mut EventSource, bytes: &[u8]) -> Vec<String> {
    source.feed(bytes).map(|event| told(&event.expect("a small event"))).collect()
}

#[test]
fn a_server_that_is_away_is_asked_again_and_again_with_the_same_id() {
    let mut source = EventSource::resuming("7");
    for _ in 0..3 {
        assert_eq!(source.lost(), Some(Duration::from_secs(3)), "the wait that nobody set");
        assert_eq!(source.ready_state(), ReadyState::Connecting);
    }
    open(&mut source);
    assert_eq!(read(&mut source, b"retry: 20\ndata: a\n\n"), ["msg:message:a:7"]);
    for _ in 0..3 {
        assert_eq!((source.lost(), source.last_event_id()), (Some(Duration::from_millis(20)), "7"));
    }
}

#[test]
fn nothing_comes_after_it_was_closed() {
    let mut source = EventSource::new();
    open(&mut source);
    assert_eq!(read(&mut source, b"id: 7\ndata: a\n\ndata: b"), ["msg:message:a:7"]);
    source.close();
    assert!(read(&mut source, b"\n\nid: 8\ndata: c\n\n").is_empty());
    assert_eq!(source.answered(200, Some("text/event-stream")), ReadyState::Closed);
    assert!(read(&mut source, b"data: d\n\n").is_empty());
    assert_eq!((source.lost(), source.last_event_id()), (None, "7"));
}

#[test]
fn a_body_without_its_head_is_not_read() {
    let mut source = EventSource::new();
    assert!(read(&mut source, b"id: 7\ndata: a\n\n").is_empty());
    open(&mut source);
    source.lost();
    assert!(read(&mut source, b"id: 8\ndata: a\n\n").is_empty());
    assert_eq!(source.last_event_id(), "");
}

#[test]
fn only_the_essence_of_the_media_type_counts() {
    let opens = |content_type| EventSource::new().answered(200, content_type) == ReadyState::Open;
    for yes in [
        "text/event-stream",
        " Text/Event-Stream\t; x",
        "text/event-stream ;",
        "text/event-stream;;",
    ] {
        assert!(opens(Some(yes)), "{yes}");
    }
    for no in [
        "",
        ";",
        "text/event-stream, text/html",
        "text/event-stream x",
        "text /event-stream",
        "\u{a0}text/event-stream",
    ] {
        assert!(!opens(Some(no)), "{no}");
    }
    assert!(!opens(None));
}
