//! Updates that are not written, and requests that have to wait.

use engine::PublishError;
use history::HistoryError;
use http::StatusCode;
use journal::{AppendError, StorageError};

use super::Problem;

/// Why a server without a journal does not answer.
pub(crate) const STARTING: &str = "the server is starting";

impl Problem {
    pub(crate) fn not_ready(reason: &str) -> Self {
        let detail = format!("{reason}; retry later");
        Self::without_field(StatusCode::SERVICE_UNAVAILABLE, "Not ready", detail)
    }

    pub(crate) fn images_busy() -> Self {
        let detail = "the server draws too many images; retry later".to_owned();
        Self::without_field(StatusCode::SERVICE_UNAVAILABLE, "Too many images", detail)
    }

    pub(crate) fn image_failed() -> Self {
        let detail = "the image cannot be drawn; retry later".to_owned();
        Self::without_field(StatusCode::SERVICE_UNAVAILABLE, "No image", detail)
    }

    pub(crate) fn too_many_bodies() -> Self {
        let detail = "the server is reading too many requests; retry later";
        Self::without_field(StatusCode::SERVICE_UNAVAILABLE, "Too many bodies", detail.to_owned())
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

impl From<HistoryError> for Problem {
    fn from(error: HistoryError) -> Self {
        let oldest = match &error {
            HistoryError::TooOld { oldest } => oldest,
            HistoryError::TooMuch => {
                let reason = "begins a span with too many flights: ask for a shorter one";
                return Self::bad_request("from", reason);
            }
            HistoryError::Unavailable(cause) => {
                tracing::warn!("{error}: {cause}");
                return Self::not_ready(&error.to_string());
            }
            HistoryError::Busy | HistoryError::Behind => {
                return Self::not_ready(&error.to_string());
            }
        };
        let mut problem = Self::without_field(StatusCode::GONE, "Too long ago", error.to_string());
        problem.0.oldest = Some(format!("{oldest:.3}"));
        problem
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
