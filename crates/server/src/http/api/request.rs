//! Parses the parts of a request.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use bytes::{Bytes, BytesMut};
use engine::LiveBoards;
use flight::{BoardName, FlightKey, IdempotencyKey, Precondition, Rejection};
use http::{HeaderMap, HeaderName, StatusCode, header};
use http_body_util::BodyExt;
use journal::RecordId;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::app::App;
use crate::client_address::Client;
use crate::http::accept::{ContentCoding, preferred_coding};
use crate::http::body_budget::BodyShare;
use crate::http::content_coding::{self, DecodedBody, LIVE_CODINGS};
use crate::http::entity_tag::{EntityTag, ParseTagError, TagCondition};
use crate::http::problem::Problem;

/// Largest body with one update; far above the largest valid update.
pub(crate) const MAX_UPDATE_BYTES: usize = 64 * 1024;

/// Largest body with many updates.
pub(super) const MAX_BULK_BYTES: usize = 4 * 1024 * 1024;

/// Largest AIDX message: some eight hundred legs with the extensions of an airport, several thousand without.
pub(super) const MAX_AIDX_BYTES: usize = 8 * 1024 * 1024;

/// Largest delivery of a source that pushes: some hundred flights.
pub(super) const MAX_DELIVERY_BYTES: usize = 1024 * 1024;

/// The types of XML that are accepted. No plain form can have them.
const XML_TYPES: [&str; 3] = ["application/xml", "text/xml", "application/soap+xml"];

/// Longest pause in a body.
const MAX_BODY_PAUSE: Duration = Duration::from_secs(30);

/// Lowest rate of a body after that, in bytes per second.
const MIN_BODY_RATE: usize = 1024;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The format that a body must have.
#[derive(Clone, Copy)]
pub(super) enum BodyFormat {
    Json,
    /// One JSON text per line.
    JsonLines,
    Xml,
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
            Self::Xml => XML_TYPES.contains(&content_type),
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Json => "must be application/json",
            Self::JsonLines => "must be application/x-ndjson",
            Self::Xml => "must be application/xml, text/xml or application/soap+xml",
        }
    }
}

pub(super) fn board(text: &str) -> Result<BoardName, Problem> {
    BoardName::parse(text).map_err(|_| Problem::unknown_board())
}

/// Parses the key of a row: the flight number in the path, `date` and `leg` in the query.
pub(super) fn flight_key(flight: &str, query: &str) -> Result<FlightKey, Problem> {
    let unknown =
        |name: &str| Err(bad_request("query", format!("has the unknown parameter {name}")));
    parse_key(flight, query, unknown)
}

/// Like [`flight_key`], beside the parameters of a stream.
pub(crate) fn followed_key(flight: &str, query: &str) -> Result<FlightKey, Problem> {
    parse_key(flight, query, |_| Ok(()))
}

fn parse_key(
    flight: &str,
    query: &str,
    other: impl Fn(&str) -> Result<(), Problem>,
) -> Result<FlightKey, Problem> {
    let (mut date, mut leg) = (None, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let part = match &*name {
            "date" => &mut date,
            "leg" => &mut leg,
            _ => {
                other(&name)?;
                continue;
            }
        };
        if part.replace(value.into_owned()).is_some() {
            return Err(bad_request(&name, "is in the query twice"));
        }
    }
    Ok(FlightKey::parse(flight, date.as_deref())?.with_leg(leg.as_deref())?)
}

/// Checks that a board exists, before the body of the request is read.
pub(super) async fn check_known(app: &App, board: &BoardName) -> Result<(), Problem> {
    let is_known = app.state.engine.has_board(board).await?;
    if is_known { Ok(()) } else { Err(Problem::unknown_board()) }
}

/// A body in memory.
pub(super) struct ReceivedBody {
    bytes: Bytes,
    _share: BodyShare,
}

