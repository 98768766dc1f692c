//! Headers that tell browsers what they may do with a response.

use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};

use crate::origin_settings::OriginSettings;

/// Responses that are not the page load nothing, should a browser show one.
const DATA_POLICY: &str = "default-src 'none'";

/// The page loads its own files, and data of its own server. The icon is a `data:` URL.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; \
                           img-src 'self' data:; connect-src 'self'; \
                           worker-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'none'";

/// In the policy of the page.
const OWN_STYLES: &str = "style-src 'self'";

/// Pages without a script load styles, a font and an icon.
const STATIC_PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:; \
                                  base-uri 'self'; form-action 'none'";

/// The headers that all responses of a server have, by whichever path it writes them.
#[derive(Clone)]
pub(crate) struct SecurityHeaders(HeaderMap);

impl SecurityHeaders {
    pub(crate) fn new(settings: &OriginSettings) -> Self {
        let mut headers = HeaderMap::new();
        let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
        set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        // Other servers do not learn which board a reader comes from.
        set(header::REFERRER_POLICY, "same-origin");
        let policy = with_frame_ancestors(DATA_POLICY, settings);
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        Self(headers)
    }

    /// The headers with their values.
    pub(crate) fn map(&self) -> &HeaderMap {
        &self.0
    }

    /// Adds the headers that the response does not have.
    pub(crate) fn add_to(&self, response: &mut Response) {
        for (name, value) in &self.0 {
            response.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
    }
}

/// The policy of the page. It allows the styles inside the document that have the hash `styles`.
pub(super) fn page_policy(settings: &OriginSettings, styles: Option<&str>) -> HeaderValue {
    let sources = styles.map_or(OWN_STYLES.to_owned(), |hash| format!("{OWN_STYLES} {hash}"));
    with_frame_ancestors(&PAGE_POLICY.replace(OWN_STYLES, &sources), settings)
}

/// The policy of pages without a script.
pub(super) fn static_page_policy(settings: &OriginSettings) -> HeaderValue {
    with_frame_ancestors(STATIC_PAGE_POLICY, settings)
}

/// Adds the origins whose pages may embed the response (CSP Level 3, section 6.4.2).
fn with_frame_ancestors(policy: &str, settings: &OriginSettings) -> HeaderValue {
    let mut policy = format!("{policy}; frame-ancestors");
    for origin in &settings.allow_frame_ancestors {
        policy = format!("{policy} {origin}");
    }
    if settings.allow_frame_ancestors.is_empty() {
        policy.push_str(" 'none'");
    }
    HeaderValue::from_str(&policy).expect("origins are parts of header values")
}
