//! Liveness, readiness and metrics.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;

use crate::app::App;
use crate::http::admin::DetailLevel;
use crate::http::problem::Problem;

/// The content type of OpenMetrics text.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /healthz`
pub(crate) async fn healthz() -> Response {
    Json(json!({ "status": "alive" })).into_response()
}

/// `GET /readyz`
pub(crate) async fn readyz(State(app): State<App>, request: Request) -> Response {
    readiness(&app, DetailLevel::for_request(&request, app.state.settings.admin_access))
}

/// Tells the client that the server is ready, or that it is not, with the reasons if the client may see them.
pub(crate) fn readiness(app: &App, detail: DetailLevel) -> Response {
    let health = app.state.engine.health();
    let visible = |text: Option<String>| text.filter(|_| detail == DetailLevel::All);
    match (health.unready_reason(), visible(health.warning())) {
        (Some(reason), _) => not_ready(visible(Some(reason)).as_deref()),
        (None, None) => Json(json!({ "status": "ready" })).into_response(),
        (None, Some(warning)) => {
            Json(json!({ "status": "ready", "warning": warning })).into_response()
        }
    }
}

/// The response of `GET /readyz` if the server is not ready, with the reason if the client may see it.
pub(crate) fn not_ready(reason: Option<&str>) -> Response {
    let body = match reason {
        Some(reason) => json!({ "status": "not ready", "reason": reason }),
        None => json!({ "status": "not ready" }),
    };
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}

/// `GET /metrics` of the public listener: not found by those who may not see metrics.
pub(crate) async fn metrics(State(app): State<App>, request: Request) -> Response {
    match DetailLevel::for_request(&request, app.state.settings.admin_access) {
        DetailLevel::All => metrics_response(&app),
        DetailLevel::State => Problem::unknown_url().into_response(),
    }
}

/// All metrics as OpenMetrics text.
pub(crate) fn metrics_response(app: &App) -> Response {
    ([(header::CONTENT_TYPE, OPEN_METRICS)], app.state.engine.metrics_text()).into_response()
}
