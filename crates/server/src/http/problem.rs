//! Errors as `application/problem+json` (RFC 9457), with the field and the reason.

/// Updates that the boards reject.
mod rejection;

/// Tokens and rights that a request lacks.
mod rights;

/// Updates that are not written, and requests that have to wait.
mod unavailable;

use std::collections::BTreeSet;

use aidx::{MessageError, MessageFault};
use axum::response::{IntoResponse, Response};
use engine::RightRefusal;
use flight::ParseError;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

pub(crate) use unavailable::STARTING;

/// The content type of problems.
pub(super) const PROBLEM_TYPE: &str = "application/problem+json";

/// The type of problems that have no documentation page (RFC 9457, section 4.2.1).
const ABOUT_BLANK: &str = "about:blank";

/// The header that problems name if a body's coding is not supported.
const CONTENT_ENCODING: &str = "Content-Encoding";

/// The codings that bodies may have.
const SUPPORTED_CODINGS: &str = "gzip, zstd";

/// Longest name of a field in a problem, as bytes of JSON.
const MAX_FIELD_BYTES: usize = 80;

/// Longest detail of a problem, as bytes of JSON. Peers choose parts of it.
const MAX_DETAIL_BYTES: usize = 300;

/// `Retry-After` of problems with status 503.
const RETRY_AFTER_SECS: &str = "5";

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
    /// The oldest time that the history has, if it does not reach back far enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest: Option<String>,
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
            oldest: None,
            challenge: None,
            right_refusal: None,
        }))
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

    pub(crate) fn bad_request(field: &str, reason: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Bad request", field, reason)
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

    pub(crate) fn too_many_lines(max_lines: usize) -> Self {
        let reason = format!("must have at most {max_lines} lines");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Too many lines", "body", reason)
    }

    pub(crate) fn method_not_allowed() -> Self {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self::new(status, "Method not allowed", "method", "is not supported by this resource")
    }
}

impl From<ParseError> for Problem {
    fn from(ParseError { field, reason }: ParseError) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid field", &field, reason)
    }
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
        let content_type = HeaderValue::from_static(PROBLEM_TYPE);
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
