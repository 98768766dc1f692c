//! The rights of a credential, or the reason for having none.

use std::sync::Arc;

use flight::{BoardName, PublisherName};
use jiff::Timestamp;

use crate::board_set::BoardSet;
use crate::jwt::KeyId;
use crate::token_line::TokenLine;

/// The rights that a token gives.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The name of the credential, which the record of each update keeps.
    pub name: PublisherName,
    /// The boards that it may publish.
    pub publish: BoardSet,
    /// The private boards that it may follow, in addition to those that it may publish.
    pub follow: BoardSet,
    /// The time from which it is of no use.
    pub expires: Option<Timestamp>,
    pub(crate) origin: GrantOrigin,
}

/// The line or key to which a grant is bound.
#[derive(Debug, Clone)]
pub(crate) enum GrantOrigin {
    Line(Arc<TokenLine>),
    Key(KeyId),
}

/// The reason for a token to give no rights.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It has no line in the token file, or its signature is of no known key.
    #[error("the token is not known here")]
    Unknown,
    /// It has expired.
    #[error("the token has expired")]
    Expired,
    /// It is valid from a later time.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Its signature is right, and its claims are not, for this reason.
    #[error("the token {0}")]
    BadClaims(String),
    /// Too many tokens with slow hashes are being checked.
    #[error("too many tokens are being checked")]
    Busy,
}

impl Grant {
    /// True if the credential may change this board.
    pub fn may_publish(&self, board: &BoardName) -> bool {
        self.publish.contains(board)
    }

    /// True if the credential may follow this board though it is private. The right to change a board includes that to see it.
    pub fn may_follow(&self, board: &BoardName) -> bool {
        self.follow.contains(board) || self.may_publish(board)
    }

    /// True from [`Grant::expires`] on.
    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}
