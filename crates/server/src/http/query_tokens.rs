//! Refuses tokens in the query of a URL: URLs are kept in logs, histories and `Referer` headers.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

/// The names under which clients send tokens, without hyphens and underscores.
const TOKEN_NAMES: [&str; 12] = [
    "token",
    "accesstoken",
    "authtoken",
    "idtoken",
    "sessiontoken",
    "authorization",
    "auth",
    "bearer",
    "bearertoken",
    "jwt",
    "apikey",
    "password",
];

/// The paths of these are secrets, and their sources choose the query.
const WEBHOOKS: &str = "/webhooks/";

/// Answers a request whose query has a token, before anything looks at the token.
pub(crate) async fn refuse(request: Request, next: Next) -> Response {
    let uri = request.uri();
    if uri.query().is_some_and(has_token) && !uri.path().starts_with(WEBHOOKS) {
        return Problem::token_in_query().into_response();
    }
    next.run(request).await
}

/// Returns whether a parameter has a name under which clients send tokens.
fn has_token(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| {
        let plain = name.replace(['-', '_'], "").to_ascii_lowercase();
        TOKEN_NAMES.contains(&&*plain)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_names_match_in_any_spelling() {
        for query in
            ["token=x", "a=b&access_token=x", "Access-Token", "to%6ben=x", "JWT=", "apiKey=1"]
        {
            assert!(has_token(query), "{query}");
        }
        for query in [
            "",
            "lastEventId=a-1",
            "padding=true",
            "date=2026-11-22&leg=2",
            "tokens=1",
            "reason=token",
        ] {
            assert!(!has_token(query), "{query}");
        }
    }
}
