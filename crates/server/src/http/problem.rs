//! Errors as `application/problem+json` (RFC 9457), with the field and the reason.

use std::collections::BTreeSet;

use access::Refusal;
use aidx::{MessageError, MessageFault};
use axum::response::{IntoResponse, Response};
use engine::{PublishError, RightRefusal};
use flight::{FlightKey, MAX_BOARDS, ParseError, Rejection};
use http::{HeaderValue, StatusCode, header};
use journal::{AppendError, StorageError};
use serde::Serialize;

/// The type of problems that have no documentation page (RFC 9457, section 4.2.1).
const ABOUT_BLANK: &str = "about:blank";

/// The header that problems name if a body's coding is not supported.
const CONTENT_ENCODING: &str = "Content-Encoding";

/// The codings that bodies may have.
const SUPPORTED_CODINGS: &str = "gzip, zstd";

/// Most dates and legs that a problem names.
const MAX_NAMED_ROWS: usize = 5;

/// Longest name of a field in a problem, as bytes of JSON.
const MAX_FIELD_BYTES: usize = 80;

/// Longest detail of a problem, as bytes of JSON. Peers choose parts of it.
const MAX_DETAIL_BYTES: usize = 300;

/// `Retry-After` of problems with status 503.
const RETRY_AFTER_SECS: &str = "5";

/// Why a server without a journal does not answer.
pub(crate) const STARTING: &str = "the server is starting";

/// An error response.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Problem(Box<ProblemDetails>);

#[derive(Debug, Clone, Serialize)]
struct ProblemDetails {
    r#type: &'static str,
    title: &'static str,
    #[serde(serialize_with = "serialize_status")]
    status: StatusCode,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Dates of matching rows, if an update without a date or leg is ambiguous.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    dates: BTreeSet<String>,
    /// Legs of matching rows, if an update without a leg is ambiguous.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    legs: BTreeSet<String>,
    /// The value of `WWW-Authenticate`.
    #[serde(skip)]
    challenge: Option<String>,
    /// The right that the request lacks, for the metrics.
    #[serde(skip)]
    right_refusal: Option<RightRefusal>,
}

impl Problem {
    /// A problem with a field. Its detail is the field's name followed by the reason.
    pub(crate) fn new(
        status: StatusCode,
        title: &'static str,
        field: &str,
        reason: impl Into<String>,
    ) -> Self {
        let field = shortened(field.to_owned(), MAX_FIELD_BYTES);
        let reason = shortened(reason.into(), MAX_DETAIL_BYTES);
        let mut problem = Self::without_field(status, title, format!("{field} {reason}"));
        problem.0.field = Some(field);
        problem.0.reason = Some(reason);
        problem
    }

    /// A problem with a field whose reason is a whole sentence.
    fn with_detail(status: StatusCode, title: &'static str, field: &str, detail: &str) -> Self {
        let mut problem = Self::without_field(status, title, detail.to_owned());
        problem.0.field = Some(field.to_owned());
        problem.0.reason = Some(detail.to_owned());
        problem
    }

    fn without_field(status: StatusCode, title: &'static str, detail: String) -> Self {
        Self(Box::new(ProblemDetails {
            r#type: ABOUT_BLANK,
            title,
            status,
            detail: shortened(detail, MAX_FIELD_BYTES + MAX_DETAIL_BYTES),
            field: None,
            reason: None,
            dates: BTreeSet::new(),
            legs: BTreeSet::new(),
            challenge: None,
            right_refusal: None,
        }))
    }

