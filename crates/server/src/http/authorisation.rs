//! Authorises publishers by bearer tokens (RFC 6750).

use std::net::IpAddr;

use access::{Credentials, Grant, Refusal};
use flight::{BoardName, PublisherName};
use http::request::Parts;
use http::{HeaderMap, header};
use jiff::Timestamp;

use super::problem::Problem;
use crate::app::App;
use crate::client_address::Client;

/// The scheme of a token in `Authorization`, in lower case.
const BEARER: &str = "bearer";

/// The rights of the sender of a request.
pub(crate) struct Caller {
    /// `None` without a token.
    grant: Option<Grant>,
    /// `None` if no token is needed.
    credentials: Option<Credentials>,
}

/// Checks that a request without a body may change `board`. Returns the name of its credential, if it needs one.
///
/// Handlers that read a body first identify the [`Caller`], and check after the body that its token has not ended.
pub(crate) async fn authorise_publisher(
    app: &App,
    parts: &Parts,
    board: &BoardName,
) -> Result<Option<PublisherName>, Problem> {
    Caller::identify(app, parts).await?.publisher(board)
}

impl Caller {
    /// Reads the token of a request. Without credentials, tokens are not looked at.
    ///
    /// # Errors
    /// The token gives no rights.
    pub(crate) async fn identify(app: &App, parts: &Parts) -> Result<Self, Problem> {
        let Some(credentials) = &app.state.settings.access.credentials else {
            return Ok(Self { grant: None, credentials: None });
        };
        let grant = match bearer(&parts.headers)? {
            Some(token) => Some(verify(app, credentials, parts, token).await?),
            None => None,
        };
        Ok(Self { grant, credentials: Some(credentials.clone()) })
    }

    /// Checks that the caller may change `board`, and returns the name of its credential.
    pub(crate) fn publisher(&self, board: &BoardName) -> Result<Option<PublisherName>, Problem> {
        if self.credentials.is_none() {
            return Ok(None);
        }
        let grant = self.grant.as_ref().ok_or_else(Problem::token_missing)?;
        if grant.may_publish(board) {
            Ok(Some(grant.name.clone()))
        } else {
            Err(Problem::right_missing(&format!("the token may not change the board {board}")))
        }
    }

    /// True if the caller may know of `board` though it is private.
    pub(crate) fn may_see(&self, board: &BoardName) -> bool {
        self.credentials.is_none()
            || self.grant.as_ref().is_some_and(|grant| grant.may_follow(board))
    }

    /// Checks that the token still gives its rights. It may have ended while the body arrived, and long requests ask
    /// before each part.
    pub(crate) fn check_still_valid(&self) -> Result<(), Problem> {
        let (Some(credentials), Some(grant)) = (&self.credentials, &self.grant) else {
            return Ok(());
        };
        let now = Timestamp::now();
        if credentials.still_valid(grant, now) {
            return Ok(());
        }
        let has_expired = grant.expires.is_some_and(|expires| expires <= now);
        let refusal = if has_expired { Refusal::Expired } else { Refusal::Unknown };
        Err(Problem::token_refused(&refusal))
    }

    /// Checks that the caller may change any board at all.
    pub(crate) fn any_publisher(&self) -> Result<(), Problem> {
        match &self.grant {
            None if self.credentials.is_some() => Err(Problem::token_missing()),
            Some(grant) if grant.publish.is_empty() => {
                Err(Problem::right_missing("the token may not change any board"))
            }
            _ => Ok(()),
        }
    }
}

/// The rights of a token at this moment.
pub(crate) async fn verify(
    app: &App,
    credentials: &Credentials,
    parts: &Parts,
    token: &str,
) -> Result<Grant, Problem> {
    let address = limited_address(app, parts);
    let verified = credentials.verify_from(address, token, Timestamp::now()).await;
    verified.map_err(|refusal| Problem::token_refused(&refusal))
}

/// The address of the client, if there are limits for it.
pub(super) fn limited_address(app: &App, parts: &Parts) -> Option<IpAddr> {
    let limits = &app.state.settings.limits;
    let client = Client::find(&parts.extensions, &parts.headers, limits)?;
    client.has_default_limits.then(|| client.address.ip())
}

/// The token in the header `Authorization`. Other schemes are those of a proxy.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(Problem::bad_request("Authorization", "must occur only once"));
    }
    let Ok(text) = line.to_str() else {
        return Err(Problem::bad_request("Authorization", "must be visible ASCII"));
    };
    let (scheme, token) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    Ok(scheme.eq_ignore_ascii_case(BEARER).then(|| token.trim()))
}
