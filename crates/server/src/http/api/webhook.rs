//! `POST /webhooks/{secret}`: answers that a source pushes.

use std::time::Duration;

use axum::extract::{Request, State};
use http::StatusCode;
use tokio::time::timeout;

use super::request::{self, BodyFormat, MAX_DELIVERY_BYTES};
use crate::app::App;
use crate::http::path_params::PathParams;
use crate::http::problem::Problem;
use crate::webhook::DeliveryError;

/// Longest time until the answer. A source that waits ten seconds sends the delivery again, and charges for it.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(8);

/// `POST /webhooks/{secret}`. With a wrong secret there is no such URL.
pub(crate) async fn post(
    State(app): State<App>,
    PathParams(secret): PathParams<String>,
    request: Request,
) -> Result<StatusCode, Problem> {
    let webhook = app.state.settings.webhooks.iter().find(|webhook| webhook.has_secret(&secret));
    let webhook = webhook.ok_or_else(Problem::unknown_url)?;
    let (parts, body) = request.into_parts();
    let body = request::read_body(&app, &parts, body, BodyFormat::Json, MAX_DELIVERY_BYTES).await?;
    let text = request::parse_text("body", &body)?.to_owned();
    match timeout(DELIVERY_TIMEOUT, webhook.receiver.receive(text)).await {
        Ok(Ok(())) => Ok(StatusCode::NO_CONTENT),
        Ok(Err(DeliveryError::Refused(reason))) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Err(Problem::new(status, "Refused", "body", reason))
        }
        Ok(Err(DeliveryError::Unavailable(_))) => {
            Err(Problem::not_ready("the delivery was not applied"))
        }
        Err(_) => Err(Problem::not_ready("the delivery was not applied in time")),
    }
}
