//! Parses the parts of a request.

use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use bytes::{Bytes, BytesMut};
use engine::LiveBoards;
use flight::{BoardName, FlightKey, IdempotencyKey, Precondition};
use http::{HeaderMap, HeaderName, StatusCode, header};
use http_body_util::BodyExt;
use journal::RecordId;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::http::problem::Problem;

/// Largest body with one update; far above the largest valid update.
pub(super) const MAX_UPDATE_BYTES: usize = 64 * 1024;

/// Largest body with many updates.
pub(super) const MAX_BULK_BYTES: usize = 4 * 1024 * 1024;

/// Most bytes of a too large body that are read and discarded. Most clients read the response only
/// after they have sent the body.
const MAX_DISCARDED_BYTES: usize = 64 * 1024 * 1024;

/// Longest pause in a body; also the time that a body may take on top of [`MIN_BODY_RATE`].
const MAX_BODY_PAUSE: Duration = Duration::from_secs(30);

/// Lowest rate of a body, in bytes per second.
const MIN_BODY_RATE: usize = 1024;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The format that a body must have.
#[derive(Clone, Copy)]
pub(super) enum BodyFormat {
    Json,
    /// One JSON text per line.
    JsonLines,
}

impl BodyFormat {
    /// For JSON, `application/json` and any `application/*+json` (RFC 6839). The plain form of a
    /// foreign page cannot have such a type without a preflight.
    fn accepts(self, content_type: &str) -> bool {
        let is_json = content_type == "application/json"
            || (content_type.starts_with("application/") && content_type.ends_with("+json"));
        let lines = [
            "application/x-ndjson",
            "application/ndjson",
            "application/jsonl",
            "application/x-jsonlines",
        ];
        match self {
            Self::Json => is_json,
            Self::JsonLines => is_json || lines.contains(&content_type),
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Json => "must be application/json",
            Self::JsonLines => "must be application/x-ndjson",
        }
    }
}

pub(super) fn board(text: &str) -> Result<BoardName, Problem> {
    BoardName::parse(text).map_err(|_| Problem::unknown_board())
}

/// Parses the key of a row: the flight number in the path, and `date` in the query.
pub(super) fn flight_key(flight: &str, query: &str) -> Result<FlightKey, Problem> {
    let mut date = None;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "date" {
            return Err(bad_request("query", format!("has the unknown parameter {name}")));
        }
        if date.replace(value.into_owned()).is_some() {
            return Err(bad_request("date", "is in the query twice"));
        }
    }
    Ok(FlightKey::parse(flight, date.as_deref())?)
}

/// Reads a body with one update.
pub(super) async fn json(parts: &Parts, body: Body) -> Result<Value, Problem> {
    let bytes = read_body(parts, body, BodyFormat::Json, MAX_UPDATE_BYTES).await?;
    parse_json("body", &bytes)
}

/// Parses a JSON text; `field` names it in the error.
pub(super) fn parse_json(field: &str, bytes: &[u8]) -> Result<Value, Problem> {
    let not_json = |reason| {
        let reason = format!("is not JSON: {reason}");
        Problem::new(StatusCode::BAD_REQUEST, "Not JSON", field, reason)
    };
    let text = flight::decode_json(bytes).map_err(|reason| not_json(reason.to_owned()))?;
    serde_json::from_str(text).map_err(|error| not_json(error.to_string()))
}

/// Reads a body. Rejects one of another format, with more than `max_bytes`, or too slow.
pub(super) async fn read_body(
    parts: &Parts,
    mut body: Body,
    format: BodyFormat,
    max_bytes: usize,
) -> Result<Bytes, Problem> {
    let content_type = header_text(&parts.headers, &header::CONTENT_TYPE)?.unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let start = Instant::now();
    let mut content = BytesMut::new();
    let mut bytes_read = 0;
    loop {
        // Bytes that are only discarded earn no more time.
        let deadline = body_deadline(start, bytes_read.min(max_bytes));
        let frame = timeout_at(deadline, body.frame()).await.map_err(|_| body_too_slow())?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| bad_request("body", format!("ended early: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        bytes_read += data.len();
        if bytes_read <= max_bytes {
            content.extend_from_slice(&data);
        } else if bytes_read > MAX_DISCARDED_BYTES {
            break;
        }
    }
    if !format.accepts(&essence) {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::new(status, "Unsupported type", "Content-Type", format.expected()));
    }
    if bytes_read > max_bytes {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        let reason = format!("must be at most {max_bytes} bytes");
        return Err(Problem::new(status, "Body too large", "body", reason));
    }
    Ok(content.freeze())
}

/// The deadline for the next bytes of a body that started at `start`.
fn body_deadline(start: Instant, bytes_read: usize) -> Instant {
    let earned = Duration::from_secs((bytes_read / MIN_BODY_RATE) as u64);
    (Instant::now() + MAX_BODY_PAUSE).min(start + MAX_BODY_PAUSE + earned)
}

fn body_too_slow() -> Problem {
    let status = StatusCode::REQUEST_TIMEOUT;
    Problem::new(status, "Body too slow", "body", "did not arrive in time")
}

pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let text = header_text(headers, &IDEMPOTENCY_KEY)?;
    let key = text.map(IdempotencyKey::parse).transpose();
    key.map_err(|error| bad_request("Idempotency-Key", error.reason))
}

/// Parses `If-Match` and `If-None-Match` of a request that changes a row.
pub(super) fn precondition(
    headers: &HeaderMap,
    boards: &LiveBoards,
) -> Result<Option<Precondition>, Problem> {
    let if_match = header_text(headers, &header::IF_MATCH)?;
    let if_none_match = header_text(headers, &header::IF_NONE_MATCH)?;
    match (if_match, if_none_match) {
        (None, None) => Ok(None),
        (Some("*"), None) => Ok(Some(Precondition::Present)),
        (None, Some("*")) => Ok(Some(Precondition::Absent)),
        (Some(tags), None) => {
            let versions = entity_tags(tags).filter(|id| boards.honours(*id)).map(|id| id.seq.0);
            Ok(Some(Precondition::Version(versions.collect())))
        }
        (None, Some(_)) => Err(bad_request("If-None-Match", "must be * in a change")),
        (Some(_), Some(_)) => Err(bad_request("If-Match", "cannot be combined with If-None-Match")),
    }
}

/// Returns true if the client has the version `id`, by `If-None-Match`.
pub(super) fn is_cached(headers: &HeaderMap, id: RecordId) -> bool {
    let tags = header_text(headers, &header::IF_NONE_MATCH).ok().flatten();
    tags.is_some_and(|tags| tags == "*" || entity_tags(tags).any(|tag| tag == id))
}

/// Parses a list of entity tags. It skips tags that are not event ids: no version matches them.
fn entity_tags(tags: &str) -> impl Iterator<Item = RecordId> {
    let tags = tags.split(',').map(|tag| tag.trim().trim_start_matches("W/").trim_matches('"'));
    tags.filter_map(|tag| tag.parse().ok())
}

fn header_text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = value.to_str().map_err(|_| bad_request(name.as_str(), "must be visible ASCII"))?;
    Ok(Some(text.trim()))
}

fn bad_request(field: &str, reason: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "Bad request", field, reason)
}
