//! What operators and their tools ask for.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;

use crate::app::App;

/// OpenMetrics text, which Prometheus reads.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /healthz`: whether the program runs at all.
pub(crate) async fn alive() -> Response {
    Json(json!({ "status": "alive" })).into_response()
}

/// `GET /readyz`: whether it should be sent requests.
pub(crate) async fn ready(State(app): State<App>) -> Response {
    match app.state.engine.health().unready_reason() {
        None => Json(json!({ "status": "ready" })).into_response(),
        Some(fault) => not_ready(&fault),
    }
}

pub(crate) fn not_ready(reason: &str) -> Response {
    let body = Json(json!({ "status": "not ready", "reason": reason }));
    (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
}

/// `GET /metrics`
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let text = app.state.engine.metrics_text();
    ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response()
}
