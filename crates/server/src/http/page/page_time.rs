//! The time of the rows that a page shows, as its URL names it.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;

/// The time of a page. The document of a page of the past has no rows: those of now, and a preview made of them, would
/// pass for those of then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageTime {
    Now,
    /// The URL has `at`. The page's script requests the rows of then.
    Past,
}

impl PageTime {
    fn of_query(query: &str) -> Self {
        let is_past = form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "at");
        if is_past { Self::Past } else { Self::Now }
    }
}

impl<State: Sync> FromRequestParts<State> for PageTime {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Self, Infallible> {
        Ok(Self::of_query(parts.uri.query().unwrap_or_default()))
    }
}
