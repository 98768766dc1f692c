//! The variables of a path. Like axum's `Path`, but rejections are problems.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The variables of the matched route's path, in order.
pub(crate) struct PathParams<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParams<T> {
    type Rejection = Problem;

    /// Rejects only text that is not UTF-8: no board and no flight has such a name.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::from_request_parts(parts, state).await;
        path.map(|Path(params)| Self(params)).map_err(|_| Problem::unknown_url())
    }
}
