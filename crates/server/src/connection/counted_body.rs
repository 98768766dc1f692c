//! The body of a response, which tells when the response has ended, and in HTTP/2 when it stalls.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::http2_tasks::ResponseProgress;
use super::places::OpenRequest;

/// Most bytes that hyper gets at a time in HTTP/2. It takes them all as soon as the peer's window is
/// open, however small that is.
const MAX_HTTP2_PIECE_BYTES: usize = 16 * 1024;

/// A body that keeps its request open. Hyper drops it with the response's last byte.
pub(super) struct CountedBody {
    body: Body,
    /// The rest of a frame that is sent in pieces.
    rest: Bytes,
    /// The rest is a slice of a frame that has more than a piece.
    is_slice: bool,
    /// `None` except in HTTP/2.
    progress: Option<Arc<ResponseProgress>>,
    _open_request: OpenRequest,
}

impl CountedBody {
    /// Must be called in the task that sends the response.
    pub(super) fn new(body: Body, open_request: OpenRequest) -> Self {
        let progress = ResponseProgress::of_task();
        Self { body, rest: Bytes::new(), is_slice: false, progress, _open_request: open_request }
    }

    /// Takes the next piece of the rest. A large frame is copied, since a slice would keep all of it in
    /// memory.
    fn next_piece(&mut self) -> Frame<Bytes> {
        if self.rest.len() > MAX_HTTP2_PIECE_BYTES {
            self.is_slice = true;
            return Frame::data(Bytes::copy_from_slice(&self.rest.split_to(MAX_HTTP2_PIECE_BYTES)));
        }
        if std::mem::take(&mut self.is_slice) {
            self.rest = Bytes::copy_from_slice(&self.rest);
        }
        // The last byte goes alone: once hyper takes it, the window has taken the others.
        let is_end = self.body.is_end_stream() && self.rest.len() > 1;
        let count = self.rest.len() - usize::from(is_end);
        Frame::data(self.rest.split_to(count))
    }
}

impl HttpBody for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(progress) = self.progress.clone() else {
            return Pin::new(&mut self.body).poll_frame(cx);
        };
        progress.set_taken();
        if self.rest.is_empty() {
            let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(cx)) else {
                return Poll::Ready(None);
            };
            match frame?.into_data() {
                Ok(data) => self.rest = data,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
        progress.set_waiting();
        Poll::Ready(Some(Ok(self.next_piece())))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.rest.is_empty() { self.body.size_hint() } else { SizeHint::default() }
    }
}
