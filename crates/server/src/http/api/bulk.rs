//! Many updates in one request: one JSON line each, and one line of the response for each.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use engine::{AppliedUpdate, MAX_PUBLISHED_AT_ONCE, Metrics, PublishOutcome};
use flight::{
    BoardName, Change, IdempotencyKey, ParseError, Precondition, PublisherName, Update, decode_json,
};
use futures_util::stream::{self, StreamExt, poll_fn};
use http::header;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::request::{self, BodyFormat, MAX_BULK_BYTES, ReceivedBody};
use crate::app::App;
use crate::http::authorisation::Caller;
use crate::http::path_params::PathParams;
use crate::http::problem::Problem;

/// Time for a client to take the next part of the answer. Its updates are published only as it does.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Parts of an answer that wait for the client.
const MAX_WAITING_PARTS: usize = 2;

/// `POST /boards/{board}/flights`: each line is an independent update. A rejected line does not stop
/// the others. The updates are applied in the order of their lines.
pub(crate) async fn post(
    State(app): State<App>,
    PathParams(board): PathParams<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let board = request::board(&board)?;
    let caller = Caller::identify(&app, &parts).await?;
    let publisher = caller.publisher(&board)?;
    request::check_known(&app, &board).await?;
    let key = request::idempotency_key(&parts.headers)?;
    let precondition = request::precondition(&parts.headers, app.state.engine.boards())?;
    let body =
        request::read_body(&app, &parts, body, BodyFormat::JsonLines, MAX_BULK_BYTES).await?;
    caller.check_still_valid()?;
    let limits = &app.state.settings.limits;
    if lines(&body).nth(limits.bulk_lines).is_some() {
        app.state.engine.metrics().requests().count_long_bulk();
        return Err(Problem::too_many_lines(limits.bulk_lines));
    }
    let outcomes = OutcomeLines::new(limits.bulk_errors, Arc::clone(app.state.engine.metrics()));
    let request = BulkRequest { app, board, caller, publisher, key, body };
    let content = match precondition {
        Some(precondition) => {
            Body::from(request.publish_conditionally(precondition, outcomes).await?)
        }
        None => {
            let (send, mut receive) = mpsc::channel(MAX_WAITING_PARTS);
            tokio::spawn(request.publish(outcomes, send));
            // The head of the answer leaves with the first part. Proxies written in Go close the connection if the head
            // arrives while they still look for the end of the request.
            let first = receive.recv().await;
            let rest = poll_fn(move |cx| receive.poll_recv(cx));
            Body::from_stream(stream::iter(first).chain(rest).map(Ok::<_, Infallible>))
        }
    };
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], content).into_response())
}

/// The lines of a body with their numbers, without empty ones.
fn lines(body: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let lines = (1..).zip(body.split(|byte| *byte == b'\n'));
    lines.filter(|(_, line)| !is_empty(line))
}

/// Returns true for a line of white space, also after a byte order mark.
fn is_empty(line: &[u8]) -> bool {
    decode_json(line).is_ok_and(|text| text.trim_ascii().is_empty())
}

/// A request whose body has been read.
struct BulkRequest {
    app: App,
    board: BoardName,
    caller: Caller,
    publisher: Option<PublisherName>,
    key: Option<IdempotencyKey>,
    body: ReceivedBody,
}

impl BulkRequest {
    fn updates(&self) -> impl Iterator<Item = (u64, Result<Update, Problem>)> {
        lines(&self.body).map(|(number, line)| {
            let update = parse_line(&self.board, line, number, self.key.as_ref());
            (number, update.map(|update| update.published_by(self.publisher.clone())))
        })
    }

