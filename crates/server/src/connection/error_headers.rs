//! Adds headers to the errors that hyper writes itself, for requests whose heads it cannot read. It has no setting for
//! them, and no service sees such a request.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::listener::PeerConnection;
use crate::http::security_headers::SecurityHeaders;
use crate::http::transport_security;

/// The first lines of these errors. No other response has such a line and lacks the headers: bodies of this server have
/// no CR LF. The version is that of the request before.
const STATUS_LINES: [&[u8]; 4] = [
    b"HTTP/1.1 400 Bad Request\r\n",
    b"HTTP/1.0 400 Bad Request\r\n",
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n",
    b"HTTP/1.0 431 Request Header Fields Too Large\r\n",
];

const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// The last chunk of a body, after which there is no error. It ends as a head does, and bodies can be large.
const LAST_CHUNK: &[u8] = b"\r\n0\r\n\r\n";

/// A header that all other responses have.
const OWN_HEADER: &[u8] = b"\r\nx-content-type-options:";

/// A socket for hyper whose errors get the headers of all responses.
pub(super) struct ErrorHeaders<S> {
    socket: S,
    security_headers: Arc<SecurityHeaders>,
    peer: PeerConnection,
    hsts_max_age: Duration,
    /// The error that is being written, with the responses before it. Hyper writes nothing after it.
    pending: Vec<u8>,
}

impl<S> ErrorHeaders<S> {
    pub(super) fn new(
        socket: S,
        security_headers: Arc<SecurityHeaders>,
        peer: PeerConnection,
        hsts_max_age: Duration,
    ) -> Self {
        Self { socket, security_headers, peer, hsts_max_age, pending: Vec::new() }
    }

    /// Keeps bytes that end with an error, to be written with its headers. Returns false for other bytes.
    fn take_error(&mut self, slices: &[IoSlice<'_>]) -> bool {
        let ends_head = |last: &[u8]| last.ends_with(END_OF_HEAD) && !last.ends_with(LAST_CHUNK);
        if !slices.last().is_some_and(|last| ends_head(last)) {
            return false;
        }
        let bytes = slices.iter().flat_map(|slice| slice.iter().copied()).collect::<Vec<u8>>();
        if !ends_with_error(&bytes) {
            return false;
        }
        let mut headers = self.security_headers.map().clone();
        transport_security::set_header(&mut headers, &self.peer, self.hsts_max_age);
        self.pending = bytes;
        self.pending.truncate(self.pending.len() - 2);
        for (name, value) in &headers {
            for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                self.pending.extend_from_slice(part);
            }
        }
        self.pending.extend_from_slice(b"\r\n");
        true
    }
}

/// True if an error is the last response in these bytes. Responses to the requests before may precede it.
fn ends_with_error(bytes: &[u8]) -> bool {
    let has_own_header =
        |head: &[u8]| head.windows(OWN_HEADER.len()).any(|part| part == OWN_HEADER);
    let start = |line: &[u8]| bytes.windows(line.len()).rposition(|part| part == line);
    let start = STATUS_LINES.into_iter().filter_map(start).max();
    start.is_some_and(|start| !has_own_header(&bytes[start..]))
}

impl<S: AsyncWrite + Unpin> ErrorHeaders<S> {
    fn poll_write_pending(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.pending.is_empty() {
            let written = ready!(Pin::new(&mut self.socket).poll_write(cx, &self.pending))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.pending.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ErrorHeaders<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ErrorHeaders<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_write_pending(cx))?;
        if self.take_error(&[IoSlice::new(bytes)]) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_write_pending(cx))?;
        if self.take_error(slices) {
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        Pin::new(&mut self.socket).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_write_pending(cx))?;
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_write_pending(cx))?;
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