    /// Names the dates to choose from, or the legs where the date does not decide.
    fn ambiguous_flight(keys: &[FlightKey]) -> Self {
        let keys = &keys[..keys.len().min(MAX_NAMED_ROWS)];
        let dates: BTreeSet<_> =
            keys.iter().filter_map(FlightKey::date).map(|date| date.to_string()).collect();
        let legs: BTreeSet<_> = keys.iter().filter_map(FlightKey::leg).map(str::to_owned).collect();
        let choose = |parts: &BTreeSet<String>| Vec::from_iter(parts.clone()).join(", ");
        let (field, reason) = match (dates.len(), legs.len()) {
            (_, 0) => ("date", format!("is required, one of {}", choose(&dates))),
            (0 | 1, _) => ("leg", format!("is required, one of {}", choose(&legs))),
            _ => {
                let (dates, legs) = (choose(&dates), choose(&legs));
                ("date", format!("is required, one of {dates}, or a leg, one of {legs}"))
            }
        };
        let mut problem = Self::new(StatusCode::CONFLICT, "Ambiguous flight", field, reason);
        problem.0.dates = dates;
        problem.0.legs = legs;
        problem
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The problem in one sentence.
    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Completes a response with this problem, of any content type, by its headers and by the [`RightRefusal`] that
    /// the routes count.
    pub(crate) fn complete(&self, response: &mut Response) {
        if let Some(refusal) = self.0.right_refusal {
            response.extensions_mut().insert(refusal);
        }
        let headers = response.headers_mut();
        if self.0.field.as_deref() == Some(CONTENT_ENCODING) {
            let supported = HeaderValue::from_static(SUPPORTED_CODINGS);
            headers.insert(header::ACCEPT_ENCODING, supported);
        }
        let is_temporary = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS];
        if is_temporary.contains(&self.status()) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECS));
        }
        if let Some(challenge) = &self.0.challenge
            && let Ok(challenge) = HeaderValue::from_str(challenge)
        {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
    }

    /// The airport has no open board of this kind.
    pub(crate) fn no_board_of(airport: &str, kind: &str) -> Self {
        let detail = format!("no board of {kind} at {airport}");
        Self::with_detail(StatusCode::NOT_FOUND, "Unknown board", "airport", &detail)
    }

    pub(crate) fn unknown_board() -> Self {
        Rejection::UnknownBoard.into()
    }

    pub(crate) fn bad_request(field: &str, reason: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Bad request", field, reason)
    }

    /// The request has no token and needs one.
    pub(crate) fn token_missing() -> Self {
        let detail = "a token is needed: send it as Authorization: Bearer TOKEN";
        Self::with_challenge("Token missing", detail, RightRefusal::TokenMissing)
    }

    /// The request has no token, and the board is private or does not exist.
    pub(crate) fn follower_token_missing() -> Self {
        let detail =
            "the board is private, or there is none of this name: following it needs a token";
        Self::with_challenge("Token missing", detail, RightRefusal::TokenMissing)
    }

    /// The server has no credentials at all.
    pub(crate) fn no_tokens_known() -> Self {
        let detail = "this server knows no tokens: it was started without --tokens and --jwt-key";
        Self::with_challenge("Token refused", detail, RightRefusal::TokenInvalid)
    }

    /// The query has a token.
    pub(crate) fn token_in_query() -> Self {
        let reason = "must not have a token, since URLs are kept in logs and histories: send it in the header \
                      Authorization, or sign in with POST /session";
        Self::new(StatusCode::BAD_REQUEST, "Token in the URL", "query", reason)
    }

    /// The token gives no rights.
    pub(crate) fn token_refused(refusal: &Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Busy => Self::not_ready(&detail),
            _ => Self::with_challenge("Token refused", &detail, RightRefusal::TokenInvalid),
        }
    }

    /// The token is valid and lacks a right.
    pub(crate) fn right_missing(detail: &str) -> Self {
        Self::with_challenge("Right missing", detail, RightRefusal::RightMissing)
    }

    /// A page or a host has no right to publish, as this header says.
    pub(crate) fn foreign(title: &'static str, header: &str, reason: &str) -> Self {
        let mut problem = Self::new(StatusCode::FORBIDDEN, title, header, reason);
        problem.0.right_refusal = Some(RightRefusal::Foreign);
        problem
    }

    /// A problem with the token (RFC 6750, section 3).
    fn with_challenge(title: &'static str, detail: &str, refusal: RightRefusal) -> Self {
        let (status, error) = match refusal {
            RightRefusal::TokenMissing => (StatusCode::UNAUTHORIZED, None),
            RightRefusal::TokenInvalid => (StatusCode::UNAUTHORIZED, Some("invalid_token")),
            RightRefusal::RightMissing | RightRefusal::Foreign => {
                (StatusCode::FORBIDDEN, Some("insufficient_scope"))
            }
        };
        let mut problem = Self::with_detail(status, title, "Authorization", detail);
        problem.0.right_refusal = Some(refusal);
        problem.0.challenge = Some(match error {
            // Quotes would end the description.
            Some(error) => format!(
                "Bearer realm=\"flightboard\", error=\"{error}\", error_description=\"{}\"",
                detail.replace(['"', '\\'], "'")
            ),
            None => "Bearer realm=\"flightboard\"".to_owned(),
        });
        problem
    }

    pub(crate) fn not_ready(reason: &str) -> Self {
        let detail = format!("{reason}; retry later");
        Self::without_field(StatusCode::SERVICE_UNAVAILABLE, "Not ready", detail)
    }

    pub(crate) fn unknown_url() -> Self {
        let detail = "no resource at this URL; see /openapi.json";
        Self::with_detail(StatusCode::NOT_FOUND, "Unknown URL", "url", detail)
    }

    /// The response has `Accept-Encoding` too (RFC 9110, section 12.5.3).
    pub(crate) fn unsupported_coding() -> Self {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new(status, "Unsupported coding", CONTENT_ENCODING, "must be gzip, zstd or identity")
    }

    pub(crate) fn too_many_bodies() -> Self {
        let detail = "the server is reading too many requests; retry later";
        Self::without_field(StatusCode::SERVICE_UNAVAILABLE, "Too many bodies", detail.to_owned())
    }

    pub(crate) fn too_many_lines(max_lines: usize) -> Self {
        let reason = format!("must have at most {max_lines} lines");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Too many lines", "body", reason)
    }

    pub(crate) fn method_not_allowed() -> Self {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self::new(status, "Method not allowed", "method", "is not supported by this resource")
    }
}

