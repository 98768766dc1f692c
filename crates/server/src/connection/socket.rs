//! A client's socket: tuned for streams, with read-ahead bytes and a timeout for stalled writes.
//!
//! A slow peer is not stalled: the timeout restarts whenever the socket accepts bytes. The kernel
//! reports free space in steps, so writes are small: a peer that reads two of them within the
//! timeout is never disconnected.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use engine::Metrics;
use fanout::MAX_WRITE_BYTES;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// Silence of a peer after which it is probed.
pub(super) const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(60);

/// The kernel gives up an unreachable peer this much later than we close a stalled connection: it
/// would disconnect stalled peers too, without counting them.
#[cfg(target_os = "linux")]
const USER_TIMEOUT_MARGIN: Duration = Duration::from_secs(60);

/// The kernel counts `TCP_USER_TIMEOUT` in milliseconds, in 31 bits.
#[cfg(target_os = "linux")]
const MAX_USER_TIMEOUT: Duration = Duration::from_millis(i32::MAX as u64);

/// Unsent bytes that the kernel queues per socket. Its default is megabytes, which a peer that does
/// not read would occupy.
#[cfg(target_os = "linux")]
const MAX_UNSENT_BYTES: u32 = 16 * 1024;

/// Prepares a socket for a stream, by whichever path it is written.
///
/// # Errors
/// The peer has disconnected.
pub(super) fn tune(socket: &TcpStream, stall_timeout: Duration) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let socket = SockRef::from(socket);
    #[cfg(target_os = "linux")]
    {
        let timeout = stall_timeout.saturating_add(USER_TIMEOUT_MARGIN).min(MAX_USER_TIMEOUT);
        socket.set_tcp_user_timeout(Some(timeout))?;
        socket.set_tcp_notsent_lowat(MAX_UNSENT_BYTES)?;
    }
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE_INTERVAL))
}

pub(super) struct ClientSocket {
    /// Shared with the stream that it carries, which watches it for the peer's end.
    inner: Arc<TcpStream>,
    /// Bytes that were received before hyper got the socket; hyper reads them first.
    received: Bytes,
    /// Longest time that a write may wait without progress.
    stall_timeout: Duration,
    /// Runs while a write waits.
    stall_timer: Option<Pin<Box<Sleep>>>,
    metrics: Arc<Metrics>,
}

impl ClientSocket {
    pub(super) fn new(
        inner: Arc<TcpStream>,
        received: Bytes,
        stall_timeout: Duration,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { inner, received, stall_timeout, stall_timer: None, metrics }
    }

    /// Writes with `write` when the socket can take bytes.
    fn poll_write_with(
        &mut self,
        cx: &mut Context<'_>,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let written = loop {
            match self.inner.poll_write_ready(cx) {
                Poll::Pending => break Poll::Pending,
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) => {}
            }
            match write(&self.inner) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => break Poll::Ready(written),
            }
        };
        self.check_stall(written, cx)
    }

    /// Returns the result of a write, or an error once writes have waited for the stall timeout.
    fn check_stall(
        &mut self,
        written: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stall_timer = None;
            return written;
        }
        let timeout = self.stall_timeout;
        let timer = self.stall_timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        if timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.metrics.count_stalled_connection();
        // Discards the kernel's send queue with the connection.
        if let Err(error) = self.inner.set_zero_linger() {
            tracing::debug!("a stalled connection had closed already: {error}");
        }
        let reason = format!("the peer accepted no bytes for {timeout:?}");
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, reason)))
    }
}

impl AsyncRead for ClientSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.received.is_empty() {
            loop {
                ready!(self.inner.poll_read_ready(cx))?;
                match self.inner.try_read_buf(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    read => return Poll::Ready(read.map(drop)),
                }
            }
        }
        let count = self.received.len().min(buffer.remaining());
        buffer.put_slice(&self.received[..count]);
        self.received.advance(count);
        if self.received.is_empty() {
            // Frees the buffer of the fast path.
            self.received = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ClientSocket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let bytes = &bytes[..bytes.len().min(MAX_WRITE_BYTES)];
        self.poll_write_with(cx, |socket| socket.try_write(bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut total = 0;
        let fits = |slice: &&IoSlice<'_>| {
            total += slice.len();
            total <= MAX_WRITE_BYTES
        };
        let fitting = slices.iter().take_while(fits).count();
        if let (0, Some(first)) = (fitting, slices.first()) {
            return self.poll_write(cx, first);
        }
        self.poll_write_with(cx, |socket| socket.try_write_vectored(&slices[..fitting]))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(SockRef::from(&*self.inner).shutdown(Shutdown::Write))
    }
}
