//! Errors as `application/problem+json` (RFC 9457), with the field and the reason.

use axum::response::{IntoResponse, Response};
use flight::{ParseError, Rejection};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use engine::{PublishError, error_chain};

/// The type of a problem that its status and title tell all of (RFC 9457, section 4.2.1).
const ABOUT_BLANK: &str = "about:blank";

/// Why a request was not carried out.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Problem(Box<Details>);

#[derive(Debug, Clone, Serialize)]
struct Details {
    /// The kinds of problem have no pages of their own.
    r#type: &'static str,
    title: &'static str,
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The dates of the rows that an update without a date could mean.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dates: Vec<String>,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        title: &'static str,
        field: &str,
        reason: impl Into<String>,
    ) -> Self {
        let reason = reason.into();
        let mut problem = Self::without_field(status, title, format!("{field} {reason}"));
        (problem.0.field, problem.0.reason) = (Some(field.to_owned()), Some(reason));
        problem
    }

    fn without_field(status: StatusCode, title: &'static str, detail: String) -> Self {
        let (field, reason, dates) = (None, None, Vec::new());
        Self(Box::new(Details { r#type: ABOUT_BLANK, title, status, detail, field, reason, dates }))
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.status
    }

    pub(crate) fn unknown_board() -> Self {
        Rejection::UnknownBoard.into()
    }

    pub(crate) fn not_ready(reason: &str) -> Self {
        let detail = format!("{reason}; ask again later");
        Self::without_field(StatusCode::SERVICE_UNAVAILABLE, "Not ready", detail)
    }

    pub(crate) fn no_such_url() -> Self {
        let title = "Unknown URL";
        Self::new(
            StatusCode::NOT_FOUND,
            title,
            "url",
            "is none of this server's: see /openapi.json",
        )
    }

    pub(crate) fn no_such_method() -> Self {
        let title = "Unknown method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, title, "method", "is none that this URL has")
    }
}

/// The one place where what the fold says becomes a status.
impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        let (status, title, field, reason) = match rejection {
            Rejection::UnknownBoard => (404, "Unknown board", "board", "is none that there is"),
            Rejection::BoardClosed => (410, "Closed board", "board", "is closed"),
            Rejection::UnknownFlight => (404, "Unknown flight", "flight", "is not on the board"),
            Rejection::AmbiguousFlight { dates } => {
                let dates: Vec<_> = dates.iter().map(ToString::to_string).collect();
                let reason = format!("must be given, one of {}", dates.join(", "));
                let title = "Ambiguous flight";
                let mut problem = Self::new(StatusCode::CONFLICT, title, "date", reason);
                problem.0.dates = dates;
                return problem;
            }
            Rejection::VersionMismatch => {
                (412, "Precondition failed", "If-Match", "does not fit the row as it is")
            }
            Rejection::AlreadyExists => {
                (412, "Precondition failed", "If-None-Match", "asks for no row, but there is one")
            }
            Rejection::KeyReused => {
                (422, "Idempotency key reused", "Idempotency-Key", "was given to another update")
            }
            Rejection::BoardFull => {
                (409, "Board full", "flight", "is one more than a board can have")
            }
            Rejection::TooManyBoards => {
                (409, "Too many boards", "board", "is one more than there can be")
            }
            // Only the server's own removals can come too early.
            Rejection::NotDue => (409, "Not due", "flight", "is not to be removed yet"),
        };
        let status = StatusCode::from_u16(status).expect("the statuses above are valid");
        Self::new(status, title, field, reason)
    }
}

impl From<ParseError> for Problem {
    fn from(ParseError { field, reason }: ParseError) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Refused field", &field, reason)
    }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        let (title, advice) = match &error {
            PublishError::NotWritten(_) => ("Not written", "publish it again later"),
            PublishError::Unknown(_) | PublishError::Stopped => (
                "Not known",
                "publish it again with the same Idempotency-Key, which repeats nothing",
            ),
        };
        let detail = format!("{}; {advice}", error_chain(&error));
        Self::without_field(StatusCode::SERVICE_UNAVAILABLE, title, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, axum::Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}
