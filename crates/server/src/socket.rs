//! A connection's socket: tuned for streams, and given up when its peer takes nothing.
//!
//! Slowness alone cuts nobody: each time that the system can take more for the peer, a new time
//! begins. That it can is told in pieces, so the pieces are kept small: whoever takes two of them
//! within the time is never cut. What the socket carries is not known here.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use fanout::MAX_WRITE_BYTES;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use engine::Metrics;

/// A peer that says nothing for so long is asked for a sign of life.
pub(crate) const KEEPALIVE_AFTER: Duration = Duration::from_secs(60);

/// A peer that answers nothing at all is given up by the system, so much later than one that is
/// there and takes nothing: the system cuts both and counts neither.
#[cfg(target_os = "linux")]
const VANISHED_AFTER: Duration = Duration::from_secs(60);

/// Longest that the system can be asked for: it counts milliseconds in 31 bits.
#[cfg(target_os = "linux")]
const LONGEST_USER_TIMEOUT: Duration = Duration::from_millis(i32::MAX as u64);

/// Bytes that the system takes for a peer before it can send them. By itself it takes megabytes,
/// and would hold them for as long as the peer does not read.
#[cfg(target_os = "linux")]
const UNSENT_BYTES: u32 = 16 * 1024;

pub(crate) struct Socket {
    inner: TcpStream,
    /// How long a write may wait without a byte taken.
    stall_timeout: Duration,
    /// Since a write waits: when it has waited too long.
    stalled: Option<Pin<Box<Sleep>>>,
    metrics: Arc<Metrics>,
}

/// Prepares a socket for a stream, whoever will write it.
///
/// # Errors
/// The peer has gone already.
pub(crate) fn tune(socket: &TcpStream, stall_timeout: Duration) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let socket = SockRef::from(socket);
    #[cfg(target_os = "linux")]
    {
        let vanished = stall_timeout.saturating_add(VANISHED_AFTER).min(LONGEST_USER_TIMEOUT);
        socket.set_tcp_user_timeout(Some(vanished))?;
        socket.set_tcp_notsent_lowat(UNSENT_BYTES)?;
    }
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE_AFTER))
}

impl Socket {
    pub(crate) fn new(inner: TcpStream, stall_timeout: Duration, metrics: Arc<Metrics>) -> Self {
        Self { inner, stall_timeout, stalled: None, metrics }
    }

    /// Passes on how a write went, unless it has waited too long.
    fn watch(
        &mut self,
        written: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let timeout = self.stall_timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        if stalled.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.metrics.count_stalled_connection();
        // What the system still holds for the peer goes with the connection.
        if let Err(error) = self.inner.set_zero_linger() {
            tracing::debug!("a stalled connection had gone already: {error}");
        }
        let why = format!("the peer took nothing for {timeout:?}");
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, why)))
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let piece = &bytes[..bytes.len().min(MAX_WRITE_BYTES)];
        let written = Pin::new(&mut self.inner).poll_write(cx, piece);
        self.watch(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        state: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut bytes = 0;
        let fits = |part: &&IoSlice<'_>| {
            bytes += part.len();
            bytes <= MAX_WRITE_BYTES
        };
        let fitting = state.iter().take_while(fits).count();
        if let (0, Some(first)) = (fitting, state.first()) {
            return self.poll_write(cx, first);
        }
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, &state[..fitting]);
        self.watch(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
