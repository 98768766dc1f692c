//! A board through cuts, refusals and silence.

use std::time::{Duration, SystemTime};

use flightboard_client::{Board, BoardFollower, FollowOptions, FollowStatus, FollowUpdate};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::changes::next_lines;
use crate::scripted_server::{AnswerEnd, ScriptAnswer, ScriptedServer};

const WAIT_TIMEOUT: Duration = Duration::from_secs(30);

fn event(id: u64, name: &str, data: &Value) -> String {
    format!("id: aa-{id}\nevent: {name}\ndata: {data}\n\n")
}

fn heartbeat(head: u64) -> String {
    format!("event: heartbeat\ndata: {}\n\n", json!({"head": format!("aa-{head}")}))
}

fn timetable(id: u64, rows: &Value) -> String {
    let board = json!({"name": "main", "title": "Arrivals", "kind": "arrivals"});
    event(id, "timetable", &json!({"board": board, "reason": "start", "flights": rows}))
}

fn rome(state: &str) -> Value {
    json!({"flight": "I768", "origin": "Rome", "state": state})
}

/// With short waits.
fn options() -> FollowOptions {
    FollowOptions {
        first_wait: Duration::from_millis(20),
        max_wait: Duration::from_millis(40),
        ..FollowOptions::default()
    }
}

fn follower(server: &ScriptedServer, options: FollowOptions) -> BoardFollower {
    BoardFollower::new(server.url().parse().unwrap(), options).unwrap()
}

/// The updates up to the first one that is as wanted.
async fn until(
    follower: &mut BoardFollower,
    is_wanted: impl Fn(&FollowUpdate) -> bool,
) -> Vec<FollowUpdate> {
    let mut updates = Vec::new();
    loop {
        let update = timeout(WAIT_TIMEOUT, follower.next()).await;
        let update = update.unwrap_or_else(|_| panic!("not among {updates:?}"));
        updates.push(update.clone());
        if is_wanted(&update) {
            return updates;
        }
    }
}

async fn until_status(follower: &mut BoardFollower, name: &str) -> FollowStatus {
    let is_wanted = |update: &FollowUpdate| matches!(update, FollowUpdate::Status(status) if status.name() == name);
    until(follower, is_wanted).await;
    follower.status().clone()
}

fn flights(follower: &BoardFollower) -> Vec<Value> {
    follower.board().rows().map(|row| json!(row.fields())).collect()
}

#[tokio::test]
async fn cut_streams_go_on() {
    let first = format!("retry: 10\n{}{}", timetable(1, &json!([rome("")])), heartbeat(1));
    let second = event(2, "flightStateUpdate", &json!({"flight": "I768", "state": "landed"}));
    let second = second + &heartbeat(2);
    let server = ScriptedServer::start([
        ScriptAnswer::stream(&first, AnswerEnd::Truncate),
        ScriptAnswer::stream(&second, AnswerEnd::Hold),
    ])
    .await;
    let mut follower = follower(&server, options());
    let before = SystemTime::now();
    until_status(&mut follower, "live").await;
    assert_eq!(flights(&follower), [rome("")]);
    let status = until_status(&mut follower, "reconnecting").await;
    assert!(status.since().is_some_and(|since| since >= before && since <= SystemTime::now()));
    let updates =
        until(&mut follower, |update| *update == FollowUpdate::Status(FollowStatus::Live));
    let updates = updates.await;
    let changes = updates.iter().find_map(|update| match update {
        FollowUpdate::Changes(changes) => Some(changes),
        _ => None,
    });
    let fields = changes.unwrap()[0].fields();
    assert_eq!(fields.len(), 1);
    assert_eq!((fields[0].name, fields[0].after), ("state", Some(&json!("landed"))));
    assert_eq!(flights(&follower), [rome("landed")]);
    assert_eq!(server.requests()[1].header("last-event-id"), Some("aa-1"));
}

#[tokio::test]
async fn gateway_errors_are_survived() {
    let first = timetable(1, &json!([rome("")]));
    let bad = ScriptAnswer::json(502, "text/html", "<html>");
    let server = ScriptedServer::start([
        ScriptAnswer::stream(&format!("retry: 10\n{first}"), AnswerEnd::Close),
        bad.clone(),
        // The question for the board.
        bad,
        ScriptAnswer::stream(&heartbeat(1), AnswerEnd::Hold),
    ])
    .await;
    let mut follower = follower(&server, options());
    until_status(&mut follower, "live").await;
    until_status(&mut follower, "reconnecting").await;
    until_status(&mut follower, "live").await;
    let requests = server.requests();
    assert_eq!(requests[2].line, "GET /boards/main HTTP/1.1");
    assert_eq!(requests[3].header("last-event-id"), Some("aa-1"));
}

