//! Secret URLs to which sources push their answers.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

/// Shortest secret. 24 random letters and digits cannot be guessed.
const MIN_SECRET_CHARS: usize = 24;

/// Longest secret.
const MAX_SECRET_CHARS: usize = 128;

/// A secret URL, `/webhooks/{secret}`, and the receiver of what is posted there.
#[derive(Clone)]
pub struct Webhook {
    secret: String,
    pub(crate) receiver: Arc<dyn WebhookReceiver>,
}

/// Receives the deliveries of a source.
pub trait WebhookReceiver: Send + Sync {
    /// Applies a delivery, whose text is JSON by its content type.
    fn receive(&self, delivery: String) -> DeliveryFuture<'_>;
}

/// The outcome of a delivery, once it has been applied.
pub type DeliveryFuture<'a> = Pin<Box<dyn Future<Output = Result<(), DeliveryError>> + Send + 'a>>;

/// Why a delivery was not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    /// It cannot be read, for this reason; sending it again is of no use.
    #[error("the delivery was refused: {0}")]
    Refused(String),
    /// The boards cannot be changed now, for this reason.
    #[error("the delivery was not applied: {0}")]
    Unavailable(String),
}

impl Webhook {
    /// A URL with this secret.
    ///
    /// # Errors
    /// The secret is too short or too long, or has other characters than lower-case letters, digits, `-`
    /// and `_`: paths are case-insensitive.
    pub fn new(secret: &str, receiver: Arc<dyn WebhookReceiver>) -> Result<Self, String> {
        let is_allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        let lengths = MIN_SECRET_CHARS..=MAX_SECRET_CHARS;
        if !lengths.contains(&secret.len()) || !secret.bytes().all(is_allowed) {
            return Err(format!(
                "must be {MIN_SECRET_CHARS} to {MAX_SECRET_CHARS} lower-case letters, digits, - or _"
            ));
        }
        Ok(Self { secret: secret.to_owned(), receiver })
    }

    /// Compares without telling by its duration how much of `secret` is right.
    pub(crate) fn has_secret(&self, secret: &str) -> bool {
        let difference = |(left, right): (u8, u8)| left ^ right;
        let bytes = self.secret.bytes().zip(secret.bytes());
        let differences = bytes.map(difference).fold(0, |all, difference| all | difference);
        self.secret.len() == secret.len() && differences == 0
    }
}

/// Without the secret.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").finish_non_exhaustive()
    }
}
