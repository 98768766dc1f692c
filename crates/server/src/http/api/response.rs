//! Builds the responses.

use axum::response::{IntoResponse, Response};
use engine::AppliedUpdate;
use flight::Update;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use journal::RecordId;
use serde::Serialize;

use super::request::{self, ReadCondition};
use crate::app::App;
use crate::http::entity_tag::EntityTag;
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
    if let Some(id) = id {
        response.headers_mut().insert(header::ETAG, EntityTag::new(id).header_value());
    }
    response
}

/// The response to a removal by the event `id`.
pub(super) fn no_content(id: Option<RecordId>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_event_id(&mut response, id);
    response
}

/// The response to a read: `content` as of the event `id`, or 304 if the client has it.
pub(super) fn conditional<C: IntoResponse>(
    request_headers: &HeaderMap,
    id: RecordId,
    content: impl FnOnce() -> C,
) -> Result<Response, Problem> {
    let response = not_modified(request_headers, id)?;
    Ok(response.unwrap_or_else(|| tagged(content(), EntityTag::new(id))))
}

/// The response to a read by a client that has the content as of the event `id`: 304.
pub(super) fn not_modified(
    request_headers: &HeaderMap,
    id: RecordId,
) -> Result<Option<Response>, Problem> {
    Ok(match request::read_condition(request_headers, id)? {
        ReadCondition::Send => None,
        ReadCondition::NotModified(tag) => Some(tagged(StatusCode::NOT_MODIFIED, tag)),
    })
}

/// The response to a read, with its version.
pub(super) fn tagged(content: impl IntoResponse, tag: EntityTag) -> Response {
    let mut response = content.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::ETAG, tag.header_value());
    response
}

fn set_event_id(response: &mut Response, id: Option<RecordId>) {
    if let Some(id) = id.and_then(|id| HeaderValue::from_str(&id.to_string()).ok()) {
        response.headers_mut().insert(EVENT_ID, id);
    }
}
