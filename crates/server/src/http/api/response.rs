//! Builds the responses.

use axum::response::{IntoResponse, Response};
use engine::AppliedUpdate;
use flight::Update;
use http::{HeaderName, HeaderValue, StatusCode, header};
use journal::RecordId;
use serde::Serialize;

use crate::app::App;
use crate::http::problem::Problem;

/// Header with the id of the event that a change made.
const EVENT_ID: HeaderName = HeaderName::from_static("event-id");

/// Publishes one update and waits until it is applied.
pub(super) async fn publish(app: &App, update: Update) -> Result<AppliedUpdate, Problem> {
    Ok(app.state.engine.publisher().publish_one(update).await??)
}

/// The response to a change: `body` as of the event `id`, with 201 if it was created.
pub(super) fn saved(id: Option<RecordId>, created: bool, body: &impl Serialize) -> Response {
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = (status, axum::Json(body)).into_response();
    set_event_id(&mut response, id);
    if let Some(tag) = id.and_then(entity_tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// The response to a removal by the event `id`.
pub(super) fn no_content(id: Option<RecordId>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_event_id(&mut response, id);
    response
}

/// The response to a read: `body` as of the event `id`, or 304 if the client has it.
pub(super) fn conditional(id: RecordId, is_cached: bool, body: impl IntoResponse) -> Response {
    let mut response =
        if is_cached { StatusCode::NOT_MODIFIED.into_response() } else { body.into_response() };
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
