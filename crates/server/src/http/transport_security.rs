//! HTTP Strict Transport Security (RFC 6797): browsers that came by https once never use http again.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};

use crate::connection::PeerConnection;

/// Sets the header in a response on `connection`, if that is encrypted: without encryption browsers ignore it.
pub(crate) fn set_header(headers: &mut HeaderMap, connection: &PeerConnection, max_age: Duration) {
    if connection.is_tls
        && let Ok(value) = HeaderValue::from_str(&format!("max-age={}", max_age.as_secs()))
    {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
}
