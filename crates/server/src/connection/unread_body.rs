//! The body of a request, which is discarded if its request is answered before it has arrived.
//!
//! Most clients read the response only after they have sent the body, and a connection that is closed
//! with unread bytes is reset, which can overtake the response.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::time::{Instant, timeout_at};

/// Most bytes of an unread body that are discarded.
const MAX_DISCARDED_BYTES: usize = 64 * 1024 * 1024;

/// Time for that, from the head of the request.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(30);

/// A body that may be dropped before its end.
pub(super) struct UnreadBody {
    /// `None` once it is dropped.
    body: Option<Incoming>,
    discard_until: Instant,
}

impl UnreadBody {
    /// `expects_continue` is true if the client sends the body only once it is asked to.
    pub(super) fn wrap(body: Incoming, expects_continue: bool) -> Body {
        if body.is_end_stream() || expects_continue {
            return Body::new(body);
        }
        Body::new(Self { body: Some(body), discard_until: Instant::now() + DISCARD_TIMEOUT })
    }
}

impl HttpBody for UnreadBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, HttpBody::size_hint)
    }
}

impl Drop for UnreadBody {
    fn drop(&mut self) {
        // The time for a body that is refused as too slow has passed.
        if self.discard_until > Instant::now()
            && let Some(body) = self.body.take().filter(|body| !body.is_end_stream())
        {
            tokio::spawn(timeout_at(self.discard_until, discard(body)));
        }
    }
}

async fn discard(mut body: Incoming) {
    let mut discarded = 0;
    while let Some(Ok(frame)) = body.frame().await {
        discarded += frame.data_ref().map_or(0, Bytes::len);
        if discarded > MAX_DISCARDED_BYTES {
            return;
        }
    }
}
