//! Counts the requests that lack a right.

use axum::extract::State;
use axum::response::Response;
use engine::RightRefusal;

use crate::app::App;

/// Counts the refusal of a response, if it has one.
pub(super) async fn count(State(app): State<App>, response: Response) -> Response {
    if let Some(refusal) = response.extensions().get::<RightRefusal>() {
        app.state.engine.metrics().requests().count_without_right(*refusal);
    }
    response
}