/// The only place that maps rejections to statuses.
impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        use StatusCode as S;
        match rejection {
            Rejection::UnknownBoard => {
                Self::with_detail(S::NOT_FOUND, "Unknown board", "board", "no such board")
            }
            Rejection::BoardClosed => Self::new(S::GONE, "Closed board", "board", "is closed"),
            Rejection::UnknownFlight => {
                let detail = "no such flight on this board";
                Self::with_detail(S::NOT_FOUND, "Unknown flight", "flight", detail)
            }
            Rejection::AmbiguousFlight { keys } => Self::ambiguous_flight(&keys),
            Rejection::VersionMismatch => {
                let reason = "does not match the current version";
                Self::new(S::PRECONDITION_FAILED, "Precondition failed", "If-Match", reason)
            }
            Rejection::AlreadyExists => {
                let reason = "requires that there is none, but there is";
                Self::new(S::PRECONDITION_FAILED, "Precondition failed", "If-None-Match", reason)
            }
            Rejection::SameVersion => {
                let reason = "matches the current version";
                Self::new(S::PRECONDITION_FAILED, "Precondition failed", "If-None-Match", reason)
            }
            Rejection::KeyReused => {
                let title = "Idempotency key reused";
                let reason = "was used for another update";
                Self::new(S::UNPROCESSABLE_ENTITY, title, "Idempotency-Key", reason)
            }
            Rejection::BoardFull { max_flights } => {
                let detail = format!("board is full ({max_flights} flights)");
                Self::with_detail(S::CONFLICT, "Board full", "flight", &detail)
            }
            Rejection::BoardTooLarge { max_bytes } => {
                let detail = format!("board is full ({max_bytes} bytes)");
                Self::with_detail(S::CONFLICT, "Board full", "flight", &detail)
            }
            Rejection::StateFull { max_bytes } => {
                let detail = format!("the boards are full ({max_bytes} bytes in all)");
                Self::with_detail(S::CONFLICT, "Boards full", "flight", &detail)
            }
            Rejection::TooManyKeys => {
                let reason = "is one too many: the server remembers as many recent keys of this publisher as it can";
                let title = "Too many idempotency keys";
                Self::new(S::TOO_MANY_REQUESTS, title, "Idempotency-Key", reason)
            }
            Rejection::TooManyBoards => {
                let detail = format!("too many boards are open ({MAX_BOARDS})");
                Self::with_detail(S::CONFLICT, "Too many boards", "board", &detail)
            }
            // Only for the engine's own removals.
            Rejection::NotDue => {
                Self::new(S::CONFLICT, "Not due", "flight", "is not due for removal")
            }
            Rejection::LeaseHeld => {
                Self::new(S::CONFLICT, "Lease held", "board", "is fed by another server")
            }
            Rejection::Overtaken => {
                let reason = "was changed by a later message";
                Self::new(S::CONFLICT, "Overtaken", "flight", reason)
            }
        }
    }
}

