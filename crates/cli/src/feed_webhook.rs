//! The webhook of a feed: a source's deliveries become answers of the feed.

use std::fmt;
use std::sync::Arc;

use feeds::{AerodataboxWebhook, AnswerOutcome};
use parking_lot::Mutex;
use polling::PushedAnswer;
use server::{DeliveryError, DeliveryFuture, Webhook, WebhookReceiver};
use tokio::sync::{mpsc, oneshot};

/// Most deliveries that wait for the feed. A source repeats those that are refused.
const MAX_WAITING_DELIVERIES: usize = 16;

/// Passes deliveries to the feed that runs now. It outlives the feed, which a replica starts again.
#[derive(Default)]
pub(crate) struct FeedWebhook {
    feed: Mutex<Option<ConnectedFeed>>,
}

struct ConnectedFeed {
    reader: AerodataboxWebhook,
    sender: mpsc::Sender<PushedAnswer>,
}

impl FeedWebhook {
    /// The URL with the secret in `file`.
    pub(crate) fn open(self: &Arc<Self>, secret: &str) -> Result<Webhook, String> {
        let receiver = Arc::clone(self);
        Webhook::new(secret.trim(), receiver)
    }

    /// Passes deliveries, as `reader` reads them, to the returned receiver from now on.
    pub(crate) fn connect(&self, reader: AerodataboxWebhook) -> mpsc::Receiver<PushedAnswer> {
        let (sender, receiver) = mpsc::channel(MAX_WAITING_DELIVERIES);
        *self.feed.lock() = Some(ConnectedFeed { reader, sender });
        receiver
    }

    async fn deliver(&self, delivery: &str) -> Result<(), DeliveryError> {
        let read = |feed: &mut ConnectedFeed| (feed.reader.read(delivery), feed.sender.clone());
        let read = self.feed.lock().as_mut().map(read);
        let (outcome, sender) = read.ok_or_else(|| unavailable("the feed does not run"))?;
        if let AnswerOutcome::Failed { reason } = outcome {
            return Err(DeliveryError::Refused(reason));
        }
        let (published, result) = oneshot::channel();
        let pushed = PushedAnswer { outcome, published };
        sender.send(pushed).await.map_err(|_| unavailable("the feed does not run"))?;
        match result.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(unavailable(error)),
            Err(_) => Err(unavailable("the feed has stopped")),
        }
    }
}

impl WebhookReceiver for FeedWebhook {
    fn receive(&self, delivery: String) -> DeliveryFuture<'_> {
        Box::pin(async move { self.deliver(&delivery).await })
    }
}

fn unavailable(reason: impl fmt::Display) -> DeliveryError {
    DeliveryError::Unavailable(reason.to_string())
}
