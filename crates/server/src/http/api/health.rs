//! Liveness, readiness and metrics.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;

use crate::app::App;

/// The content type of OpenMetrics text.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /healthz`
pub(crate) async fn healthz() -> Response {
    Json(json!({ "status": "alive" })).into_response()
}

/// `GET /readyz`
pub(crate) async fn readyz(State(app): State<App>) -> Response {
    let health = app.state.engine.health();
    match (health.unready_reason(), health.warning()) {
        (Some(reason), _) => not_ready(&reason),
        (None, None) => Json(json!({ "status": "ready" })).into_response(),
        (None, Some(warning)) => {
            Json(json!({ "status": "ready", "warning": warning })).into_response()
        }
    }
}

/// The response of `GET /readyz` if the server is not ready.
pub(crate) fn not_ready(reason: &str) -> Response {
    let body = Json(json!({ "status": "not ready", "reason": reason }));
    (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
}

/// `GET /metrics`
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, OPEN_METRICS)], app.state.engine.metrics_text()).into_response()
}