#[tokio::test]
async fn silent_streams_are_replaced() {
    let first = timetable(1, &json!([rome("")]));
    let server = ScriptedServer::start([
        ScriptAnswer::stream(&first, AnswerEnd::Hold),
        ScriptAnswer::stream(&heartbeat(1), AnswerEnd::Hold),
    ])
    .await;
    let silence_timeout = Duration::from_millis(200);
    let mut follower = follower(&server, FollowOptions { silence_timeout, ..options() });
    until_status(&mut follower, "live").await;
    until_status(&mut follower, "stale").await;
    until_status(&mut follower, "live").await;
    assert_eq!(server.requests()[1].header("last-event-id"), Some("aa-1"));
}

#[tokio::test]
async fn lost_events_are_fetched() {
    let first = timetable(1, &json!([rome("")])) + &heartbeat(3);
    let second = event(2, "flightRemoval", &json!({"flight": "I768"}));
    let second = second + &event(3, "flightAddition", &rome("landing")) + &heartbeat(3);
    let server = ScriptedServer::start([
        ScriptAnswer::stream(&first, AnswerEnd::Hold),
        ScriptAnswer::stream(&second, AnswerEnd::Hold),
    ])
    .await;
    let mut follower = follower(&server, options());
    until_status(&mut follower, "reconnecting").await;
    until_status(&mut follower, "live").await;
    assert_eq!(flights(&follower), [rome("landing")]);
    assert_eq!(server.requests()[1].header("last-event-id"), Some("aa-1"));
}

#[tokio::test]
async fn unfit_events_bring_all_rows() {
    let lost = event(2, "flightStateUpdate", &json!({"flight": "G119", "state": "landed"}));
    let unreadable = "id: aa-2\nevent: flightStateUpdate\ndata: {\n\n".to_owned();
    let foreign = lost.replace("aa-2", "bb-1").replace("G119", "I768");
    for event in [lost, unreadable, foreign] {
        let first = timetable(1, &json!([rome("")])) + &event;
        let second = timetable(5, &json!([rome("landed")]));
        let server = ScriptedServer::start([
            ScriptAnswer::stream(&first, AnswerEnd::Hold),
            ScriptAnswer::stream(&second, AnswerEnd::Hold),
        ])
        .await;
        let mut follower = follower(&server, options());
        until_status(&mut follower, "live").await;
        until_status(&mut follower, "reconnecting").await;
        until_status(&mut follower, "live").await;
        assert_eq!(flights(&follower), [rome("landed")], "{event}");
        assert_eq!(server.requests()[1].header("last-event-id"), None, "{event}");
    }
}

#[tokio::test]
async fn row_limits_hold() {
    let limit = 2;
    let rows: Vec<_> = (0..3).map(|number| json!({"flight": format!("F{number}")})).collect();
    let start = timetable(1, &json!(rows[..2]));
    let more = start.clone() + &event(2, "flightAddition", &rows[2]);
    let server = ScriptedServer::start([
        ScriptAnswer::stream(&timetable(1, &json!(rows)), AnswerEnd::Hold),
        ScriptAnswer::stream(&more, AnswerEnd::Hold),
        ScriptAnswer::stream(&start, AnswerEnd::Hold),
    ])
    .await;
    let mut follower = follower(&server, FollowOptions { max_rows: limit, ..options() });
    until_status(&mut follower, "reconnecting").await;
    assert_eq!(flights(&follower).len(), 0);
    until_status(&mut follower, "live").await;
    until_status(&mut follower, "reconnecting").await;
    assert_eq!(flights(&follower).len(), limit);
    until_status(&mut follower, "live").await;
}