impl From<ParseError> for Problem {
    fn from(ParseError { field, reason }: ParseError) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid field", &field, reason)
    }
}

/// The problem names no file and no server, which only administrators learn: from the log and from `/readyz`.
impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        let (title, advice) = match &error {
            PublishError::RateExceeded { retry_after } => {
                let detail = format!("{error}; retry in {} s", retry_after.as_secs() + 1);
                let status = StatusCode::TOO_MANY_REQUESTS;
                return Self::without_field(status, "Too many updates", detail);
            }
            PublishError::NotWritten(_) | PublishError::Frozen(_) => ("Not written", "retry later"),
            PublishError::Unknown(_) | PublishError::Stopped => (
                "Outcome unknown",
                "retry with the same Idempotency-Key, so that the update is not applied twice",
            ),
        };
        let reason = match &error {
            PublishError::NotWritten(cause) | PublishError::Unknown(cause) => {
                format!("{error}: {}", public_cause(cause))
            }
            PublishError::Frozen(_) => "the boards are frozen".to_owned(),
            PublishError::Stopped | PublishError::RateExceeded { .. } => error.to_string(),
        };
        let detail = format!("{reason}; {advice}");
        Self::without_field(StatusCode::SERVICE_UNAVAILABLE, title, detail)
    }
}

/// The cause without names of files and servers.
fn public_cause(error: &AppendError) -> String {
    let words = match error {
        AppendError::Storage(StorageError::NoSpace { .. }) => "no space left for the journal",
        AppendError::Storage(StorageError::Unavailable { .. }) => {
            "cannot read or write the journal"
        }
        AppendError::Storage(
            StorageError::FileLost { .. }
            | StorageError::FileOverwritten { .. }
            | StorageError::Replaced { .. },
        ) => "the journal was moved, deleted or replaced while in use",
        AppendError::OutcomeUnknown { .. } => "the journal did not confirm the append",
        AppendError::Storage(StorageError::Closed)
        | AppendError::TooLarge(_)
        | AppendError::TooManyRecords { .. }
        | AppendError::QueueFull => return error.to_string(),
    };
    words.to_owned()
}

impl From<MessageError> for Problem {
    fn from(error: MessageError) -> Self {
        let status = match error.fault {
            MessageFault::Malformed => StatusCode::BAD_REQUEST,
            MessageFault::Unsupported => StatusCode::UNPROCESSABLE_ENTITY,
            MessageFault::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        };
        Self::without_field(status, "Message refused", error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), axum::Json(&self)).into_response();
        let content_type = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        self.complete(&mut response);
        response
    }
}

/// Cuts a text to `max_bytes` of JSON.
fn shortened(mut text: String, max_bytes: usize) -> String {
    const ELLIPSIS: char = '…';
    let bytes = |character: char| match character {
        '"' | '\\' => 2,
        '\0'..=' ' if character != ' ' => "\\u0000".len(),
        _ => character.len_utf8(),
    };
    let mut used = 0;
    let mut end = 0;
    for (index, character) in text.char_indices() {
        used += bytes(character);
        if used > max_bytes {
            text.truncate(end);
            text.push(ELLIPSIS);
            break;
        }
        if used + ELLIPSIS.len_utf8() <= max_bytes {
            end = index + character.len_utf8();
        }
    }
    text
}

fn serialize_status<S: serde::Serializer>(
    status: &StatusCode,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}
