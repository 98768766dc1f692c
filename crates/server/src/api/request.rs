//! The parts of a request, parsed or refused.

use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use bytes::{Bytes, BytesMut};
use flight::{BoardName, FlightKey, IdempotencyKey, Precondition};
use http::{HeaderMap, HeaderName, StatusCode, header};
use http_body_util::BodyExt;
use journal::RecordId;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::problem::Problem;
use engine::LiveBoards;

/// Largest body of one update: far above the largest that could be accepted.
pub(super) const MAX_UPDATE_BYTES: usize = 64 * 1024;

/// Largest body of many updates.
pub(super) const MAX_BULK_BYTES: usize = 4 * 1024 * 1024;

/// How much of a body that is too large is still read, so that its sender comes to read why.
const MAX_DISCARDED_BYTES: usize = 64 * 1024 * 1024;

/// How long a body may pause, and how long it may take besides what its pace allows.
const BODY_PAUSE: Duration = Duration::from_secs(30);

/// The least pace of a body, in bytes a second.
const BODY_PACE_BYTES: usize = 1024;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Whether a content type is one of those that a request may have.
pub(super) type Accepts = fn(&str) -> bool;

/// `application/json`, or any type that is JSON by its name (RFC 6839). A foreign page's plain
/// form cannot have such a type without a preflight.
pub(super) fn is_json(content_type: &str) -> bool {
    content_type == "application/json"
        || (content_type.starts_with("application/") && content_type.ends_with("+json"))
}

/// JSON a line, by any of its names, or plain JSON.
pub(super) fn is_json_lines(content_type: &str) -> bool {
    ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"]
        .contains(&content_type)
        || is_json(content_type)
}

pub(super) fn board(text: &str) -> Result<BoardName, Problem> {
    BoardName::parse(text).map_err(|_| Problem::unknown_board())
}

/// The key in a URL: the number, and the date where the query has one.
pub(super) fn key(flight: &str, query: &str) -> Result<FlightKey, Problem> {
    let mut date = None;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "date" => date = Some(value.into_owned()),
            _ => {
                return Err(bad(
                    "query",
                    format!("has {name}, which is not a parameter of this URL"),
                ));
            }
        }
    }
    Ok(FlightKey::parse(flight, date.as_deref())?)
}

/// The JSON of one update.
pub(super) async fn json(parts: &Parts, body: Body) -> Result<Value, Problem> {
    let bytes = bytes(parts, body, is_json, MAX_UPDATE_BYTES).await?;
    serde_json::from_slice(&bytes).map_err(|error| not_json("body", &error))
}

pub(super) fn not_json(field: &str, error: &serde_json::Error) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "Not JSON", field, format!("is not JSON: {error}"))
}

/// A body of the right type and no more than `max_bytes`, that comes in time.
pub(super) async fn bytes(
    parts: &Parts,
    mut body: Body,
    accepts: Accepts,
    max_bytes: usize,
) -> Result<Bytes, Problem> {
    let content_type = text(&parts.headers, &header::CONTENT_TYPE)?.unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (start, mut whole, mut bytes_read) = (Instant::now(), BytesMut::new(), 0);
    loop {
        let frame = timeout_at(due(start, bytes_read.min(max_bytes)), body.frame());
        let Some(frame) = frame.await.map_err(|_| too_slow())? else { break };
        let frame = frame.map_err(|error| bad("body", format!("ended early: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        bytes_read += data.len();
        if bytes_read <= max_bytes {
            whole.extend_from_slice(&data);
        } else if bytes_read > MAX_DISCARDED_BYTES {
            break;
        }
    }
    if !accepts(&essence) {
        let reason = if accepts("application/x-ndjson") {
            "must be application/x-ndjson"
        } else {
            "must be application/json"
        };
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::new(status, "Unsupported type", "Content-Type", reason));
    }
    if bytes_read > max_bytes {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        let reason = format!("must be at most {max_bytes} bytes");
        return Err(Problem::new(status, "Body too large", "body", reason));
    }
    Ok(whole.freeze())
}

/// When the next bytes of a body must be there that began at `start`.
fn due(start: Instant, bytes_read: usize) -> Instant {
    let allowed = Duration::from_secs((bytes_read / BODY_PACE_BYTES) as u64);
    (Instant::now() + BODY_PAUSE).min(start + BODY_PAUSE + allowed)
}

fn too_slow() -> Problem {
    let (status, title) = (StatusCode::REQUEST_TIMEOUT, "Body too slow");
    Problem::new(status, title, "body", "did not come in time")
}

pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let text = text(headers, &IDEMPOTENCY_KEY)?;
    let key = text.map(IdempotencyKey::parse).transpose();
    key.map_err(|error| bad("Idempotency-Key", error.reason))
}

/// What `If-Match` or `If-None-Match` ask of a row that is to be changed.
pub(super) fn condition(
    headers: &HeaderMap,
    live: &LiveBoards,
) -> Result<Option<Precondition>, Problem> {
    match (text(headers, &header::IF_MATCH)?, text(headers, &header::IF_NONE_MATCH)?) {
        (None, None) => Ok(None),
        (Some("*"), None) => Ok(Some(Precondition::Present)),
        (None, Some("*")) => Ok(Some(Precondition::Absent)),
        (Some(tags), None) => {
            let versions = entity_tags(tags).filter(|id| live.honours(*id)).map(|id| id.seq.0);
            Ok(Some(Precondition::Version(versions.collect())))
        }
        (None, Some(_)) => Err(bad("If-None-Match", "must be * where something is to be changed")),
        (Some(_), Some(_)) => Err(bad("If-Match", "must not come with If-None-Match")),
    }
}

/// Whether the reader has the version `id` already.
pub(super) fn is_known(headers: &HeaderMap, id: RecordId) -> bool {
    let tags = text(headers, &header::IF_NONE_MATCH).ok().flatten();
    tags.is_some_and(|tags| tags == "*" || entity_tags(tags).any(|tag| tag == id))
}

/// The tags of ours in a list; others match nothing.
fn entity_tags(tags: &str) -> impl Iterator<Item = RecordId> {
    let tags = tags.split(',').map(|tag| tag.trim().trim_start_matches("W/").trim_matches('"'));
    tags.filter_map(|tag| tag.parse().ok())
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = value.to_str().map_err(|_| bad(name.as_str(), "must be visible ASCII"))?;
    Ok(Some(text.trim()))
}

fn bad(field: &str, reason: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "Bad request", field, reason)
}