#[tokio::test]
async fn absent_boards_are_awaited() {
    let problem = r#"{"title":"Unknown board","status":404,"field":"board"}"#;
    let absent = ScriptAnswer::json(404, "application/problem+json", problem);
    let open = ScriptAnswer::json(200, "application/json", r#"{"name":"main","closed":false}"#);
    let server = ScriptedServer::start([
        absent.clone(),
        absent,
        open,
        ScriptAnswer::stream(&timetable(1, &json!([])), AnswerEnd::Hold),
    ])
    .await;
    let mut follower = follower(&server, options());
    let status = until_status(&mut follower, "absent").await;
    assert_eq!(status, FollowStatus::Absent { since: None });
    until_status(&mut follower, "connecting").await;
    until_status(&mut follower, "live").await;
}

#[tokio::test]
async fn denied_boards_are_forgotten() {
    let problem = r#"{"status":401,"field":"Authorization","detail":"the token has expired"}"#;
    let denied = ScriptAnswer::json(401, "application/problem+json", problem);
    let first = format!("retry: 10\n{}", timetable(1, &json!([rome("")])));
    let server = ScriptedServer::start([
        ScriptAnswer::stream(&first, AnswerEnd::Close),
        denied.clone(),
        denied,
    ])
    .await;
    let mut follower = follower(&server, options());
    until_status(&mut follower, "live").await;
    let status = until_status(&mut follower, "denied").await;
    let detail = Some("the token has expired".to_owned());
    assert_eq!(status, FollowStatus::Denied { had_rows: true, detail });
    assert!(follower.board().settings().is_none() && flights(&follower).is_empty());
}

#[tokio::test]
async fn closed_boards_have_no_rows() {
    let body = timetable(1, &json!([rome("")]));
    let body = body + &event(2, "closedConnection", &json!({"reason": "moved"}));
    let server = ScriptedServer::start([ScriptAnswer::stream(&body, AnswerEnd::Hold)]).await;
    let mut follower = follower(&server, options());
    let status = until_status(&mut follower, "closed").await;
    assert_eq!(status, FollowStatus::Closed { reason: Some("moved".to_owned()) });
    assert_eq!(follower.board().closed(), Some("moved"));
    assert!(flights(&follower).is_empty());
}

#[tokio::test]
async fn servers_behind_are_stale() {
    let behind = "event: heartbeat\ndata: {\"head\":\"aa-1\",\"behind\":60}\n\n";
    let body = timetable(1, &json!([rome("")])) + behind;
    let summary = |behind: &str| {
        let body = format!(r#"{{"name":"main","closed":false,"id":"aa-1"{behind}}}"#);
        ScriptAnswer::json(200, "application/json", &body)
    };
    let server = ScriptedServer::start([
        ScriptAnswer::stream(&body, AnswerEnd::Hold),
        // Another replica is up to date, and gets the stream.
        summary(""),
        ScriptAnswer::stream(&heartbeat(1), AnswerEnd::Hold),
    ])
    .await;
    let mut follower = follower(&server, options());
    let status = until_status(&mut follower, "stale").await;
    let age = status.since().unwrap().elapsed().unwrap();
    assert!(age >= Duration::from_secs(60), "{age:?}");
    until_status(&mut follower, "live").await;
}

#[tokio::test]
async fn reconnects_with_all_rows_tell_changes() {
    let first = format!("retry: 10\n{}", timetable(1, &json!([rome(""), {"flight": "G119"}])));
    let second = timetable(9, &json!([rome("landed"), {"flight": "BA117"}]));
    let server = ScriptedServer::start([
        ScriptAnswer::stream(&first, AnswerEnd::Close),
        ScriptAnswer::stream(&second, AnswerEnd::Hold),
    ])
    .await;
    let follower = follower(&server, options());
    let updates = follower.into_stream();
    let changes = updates.filter_map(async |update| match update {
        FollowUpdate::Changes(changes) => Some(changes),
        _ => None,
    });
    let changes = timeout(WAIT_TIMEOUT, Box::pin(changes).next()).await.unwrap().unwrap();
    let flights: Vec<_> = changes
        .iter()
        .map(|change| (change.key.flight.as_str(), change.before.is_some(), change.after.is_some()))
        .collect();
    assert_eq!(flights, [("G119", true, false), ("I768", true, true), ("BA117", false, true)]);
}

#[tokio::test]
async fn dropped_futures_lose_nothing() {
    let mut body = timetable(1, &json!([]));
    for number in 2..500 {
        body += &event(number, "flightAddition", &json!({"flight": format!("F{number}")}));
    }
    let answer = body.as_bytes().chunks(700).fold(
        ScriptAnswer::new(200, &[("content-type", "text/event-stream")], AnswerEnd::Hold),
        ScriptAnswer::body,
    );
    let server = ScriptedServer::start([answer]).await;
    let mut follower = follower(&server, options());
    let followed = async {
        while flights(&follower).len() < 498 {
            // Too short for most steps.
            let _ = timeout(Duration::from_micros(50), follower.next()).await;
        }
    };
    timeout(WAIT_TIMEOUT, followed).await.unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn example_prints_changes() {
    let body =
        timetable(1, &json!([rome("")])) + &event(2, "flightRemoval", &json!({"flight": "I768"}));
    let server = ScriptedServer::start([ScriptAnswer::stream(&body, AnswerEnd::Hold)]).await;
    let mut follower = Board::follow(&server.url()).unwrap();
    let mut lines = Vec::new();
    while lines.len() < 4 {
        lines.extend(timeout(WAIT_TIMEOUT, next_lines(&mut follower)).await.unwrap());
    }
    assert_eq!(lines[..3], ["connecting", "I768: Some(\"\")", "live"]);
    assert!(lines[3].starts_with("I768: [ChangedField { name: \"flight\""), "{lines:?}");
}
