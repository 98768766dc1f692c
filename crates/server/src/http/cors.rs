//! The origins whose pages may call the API (WHATWG Fetch, CORS protocol).

use std::str::FromStr;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Uri, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// Time for which a browser may cache the response to a preflight.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_secs(600);

/// An origin whose pages may call the API, or all origins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// `*`
    Any,
    /// `https://example.org` or `http://localhost:3000`
    Only(HeaderValue),
}

/// The text is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an origin is * or a scheme, a host and an optional port, such as https://example.org")]
pub struct ParseOriginError;

impl FromStr for AllowedOrigin {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, ParseOriginError> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let uri: Uri = text.parse().map_err(|_| ParseOriginError)?;
        let (scheme, authority) = uri.scheme_str().zip(uri.authority()).ok_or(ParseOriginError)?;
        let origin = format!("{scheme}://{authority}").to_ascii_lowercase();
        // Otherwise the text has a path, a query or a user as well.
        let is_bare = text.eq_ignore_ascii_case(&origin) && !authority.as_str().contains('@');
        let header = HeaderValue::from_str(&origin).map_err(|_| ParseOriginError)?;
        if is_bare { Ok(Self::Only(header)) } else { Err(ParseOriginError) }
    }
}

/// Returns the layer that answers preflights and adds CORS headers to all responses. Without origins
/// it adds none.
pub(crate) fn layer(origins: &[AllowedOrigin]) -> CorsLayer {
    let listed = origins.iter().filter_map(|origin| match origin {
        AllowedOrigin::Any => None,
        AllowedOrigin::Only(origin) => Some(origin.clone()),
    });
    let allow_origin = if origins.contains(&AllowedOrigin::Any) {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(listed)
    };
    CorsLayer::new()
        .allow_origin(allow_origin)
        .allow_methods([Method::GET, Method::PUT, Method::PATCH, Method::POST, Method::DELETE])
        .allow_headers([
            header::ACCEPT,
            header::AUTHORIZATION,
            header::CACHE_CONTROL,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("idempotency-key"),
        ])
        .expose_headers([header::ETAG, header::LOCATION, HeaderName::from_static("event-id")])
        .max_age(PREFLIGHT_MAX_AGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_have_no_path_or_user() {
        let only = |text: &str| AllowedOrigin::Only(HeaderValue::from_str(text).unwrap());
        assert_eq!("*".parse(), Ok(AllowedOrigin::Any));
        assert_eq!("https://Example.org".parse(), Ok(only("https://example.org")));
        assert_eq!("http://localhost:3000".parse(), Ok(only("http://localhost:3000")));
        for bad in ["", "example.org", "https://example.org/", "https://a@b.org", "null", "http://"]
        {
            assert_eq!(bad.parse::<AllowedOrigin>(), Err(ParseOriginError), "{bad}");
        }
    }
}
