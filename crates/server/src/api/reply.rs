//! The answer to one update.

use axum::response::{IntoResponse, Response};
use flight::Update;
use http::{HeaderName, HeaderValue, StatusCode, header};
use journal::RecordId;
use serde::Serialize;

use crate::app::App;
use crate::problem::Problem;
use engine::AppliedUpdate;

/// Header with the id of the event that an update made.
const EVENT_ID: HeaderName = HeaderName::from_static("event-id");

/// Publishes one record and waits for what becomes of it.
pub(super) async fn publish(app: &App, record: Update) -> Result<AppliedUpdate, Problem> {
    Ok(app.state.engine.publisher().publish_one(record).await??)
}

/// `body` as it is after the event `id`: 201 for something new, 200 otherwise.
pub(super) fn changed(id: Option<RecordId>, created: bool, body: &impl Serialize) -> Response {
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = (status, axum::Json(body)).into_response();
    set_event_id(&mut response, id);
    if let Some(tag) = id.and_then(entity_tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// What was asked for is gone since the event `id`.
pub(super) fn gone(id: Option<RecordId>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_event_id(&mut response, id);
    response
}

/// `body` as of the event `id`, or 304 for those who have it.
pub(super) fn version(id: RecordId, known: bool, body: impl IntoResponse) -> Response {
    let mut response =
        if known { StatusCode::NOT_MODIFIED.into_response() } else { body.into_response() };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Some(tag) = entity_tag(id) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn set_event_id(response: &mut Response, id: Option<RecordId>) {
    if let Some(id) = id.and_then(|id| HeaderValue::from_str(&id.to_string()).ok()) {
        response.headers_mut().insert(EVENT_ID, id);
    }
}

fn entity_tag(id: RecordId) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("\"{id}\"")).ok()
}
