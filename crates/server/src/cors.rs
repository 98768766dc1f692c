//! Which pages of other origins may call (WHATWG Fetch, CORS protocol).

use std::str::FromStr;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Uri, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser may remember the answer to a preflight.
const PREFLIGHT_KEPT: Duration = Duration::from_secs(600);

/// An origin whose pages may call, or all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// `*`
    Any,
    /// `https://example.org` or `http://localhost:3000`
    Only(HeaderValue),
}

/// Text that is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an origin is * or a scheme with a host and perhaps a port, such as https://example.org")]
pub struct NotAnOrigin;

impl FromStr for AllowedOrigin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let uri: Uri = text.parse().map_err(|_| NotAnOrigin)?;
        let (scheme, authority) = uri.scheme_str().zip(uri.authority()).ok_or(NotAnOrigin)?;
        let origin = format!("{scheme}://{authority}").to_ascii_lowercase();
        let bare = text.eq_ignore_ascii_case(&origin) && !authority.as_str().contains('@');
        let header = HeaderValue::from_str(&origin).map_err(|_| NotAnOrigin)?;
        if bare { Ok(Self::Only(header)) } else { Err(NotAnOrigin) }
    }
}

/// The layer that answers preflights and marks every answer. Without origins it marks none.
pub(crate) fn layer(origins: &[AllowedOrigin]) -> CorsLayer {
    let only = origins.iter().filter_map(|origin| match origin {
        AllowedOrigin::Any => None,
        AllowedOrigin::Only(origin) => Some(origin.clone()),
    });
    let allow = if origins.contains(&AllowedOrigin::Any) {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(only)
    };
    let names = ["last-event-id", "idempotency-key"].map(HeaderName::from_static);
    let [last_event_id, idempotency_key] = names;
    CorsLayer::new()
        .allow_origin(allow)
        .allow_methods([Method::GET, Method::PUT, Method::PATCH, Method::POST, Method::DELETE])
        .allow_headers([
            header::ACCEPT,
            header::AUTHORIZATION,
            header::CACHE_CONTROL,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            last_event_id,
            idempotency_key,
        ])
        .expose_headers([header::ETAG, header::LOCATION, HeaderName::from_static("event-id")])
        .max_age(PREFLIGHT_KEPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_no_path_and_no_user() {
        let only = |text: &str| AllowedOrigin::Only(HeaderValue::from_str(text).unwrap());
        assert_eq!("*".parse(), Ok(AllowedOrigin::Any));
        assert_eq!("https://Example.org".parse(), Ok(only("https://example.org")));
        assert_eq!("http://localhost:3000".parse(), Ok(only("http://localhost:3000")));
        for bad in ["", "example.org", "https://example.org/", "https://a@b.org", "null", "http://"]
        {
            assert_eq!(bad.parse::<AllowedOrigin>(), Err(NotAnOrigin), "{bad}");
        }
    }
}
