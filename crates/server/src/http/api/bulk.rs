//! Many updates in one request: one JSON line each, and one line of the response for each.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use engine::{AppliedUpdate, MAX_PUBLISHED_AT_ONCE, PublishOutcome};
use flight::{BoardName, Change, IdempotencyKey, ParseError, Precondition, Update, decode_json};
use http::header;
use serde_json::{Value, json};

use super::request::{self, BodyFormat, MAX_BULK_BYTES};
use crate::app::App;
use crate::http::authorisation::authorise_publisher;
use crate::http::path_params::PathParams;
use crate::http::problem::Problem;

/// `POST /boards/{board}/flights`: each line is an independent update. A rejected line does not stop
/// the others. The updates are applied in the order of their lines.
pub(crate) async fn post(
    State(app): State<App>,
    PathParams(board): PathParams<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let board = request::board(&board)?;
    let publisher = authorise_publisher(&app, &parts.headers, &board).await?;
    let body = request::read_body(&parts, body, BodyFormat::JsonLines, MAX_BULK_BYTES).await?;
    let key = request::idempotency_key(&parts.headers)?;
    if app.state.engine.boards().read(|boards, _| boards.board(&board).is_none()) {
        return Err(Problem::unknown_board());
    }
    let precondition = request::precondition(&parts.headers, app.state.engine.boards())?;
    let lines = body.split(|byte| *byte == b'\n').zip(1..);
    let lines = lines.filter(|(line, _)| !is_empty(line));
    let mut updates = lines.map(|(line, number)| {
        let update = parse_line(&board, line, number, key.as_ref());
        (number, update.map(|update| update.published_by(publisher.clone())))
    });
    let mut response = Vec::new();
    if let Some(precondition) = precondition {
        publish_conditionally(&app, updates, precondition, &mut response).await?;
    } else {
        loop {
            let batch: Vec<_> = updates.by_ref().take(MAX_PUBLISHED_AT_ONCE).collect();
            if batch.is_empty() {
                break;
            }
            publish_batch(&app, batch, &mut response).await;
        }
    }
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], response).into_response())
}

/// Returns true for a line of white space, also after a byte order mark.
fn is_empty(line: &[u8]) -> bool {
    decode_json(line).is_ok_and(|text| text.trim_ascii().is_empty())
}

/// Publishes the valid updates one after the other, on the condition that nothing else changes the
/// board from the version that `precondition` names up to the last line.
///
/// # Errors
/// The precondition does not hold for the first of them. Then no other is published.
async fn publish_conditionally(
    app: &App,
    lines: impl Iterator<Item = (u64, Result<Update, Problem>)>,
    mut precondition: Precondition,
    response: &mut Vec<u8>,
) -> Result<(), Problem> {
    let mut is_first = true;
    for (number, line) in lines {
        let update = match line {
            Ok(update) => update.with_board_precondition(Some(precondition.clone())),
            Err(problem) => {
                push_outcome(number, Err(problem), response);
                continue;
            }
        };
        let outcome = app.state.engine.publisher().publish_one(update).await;
        match &outcome {
            Ok(Err(rejection)) if is_first && rejection.is_precondition_failure() => {
                return Err(rejection.clone().into());
            }
            Ok(Ok(AppliedUpdate { id: Some(id), .. })) => precondition.advance(id.seq.0),
            Ok(_) | Err(_) => {}
        }
        is_first = false;
        push_outcome(number, outcome.map_err(Problem::from), response);
    }
    Ok(())
}

/// Publishes the valid updates and appends the outcome of each line to `response`.
async fn publish_batch(
    app: &App,
    lines: Vec<(u64, Result<Update, Problem>)>,
    response: &mut Vec<u8>,
) {
    let updates = lines.iter().filter_map(|(_, line)| line.as_ref().ok()).cloned().collect();
    let mut outcomes = app.state.engine.publisher().publish(updates).await.into_iter();
    for (number, line) in lines {
        let outcome = line.and_then(|_| {
            let outcome = outcomes.next().expect("each published update has an outcome");
            outcome.map_err(Problem::from)
        });
        push_outcome(number, outcome, response);
    }
}

/// Appends the outcome of a line to `response`.
fn push_outcome(number: u64, outcome: Result<PublishOutcome, Problem>, response: &mut Vec<u8>) {
    let outcome = outcome.and_then(|outcome| outcome.map_err(Problem::from));
    let (status, mut fields) = match outcome {
        Ok(applied) => (200, json!({ "id": applied.id.map(|id| id.to_string()) })),
        Err(problem) => (problem.status().as_u16(), json!(problem)),
    };
    fields["line"] = number.into();
    fields["status"] = status.into();
    response.extend_from_slice(fields.to_string().as_bytes());
    response.push(b'\n');
}

fn parse_line(
    board: &BoardName,
    line: &[u8],
    number: u64,
    request_key: Option<&IdempotencyKey>,
) -> Result<Update, Problem> {
    let Value::Object(mut members) = request::parse_json("line", line)? else {
        return Err(ParseError::new("line", "must be an object").into());
    };
    let event = members.remove("event");
    let event = event.as_ref().and_then(Value::as_str);
    let event = event.ok_or_else(|| ParseError::new("event", "must be the name of an event"))?;
    let data = members.remove("data").ok_or_else(|| ParseError::new("data", "is missing"))?;
    let key = match members.remove("idempotencyKey") {
        Some(Value::String(key)) => Some(IdempotencyKey::parse(&key)?),
        Some(value) if !value.is_null() => {
            return Err(ParseError::new("idempotencyKey", "must be a string").into());
        }
        _ => request_key.map(|key| key.of_line(number)),
    };
    let is_from_feed = match members.remove("feed") {
        Some(Value::Bool(is_from_feed)) => is_from_feed,
        Some(value) if !value.is_null() => {
            return Err(ParseError::new("feed", "must be true or false").into());
        }
        _ => false,
    };
    if let Some(name) = members.keys().next() {
        return Err(ParseError::new(name, "is not a member of an update").into());
    }
    let change = Change::parse(board, event, &data)?;
    let update = Update::new(board.clone(), change).with_idempotency_key(key);
    Ok(if is_from_feed { update.from_feed() } else { update })
}
