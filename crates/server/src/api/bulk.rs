//! Many updates in one request: NDJSON in, one outcome a line out.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use flight::{BoardName, Change, IdempotencyKey, ParseError, Update};
use http::header;
use serde_json::{Value, json};

use super::request::{self, MAX_BULK_BYTES};
use crate::app::App;
use crate::problem::Problem;
use crate::segments::Segments;
use engine::MAX_PUBLISHED_AT_ONCE;
use engine::PublishOutcome;

/// `POST /boards/{board}/flights`: each line is an update of its own. One that is refused does not
/// hold up the others; all are carried out in the order of their lines.
pub(crate) async fn post(
    State(app): State<App>,
    Segments(board): Segments<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let board = request::board(&board)?;
    let body = request::bytes(&parts, body, request::is_json_lines, MAX_BULK_BYTES).await?;
    request::idempotency_key(&parts.headers)?;
    let key = parts.headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    if app.state.engine.boards().read(|boards, _| boards.board(&board).is_none()) {
        return Err(Problem::unknown_board());
    }
    let lines = body.split(|byte| *byte == b'\n').zip(1..);
    let lines: Vec<_> = lines.filter(|(line, _)| !line.trim_ascii().is_empty()).collect();
    let mut answer = Vec::new();
    for part in lines.chunks(MAX_PUBLISHED_AT_ONCE) {
        let read = |(line, number): &(&[u8], u64)| (*number, read(&board, line, *number, key));
        publish(&app, part.iter().map(read).collect(), &mut answer).await;
    }
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], answer).into_response())
}

/// Publishes the lines that were understood and appends the outcome of each.
async fn publish(app: &App, lines: Vec<(u64, Result<Update, Problem>)>, answer: &mut Vec<u8>) {
    let records = lines.iter().filter_map(|(_, line)| line.as_ref().ok()).cloned().collect();
    let mut outcomes = app.state.engine.publisher().publish(records).await.into_iter();
    for (number, line) in lines {
        let outcome = line.and_then(|_| {
            let outcome = outcomes.next().expect("one for each that was published");
            outcome.map_err(Problem::from)
        });
        answer.extend_from_slice(outcome_line(number, outcome).to_string().as_bytes());
        answer.push(b'\n');
    }
}

fn outcome_line(number: u64, outcome: Result<PublishOutcome, Problem>) -> Value {
    let outcome = outcome.and_then(|outcome| outcome.map_err(Problem::from));
    let (status, mut fields) = match outcome {
        Ok(done) => (200, json!({ "id": done.id.map(|id| id.to_string()) })),
        Err(problem) => (problem.status().as_u16(), json!(problem)),
    };
    (fields["line"], fields["status"]) = (number.into(), status.into());
    fields
}

fn read(board: &BoardName, line: &[u8], number: u64, key: Option<&str>) -> Result<Update, Problem> {
    let json = serde_json::from_slice(line).map_err(|error| request::not_json("line", &error))?;
    let Value::Object(mut members) = json else {
        return Err(ParseError::new("line", "must be an object").into());
    };
    let event = members.remove("event");
    let event = event.as_ref().and_then(Value::as_str);
    let event = event.ok_or_else(|| ParseError::new("event", "must be the name of an event"))?;
    let data = members.remove("data").ok_or_else(|| ParseError::new("data", "is missing"))?;
    let key = match members.remove("idempotencyKey") {
        Some(Value::String(key)) => Some(key),
        Some(_) => return Err(ParseError::new("idempotencyKey", "must be a string").into()),
        None => key.map(|key| format!("{key}/{number}")),
    };
    if let Some(name) = members.keys().next() {
        return Err(ParseError::new(name, "is not a member of an update").into());
    }
    let key = key.as_deref().map(IdempotencyKey::parse).transpose()?;
    Ok(Update::new(board.clone(), Change::parse(board, event, &data)?).with_idempotency_key(key))
}