impl Deref for ReceivedBody {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads a body with one update.
pub(super) async fn json(app: &App, parts: &Parts, body: Body) -> Result<Value, Problem> {
    let body = read_body(app, parts, body, BodyFormat::Json, MAX_UPDATE_BYTES).await?;
    parse_json("body", &body)
}

/// Parses a JSON text; `field` names it in the error.
pub(super) fn parse_json(field: &str, bytes: &[u8]) -> Result<Value, Problem> {
    let text = parse_text(field, bytes)?;
    serde_json::from_str(text).map_err(|error| not_json(field, error))
}

/// Decodes a JSON text; `field` names it in the error.
pub(super) fn parse_text<'a>(field: &str, bytes: &'a [u8]) -> Result<&'a str, Problem> {
    flight::decode_json(bytes).map_err(|reason| not_json(field, reason))
}

fn not_json(field: &str, reason: impl fmt::Display) -> Problem {
    let reason = format!("is not JSON: {reason}");
    Problem::new(StatusCode::BAD_REQUEST, "Not JSON", field, reason)
}

/// Reads a body. Rejects one of another format, with more than `max_bytes`, or too slow, as soon as that
/// is known.
pub(super) async fn read_body(
    app: &App,
    parts: &Parts,
    mut body: Body,
    format: BodyFormat,
    max_bytes: usize,
) -> Result<ReceivedBody, Problem> {
    let coding = check_content(parts, format)?;
    check_declared_length(&parts.headers, max_bytes)?;
    let state = &app.state;
    let metrics = state.engine.metrics().requests();
    let client = Client::find(&parts.extensions, &parts.headers, &state.settings.limits);
    let mut share = state.bodies.share_for(client);
    let mut grow = |bytes| {
        if share.grow(bytes) {
            return Ok(());
        }
        metrics.count_refused_body();
        Err(Problem::too_many_bodies())
    };
    let mut deadline = BodyDeadline::new(Instant::now());
    let mut content = BytesMut::new();
    loop {
        let Ok(frame) = timeout_at(deadline.0, body.frame()).await else {
            metrics.count_slow_body();
            return Err(body_too_slow());
        };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| bad_request("body", format!("ended early: {error}")))?;
        let Ok(data) = frame.into_data() else { continue };
        deadline.extend(data.len(), Instant::now());
        if content.len() + data.len() > max_bytes {
            return Err(body_too_large(max_bytes));
        }
        grow(data.len())?;
        content.extend_from_slice(&data);
    }
    let Some(coding) = coding else {
        return Ok(ReceivedBody { bytes: content.freeze(), _share: share });
    };
    let bytes = match content_coding::decode(coding, &content, max_bytes) {
        Ok(DecodedBody::Whole(decoded)) => decoded,
        Ok(DecodedBody::TooLarge) => return Err(body_too_large(max_bytes)),
        Err(error) => {
            let reason = format!("is not valid {}: {error}", coding.name());
            return Err(bad_request("body", reason));
        }
    };
    grow(bytes.len())?;
    Ok(ReceivedBody { bytes, _share: share })
}

/// Checks the content's type, and returns its coding if it has one.
fn check_content(parts: &Parts, format: BodyFormat) -> Result<Option<ContentCoding>, Problem> {
    let content_type = header_text(&parts.headers, &header::CONTENT_TYPE)?.unwrap_or_default();
    let essence = essence(content_type);
    if !format.accepts(&essence) {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Problem::new(status, "Unsupported type", "Content-Type", format.expected()));
    }
    let mut codings = Vec::new();
    for line in parts.headers.get_all(header::CONTENT_ENCODING) {
        let line = line.to_str().map_err(|_| Problem::unsupported_coding())?;
        codings.extend(line.split(',').map(str::trim).filter(|coding| !coding.is_empty()));
    }
    codings.retain(|coding| !coding.eq_ignore_ascii_case("identity"));
    match codings[..] {
        [] => Ok(None),
        [coding] => {
            let known = ContentCoding::by_name(coding);
            let known = known.filter(|coding| LIVE_CODINGS.contains(coding));
            known.map(Some).ok_or_else(Problem::unsupported_coding)
        }
        _ => Err(Problem::unsupported_coding()),
    }
}

/// A content type without its parameters.
pub(super) fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn check_declared_length(headers: &HeaderMap, max_bytes: usize) -> Result<(), Problem> {
    let length = header_text(headers, &header::CONTENT_LENGTH)?;
    let length = length.and_then(|length| length.parse::<usize>().ok());
    match length {
        Some(length) if length > max_bytes => Err(body_too_large(max_bytes)),
        _ => Ok(()),
    }
}