    /// Publishes the valid updates one after the other, on the condition that nothing else changes the
    /// board from the version that `precondition` names up to the last line.
    ///
    /// # Errors
    /// The precondition does not hold for the first of them. Then no other is published.
    async fn publish_conditionally(
        &self,
        mut precondition: Precondition,
        mut outcomes: OutcomeLines,
    ) -> Result<Vec<u8>, Problem> {
        let mut is_first = true;
        for (number, line) in self.updates() {
            let update = match self.caller.check_still_valid().and(line) {
                Ok(update) => update.with_board_precondition(Some(precondition.clone())),
                Err(problem) => {
                    outcomes.push(number, Err(problem));
                    continue;
                }
            };
            let outcome = self.app.state.engine.publisher().publish_one(update).await;
            match &outcome {
                Ok(Err(rejection)) if is_first && rejection.is_precondition_failure() => {
                    return Err(rejection.clone().into());
                }
                Ok(Ok(AppliedUpdate { id: Some(id), .. })) => precondition.advance(id.seq.0),
                Ok(_) | Err(_) => {}
            }
            is_first = false;
            outcomes.push(number, outcome.map_err(Problem::from));
        }
        Ok(outcomes.take())
    }

    /// Refuses the updates if the token has ended since the request began.
    fn with_right(
        &self,
        batch: Vec<(u64, Result<Update, Problem>)>,
    ) -> Vec<(u64, Result<Update, Problem>)> {
        match self.caller.check_still_valid() {
            Ok(()) => batch,
            Err(problem) => {
                batch.into_iter().map(|(number, _)| (number, Err(problem.clone()))).collect()
            }
        }
    }

    /// Publishes the valid updates in batches, and sends the outcome of each line. Stops if the client
    /// does not take them.
    async fn publish(self, mut outcomes: OutcomeLines, send: mpsc::Sender<Vec<u8>>) {
        let mut updates = self.updates();
        loop {
            let batch: Vec<_> = updates.by_ref().take(MAX_PUBLISHED_AT_ONCE).collect();
            if batch.is_empty() {
                return;
            }
            let batch = self.with_right(batch);
            publish_batch(&self.app, batch, &mut outcomes).await;
            if !matches!(timeout(ANSWER_TIMEOUT, send.send(outcomes.take())).await, Ok(Ok(()))) {
                return tracing::debug!("the client does not take the answer to its updates");
            }
            // Lines that are all invalid wait for nothing.
            tokio::task::yield_now().await;
        }
    }
}

/// Publishes the valid updates and adds the outcome of each line.
async fn publish_batch(
    app: &App,
    lines: Vec<(u64, Result<Update, Problem>)>,
    outcomes: &mut OutcomeLines,
) {
    let updates: Vec<_> =
        lines.iter().filter_map(|(_, line)| line.as_ref().ok()).cloned().collect();
    let mut published = Vec::new().into_iter();
    if !updates.is_empty() {
        published = app.state.engine.publisher().publish(updates).await.into_iter();
    }
    for (number, line) in lines {
        let outcome = line.and_then(|_| {
            let outcome = published.next().expect("each published update has an outcome");
            outcome.map_err(Problem::from)
        });
        outcomes.push(number, outcome);
    }
}

/// The lines of an answer. Only the first errors are explained.
struct OutcomeLines {
    text: Vec<u8>,
    explained_errors: usize,
    metrics: Arc<Metrics>,
}

impl OutcomeLines {
    fn new(explained_errors: usize, metrics: Arc<Metrics>) -> Self {
        Self { text: Vec::new(), explained_errors, metrics }
    }

    fn push(&mut self, number: u64, outcome: Result<PublishOutcome, Problem>) {
        let outcome = outcome.and_then(|outcome| outcome.map_err(Problem::from));
        let (status, mut fields) = match outcome {
            Ok(applied) => (200, json!({ "id": applied.id.map(|id| id.to_string()) })),
            Err(problem) if self.explained_errors > 0 => {
                self.explained_errors -= 1;
                (problem.status().as_u16(), json!(problem))
            }
            Err(problem) => {
                self.metrics.requests().count_shortened_error();
                (problem.status().as_u16(), json!({}))
            }
        };
        fields["line"] = number.into();
        fields["status"] = status.into();
        self.text.extend_from_slice(fields.to_string().as_bytes());
        self.text.push(b'\n');
    }

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.text)
    }
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
