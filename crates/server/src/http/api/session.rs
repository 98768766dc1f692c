//! `/session`: exchanges a token for a cookie, and back to nothing.

use access::Token;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use flight::ParseError;
use http::{StatusCode, header};
use jiff::Timestamp;
use serde_json::Value;

use super::request;
use crate::app::App;
use crate::http::authorisation::{bearer, verify};
use crate::http::problem::Problem;
use crate::http::session_cookie::{self, MAX_COOKIE_TOKEN_BYTES};

/// `POST /session`, with the token in `Authorization` or as `{"token": "…"}`.
pub(crate) async fn sign_in(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let token = match bearer(&parts.headers)? {
        Some(token) => token.to_owned(),
        None if !parts.headers.contains_key(header::CONTENT_TYPE) => {
            return Err(Problem::token_missing());
        }
        None => token_in(request::json(&app, &parts, body).await?)?,
    };
    let credentials = app.state.settings.access.credentials.as_ref();
    let credentials = credentials.ok_or_else(Problem::no_tokens_known)?;
    let now = Timestamp::now();
    let grant = verify(&app, credentials, &parts, &token).await?;
    // A token that is valid has the form of one.
    let token = Token::parse(&token).ok();
    let cookie = token.and_then(|token| session_cookie::sign_in(&token, grant.expires, now));
    let cookie = cookie.ok_or_else(|| {
        let reason = format!("must be at most {MAX_COOKIE_TOKEN_BYTES} bytes for a cookie");
        ParseError::new("token", reason)
    })?;
    Ok(answer(cookie))
}

/// `DELETE /session`
pub(crate) async fn sign_out() -> Response {
    answer(session_cookie::sign_out())
}

fn answer(cookie: http::HeaderValue) -> Response {
    let headers = [(header::SET_COOKIE, cookie)];
    (StatusCode::NO_CONTENT, headers, [(header::CACHE_CONTROL, "no-store")]).into_response()
}

fn token_in(json: Value) -> Result<String, Problem> {
    let Value::Object(mut members) = json else {
        return Err(ParseError::new("body", "must be an object").into());
    };
    let token = match members.remove("token") {
        Some(Value::String(token)) => token,
        Some(_) => return Err(ParseError::new("token", "must be a string").into()),
        None => return Err(ParseError::new("token", "is missing").into()),
    };
    match members.keys().next() {
        Some(name) => Err(ParseError::new(name, "is not a member of a sign-in").into()),
        None => Ok(token),
    }
}