fn body_too_large(max_bytes: usize) -> Problem {
    let reason = format!("must be at most {max_bytes} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "Body too large", "body", reason)
}

/// The time by which more of a body must arrive. Each byte earns time, but no more than a pause: a body
/// of which most has arrived may not wait for hours.
struct BodyDeadline(Instant);

impl BodyDeadline {
    fn new(start: Instant) -> Self {
        Self(start + MAX_BODY_PAUSE)
    }

    fn extend(&mut self, bytes: usize, now: Instant) {
        let earned = Duration::from_secs_f64(bytes as f64 / MIN_BODY_RATE as f64);
        self.0 = (self.0 + earned).min(now + MAX_BODY_PAUSE);
    }
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

/// Parses `If-Match` and `If-None-Match` of a request that changes something. The fold decides them
/// in this order (RFC 9110, section 13.2.2). A weak tag never matches in `If-Match`.
pub(super) fn precondition(
    headers: &HeaderMap,
    boards: &LiveBoards,
) -> Result<Option<Precondition>, Problem> {
    let versions = |tags: Vec<EntityTag>| {
        tags.into_iter().map(|tag| tag.id).filter(|id| boards.honours(*id)).map(|id| id.seq.0)
    };
    let mut conditions = Vec::new();
    match tag_condition(headers, &header::IF_MATCH)? {
        Some(TagCondition::Any) => conditions.push(Precondition::Present),
        Some(TagCondition::Tags(mut tags)) => {
            tags.retain(|tag| !tag.is_weak);
            conditions.push(Precondition::Version(versions(tags).collect()));
        }
        None => {}
    }
    match tag_condition(headers, &header::IF_NONE_MATCH)? {
        Some(TagCondition::Any) => conditions.push(Precondition::Absent),
        Some(TagCondition::Tags(tags)) => {
            conditions.push(Precondition::OtherVersion(versions(tags).collect()));
        }
        None => {}
    }
    Ok(match conditions.len() {
        0 | 1 => conditions.pop(),
        _ => Some(Precondition::All(conditions)),
    })
}

/// The preconditions of a read.
pub(super) enum ReadCondition {
    /// Send the content.
    Send,
    /// The client has it, under this tag.
    NotModified(EntityTag),
}

/// Decides the preconditions of a read of the version `id`.
pub(super) fn read_condition(headers: &HeaderMap, id: RecordId) -> Result<ReadCondition, Problem> {
    match tag_condition(headers, &header::IF_MATCH)? {
        Some(TagCondition::Tags(tags)) if !tags.iter().any(|tag| tag.id == id && !tag.is_weak) => {
            return Err(Rejection::VersionMismatch.into());
        }
        Some(_) | None => {}
    }
    let cached = match tag_condition(headers, &header::IF_NONE_MATCH)? {
        None => None,
        Some(TagCondition::Any) => Some(EntityTag::new(id)),
        // Content in a coding is of use only to a client that accepts the coding.
        Some(TagCondition::Tags(tags)) => tags.into_iter().find(|tag| {
            let is_usable =
                tag.coding.is_none_or(|coding| preferred_coding(headers, &[coding]).is_some());
            tag.id == id && is_usable
        }),
    };
    Ok(match cached {
        Some(tag) => ReadCondition::NotModified(EntityTag { is_weak: false, ..tag }),
        None => ReadCondition::Send,
    })
}

fn tag_condition(headers: &HeaderMap, name: &HeaderName) -> Result<Option<TagCondition>, Problem> {
    TagCondition::parse(headers, name).map_err(|ParseTagError| {
        let field = if *name == header::IF_MATCH { "If-Match" } else { "If-None-Match" };
        bad_request(field, "must be * or a list of entity tags in double quotes")
    })
}

/// The text of a header that is not a list.
fn header_text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut lines = headers.get_all(name).iter();
    let Some(value) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(bad_request(name.as_str(), "must occur only once"));
    }
    let text = value.to_str().map_err(|_| bad_request(name.as_str(), "must be visible ASCII"))?;
    Ok(Some(text.trim()))
}

fn bad_request(field: &str, reason: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "Bad request", field, reason)
}
