//! The origins whose pages may call the API (WHATWG Fetch, CORS protocol).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, Uri, header};
use tower::{Layer, ServiceExt};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::list_header::has_token;
use super::publishing_pages::SESSION_PATH;
use crate::origin_settings::OriginSettings;

/// Time for which a browser may cache the response to a preflight.
const PREFLIGHT_MAX_AGE: Duration = Duration::from_secs(600);

/// The methods of pages that may read only.
const READ_METHODS: [Method; 2] = [Method::GET, Method::HEAD];

/// The methods of pages that may publish.
const PUBLISH_METHODS: [Method; 6] =
    [Method::GET, Method::HEAD, Method::PUT, Method::PATCH, Method::POST, Method::DELETE];

/// Files of the element for pages of others, and the names of places: the same for all readers.
const PUBLIC_PATHS: [&str; 2] = ["/embed.js", "/places"];
const PUBLIC_FOLDER: &str = "/assets/";

/// Lets pages load a public file that load only what agrees to it (Fetch, section 3.7).
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The methods of the session, by which pages of named origins sign in.
const SESSION_METHODS: [Method; 2] = [Method::POST, Method::DELETE];

/// An origin, or all origins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// `*`
    Any,
    /// `https://example.org` or `http://localhost:3000`
    Only(NamedOrigin),
}

/// An origin, such as `https://example.org` or `http://localhost:3000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedOrigin(pub(crate) HeaderValue);

impl fmt::Display for AllowedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Only(NamedOrigin(origin)) => f.write_str(origin.to_str().unwrap_or_default()),
        }
    }
}

/// The text is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an origin is a scheme, a host and an optional port, such as https://example.org")]
pub struct ParseOriginError;

impl FromStr for AllowedOrigin {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, ParseOriginError> {
        if text == "*" { Ok(Self::Any) } else { text.parse().map(Self::Only) }
    }
}

impl FromStr for NamedOrigin {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, ParseOriginError> {
        let uri: Uri = text.parse().map_err(|_| ParseOriginError)?;
        let (scheme, authority) = uri.scheme_str().zip(uri.authority()).ok_or(ParseOriginError)?;
        let origin = format!("{scheme}://{authority}").to_ascii_lowercase();
        // Otherwise the text has a path, a query or a user as well.
        let is_bare = text.eq_ignore_ascii_case(&origin) && !authority.as_str().contains('@');
        let header = HeaderValue::from_str(&origin).map_err(|_| ParseOriginError)?;
        if is_bare { Ok(Self(header)) } else { Err(ParseOriginError) }
    }
}

/// The headers for pages of each kind of origin.
#[derive(Clone)]
pub(crate) struct CorsLayers {
    settings: OriginSettings,
    /// Origins that may publish.
    publisher: CorsLayer,
    /// Named origins that may read.
    reader: CorsLayer,
    /// The same at the URL of the session.
    session: CorsLayer,
    /// Origins without a name, which all may read or none.
    unnamed: CorsLayer,
    /// All origins at public paths.
    public: CorsLayer,
}

impl CorsLayers {
    pub(crate) fn new(settings: &OriginSettings) -> Self {
        let publishers = settings.allow_publish_origins.iter().map(|origin| origin.0.clone());
        let readers = settings.allow_origins.iter().filter_map(|origin| match origin {
            AllowedOrigin::Any => None,
            AllowedOrigin::Only(origin) => Some(origin.0.clone()),
        });
        let reader = layer(AllowOrigin::list(readers)).allow_credentials(true);
        let all_may_read = settings.allow_origins.contains(&AllowedOrigin::Any);
        let unnamed = if all_may_read { AllowOrigin::any() } else { AllowOrigin::list([]) };
        Self {
            settings: settings.clone(),
            publisher: layer(AllowOrigin::list(publishers))
                .allow_methods(PUBLISH_METHODS)
                .allow_credentials(true),
            reader: reader.clone().allow_methods(READ_METHODS),
            session: reader.allow_methods(SESSION_METHODS),
            // Without credentials, which are for named origins only.
            unnamed: layer(unnamed).allow_methods(READ_METHODS),
            public: layer(AllowOrigin::any()).allow_methods(READ_METHODS),
        }
    }

    fn for_origin(&self, origin: Option<&HeaderValue>, path: &str) -> &CorsLayer {
        match origin {
            _ if is_public(path) => &self.public,
            Some(origin) if self.settings.may_publish(origin) => &self.publisher,
            Some(origin) if !self.settings.names_origin(origin) => &self.unnamed,
            Some(_) if path == SESSION_PATH => &self.session,
            Some(_) => &self.reader,
            None => &self.unnamed,
        }
    }
}

/// Answers preflights, and adds CORS headers to all other responses.
pub(crate) async fn answer(
    State(layers): State<Arc<CorsLayers>>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let is_public = is_public(path);
    let layer = layers.for_origin(request.headers().get(header::ORIGIN), path);
    let Ok(mut response) = layer.layer(next).oneshot(request).await;
    if is_public {
        let value = HeaderValue::from_static("cross-origin");
        response.headers_mut().insert(RESOURCE_POLICY, value);
    } else if layers.settings.has_named_origins()
        && !has_token(response.headers(), &header::VARY, "origin")
    {
        // Otherwise a cache gives one origin the answer to another.
        response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}

fn is_public(path: &str) -> bool {
    PUBLIC_PATHS.contains(&path) || path.starts_with(PUBLIC_FOLDER)
}

fn layer(allow_origin: AllowOrigin) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(allow_origin)
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
        let named = |text: &str| NamedOrigin(HeaderValue::from_str(text).unwrap());
        let only = |text: &str| AllowedOrigin::Only(named(text));
        assert_eq!("*".parse(), Ok(AllowedOrigin::Any));
        assert_eq!("https://Example.org".parse(), Ok(only("https://example.org")));
        assert_eq!("http://localhost:3000".parse(), Ok(only("http://localhost:3000")));
        for bad in ["", "example.org", "https://example.org/", "https://a@b.org", "null", "http://"]
        {
            assert_eq!(bad.parse::<AllowedOrigin>(), Err(ParseOriginError), "{bad}");
            assert_eq!(bad.parse::<NamedOrigin>(), Err(ParseOriginError), "{bad}");
        }
        // Each origin that may publish is named.
        assert_eq!("*".parse::<NamedOrigin>(), Err(ParseOriginError));
    }
}
