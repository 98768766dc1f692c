//! Tokens and rights that a request lacks.

use access::Refusal;
use engine::RightRefusal;
use http::StatusCode;

use super::Problem;

impl Problem {
    /// The request has no token and needs one.
    pub(crate) fn token_missing() -> Self {
        let detail = "a token is needed: send it as Authorization: Bearer TOKEN";
        Self::with_challenge("Token missing", detail, RightRefusal::TokenMissing)
    }

    /// The request has no token, and the board is private or does not exist.
    pub(crate) fn follower_token_missing() -> Self {
        let detail =
            "the board is private, or there is none of this name: following it needs a token";
        Self::with_challenge("Token missing", detail, RightRefusal::TokenMissing)
    }

    /// The server has no credentials at all.
    pub(crate) fn no_tokens_known() -> Self {
        let detail = "this server knows no tokens: it was started without --tokens and --jwt-key";
        Self::with_challenge("Token refused", detail, RightRefusal::TokenInvalid)
    }

    /// The query has a token.
    pub(crate) fn token_in_query() -> Self {
        let reason = "must not have a token, since URLs are kept in logs and histories: send it in the header \
                      Authorization, or sign in with POST /session";
        Self::new(StatusCode::BAD_REQUEST, "Token in the URL", "query", reason)
    }

    /// The token gives no rights.
    pub(crate) fn token_refused(refusal: &Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Busy => Self::not_ready(&detail),
            _ => Self::with_challenge("Token refused", &detail, RightRefusal::TokenInvalid),
        }
    }

    /// The token is valid and lacks a right.
    pub(crate) fn right_missing(detail: &str) -> Self {
        Self::with_challenge("Right missing", detail, RightRefusal::RightMissing)
    }

    /// A page or a host has no right to publish, as this header says.
    pub(crate) fn foreign(title: &'static str, header: &str, reason: &str) -> Self {
        let mut problem = Self::new(StatusCode::FORBIDDEN, title, header, reason);
        problem.0.right_refusal = Some(RightRefusal::Foreign);
        problem
    }

    /// A problem with the token (RFC 6750, section 3).
    fn with_challenge(title: &'static str, detail: &str, refusal: RightRefusal) -> Self {
        let (status, error) = match refusal {
            RightRefusal::TokenMissing => (StatusCode::UNAUTHORIZED, None),
            RightRefusal::TokenInvalid => (StatusCode::UNAUTHORIZED, Some("invalid_token")),
            RightRefusal::RightMissing | RightRefusal::Foreign => {
                (StatusCode::FORBIDDEN, Some("insufficient_scope"))
            }
        };
        let mut problem = Self::with_detail(status, title, "Authorization", detail);
        problem.0.right_refusal = Some(refusal);
        problem.0.challenge = Some(match error {
            // Quotes would end the description.
            Some(error) => format!(
                "Bearer realm=\"flightboard\", error=\"{error}\", error_description=\"{}\"",
                detail.replace(['"', '\\'], "'")
            ),
            None => "Bearer realm=\"flightboard\"".to_owned(),
        });
        problem
    }
}
