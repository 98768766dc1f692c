//! The rows of a board as the body of a response, which holds only the frames that are being written. If the rows are
//! withdrawn, because too many readers are slow, the response breaks off.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use fanout::{Frame, PULL_BYTES, SnapshotFrames};
use hyper::body::{Body as HttpBody, Frame as BodyFrame, SizeHint};

pub(super) struct RowsBody {
    rows: SnapshotFrames,
    /// Index of the next frame.
    next: usize,
    taken: VecDeque<Frame>,
    bytes_left: usize,
}

impl RowsBody {
    pub(super) fn start(rows: SnapshotFrames) -> Body {
        let bytes_left = rows.payload_bytes();
        Body::new(Self { rows, next: 0, taken: VecDeque::new(), bytes_left })
    }

    fn next(&mut self) -> io::Result<Bytes> {
        if self.taken.is_empty() {
            let frames = self.rows.after(self.next, PULL_BYTES);
            let frames = frames.ok_or_else(|| io::Error::other("too many slow readers"))?;
            self.next += frames.len();
            self.taken.extend(frames.into_iter().map(|(_, frame)| frame));
        }
        let bytes = self.taken.pop_front().map(|frame| frame.payload()).unwrap_or_default();
        self.bytes_left -= bytes.len();
        Ok(bytes)
    }
}

impl HttpBody for RowsBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<BodyFrame<Bytes>>>> {
        if self.bytes_left == 0 {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(self.next().map(BodyFrame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes_left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes_left as u64)
    }
}
