//! The right to read a private board, by any URL.
//!
//! Without a right to it, a private board and one that does not exist are the same: all answers are alike.

use std::net::IpAddr;
use std::sync::Arc;

use access::Grant;
use axum::extract::FromRequestParts;
use axum::response::Response;
use flight::BoardName;
use history::HistoryScope;
use http::request::Parts;
use http::{HeaderValue, header};

use super::authorisation::{bearer, limited_address};
use super::problem::Problem;
use super::session_cookie;
use crate::app::App;
use crate::stream::right::StreamRight;

/// Said of private boards and of boards that do not exist.
const NO_RIGHT: &str = "the token may not follow this board, if there is one of this name";

/// Reads boards on behalf of one request.
pub(crate) struct BoardReader {
    app: App,
    /// The token of the request, from its header or its cookie.
    token: Option<String>,
    /// The address of the client, if there are limits for it.
    address: Option<IpAddr>,
}

/// The right of a request to read one board.
pub(crate) enum ReadAccess {
    /// As everybody has: the board was public a moment ago.
    Public,
    /// By a credential.
    Granted(Arc<StreamRight>),
}

impl BoardReader {
    /// The token is checked only where a private board may be concerned.
    ///
    /// # Errors
    /// The header with the token is malformed.
    pub(crate) fn new(app: &App, parts: &Parts) -> Result<Self, Problem> {
        let token = bearer(&parts.headers)?.or_else(|| session_cookie::token(&parts.headers));
        let address = limited_address(app, parts);
        Ok(Self { app: app.clone(), token: token.map(str::to_owned), address })
    }

    /// The right to read `board`.
    ///
    /// # Errors
    /// There is no such board, or it is private and the request has no right to it.
    pub(crate) async fn access(&self, board: &BoardName) -> Result<ReadAccess, Problem> {
        let boards = self.app.state.engine.boards();
        let is_private =
            boards.read(|boards, _| boards.board(board).map(|it| it.settings().is_private));
        match is_private {
            Some(false) => return Ok(ReadAccess::Public),
            None if !self.has_private_boards() => return Err(Problem::unknown_board()),
            Some(true) | None => {}
        }
        let right = self.verify().await?;
        if !right.grant().may_follow(board) {
            return Err(Problem::right_missing(NO_RIGHT));
        }
        if is_private.is_none() {
            return Err(Problem::unknown_board());
        }
        Ok(ReadAccess::Granted(Arc::new(right)))
    }

    /// The rights of the request where there are private boards; `None` where there are none.
    ///
    /// # Errors
    /// There are some, and the request has no rights.
    pub(crate) async fn grant(&self) -> Result<Option<Grant>, Problem> {
        if !self.has_private_boards() {
            return Ok(None);
        }
        let right = self.verify().await?;
        Ok(Some(right.grant().clone()))
    }

    /// True if the request may change `board`, by a token or because no token is needed.
    pub(crate) async fn may_publish(&self, board: &BoardName) -> bool {
        if self.app.state.settings.access.credentials.is_none() {
            return true;
        }
        self.token.is_some()
            && self.verify().await.is_ok_and(|right| right.grant().may_publish(board))
    }

    /// True if the request has a token, valid or not.
    pub(crate) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Verifies the token.
    async fn verify(&self) -> Result<StreamRight, Problem> {
        let credentials = self.app.state.settings.access.credentials.as_ref();
        let (Some(token), Some(credentials)) = (&self.token, credentials) else {
            return Err(Problem::follower_token_missing());
        };
        let verified = StreamRight::verify(credentials, self.address, token).await;
        verified.map_err(|refusal| Problem::token_refused(&refusal))
    }

    fn has_private_boards(&self) -> bool {
        let boards = self.app.state.engine.boards();
        boards.read(|boards, _| boards.iter().any(|(_, board)| board.settings().is_private))
    }
}

impl FromRequestParts<App> for BoardReader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Self::new(app, parts)
    }
}

impl ReadAccess {
    /// Checks the content itself: the board may have become private since.
    ///
    /// # Errors
    /// The content is of a private board, and the right only to public ones.
    pub(crate) fn check(&self, is_private: bool) -> Result<(), Problem> {
        match self {
            Self::Public if is_private => Err(Problem::follower_token_missing()),
            Self::Public | Self::Granted(_) => Ok(()),
        }
    }

    /// The part of the past that the reader may know. The public knows nothing of the time when a board was private.
    pub(crate) fn history_scope(&self) -> HistoryScope {
        match self {
            Self::Public => HistoryScope::SincePublic,
            Self::Granted(_) => HistoryScope::All,
        }
    }

    /// The right of a stream that needs one.
    pub(crate) fn into_right(self) -> Option<Arc<StreamRight>> {
        match self {
            Self::Public => None,
            Self::Granted(right) => Some(right),
        }
    }

    /// Keeps the response to a request with a right out of shared caches.
    pub(crate) fn mark(&self, response: &mut Response) {
        if let Self::Granted(_) = self {
            mark_private(response);
        }
    }
}

/// Keeps a response that depends on a credential out of shared caches.
pub(crate) fn mark_private(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.append(header::VARY, HeaderValue::from_static("authorization, cookie"));
}
