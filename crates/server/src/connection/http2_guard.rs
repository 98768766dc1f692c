//! Limits the frames of HTTP/2 without use.
//!
//! A peer can send millions of PING, SETTINGS, PRIORITY or empty DATA frames a second, each of which
//! costs the server more than the peer. Frames that belong to requests and responses are not limited
//! here: `WINDOW_UPDATE` frames, which confirm responses, are paid for by the frames of these.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use engine::Metrics;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

/// The first bytes of an HTTP/2 connection (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const HEADER_BYTES: usize = 9;

/// The payload of an RST_STREAM frame, which is read with its header.
const ERROR_CODE_BYTES: usize = 4;

/// The error code of a request above the limit of a connection (RFC 9113, section 7).
const REFUSED_STREAM: [u8; ERROR_CODE_BYTES] = [0, 0, 0, 7];

/// Useless frames that a peer may send after a pause.
const MAX_USELESS_FRAMES: u32 = 400;

/// Useless frames that it may send in a second on average.
const USELESS_FRAMES_PER_SEC: u32 = 100;

/// Useless frames that each frame of a response allows: two WINDOW_UPDATE, and a frame of the request.
const FRAMES_PER_RESPONSE_FRAME: u32 = 3;

/// A DATA frame below this size carries little of a body.
const SMALL_DATA_BYTES: usize = 128;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const CONTINUATION: u8 = 9;

/// A socket whose peer is cut off when it sends too many useless frames.
pub(super) struct Http2Guard<S> {
    socket: S,
    received: FrameScanner,
    sent: FrameScanner,
    credit: FrameCredit,
    metrics: Arc<Metrics>,
}

/// Useless frames that the peer may still send.
struct FrameCredit {
    frames: u32,
    counted_at: Instant,
}

/// Finds the frames in bytes that are split anywhere.
enum FrameScanner {
    /// The bytes of the preface that have matched.
    Preface(usize),
    /// The connection is not HTTP/2.
    Other,
    Header {
        bytes: [u8; HEADER_BYTES + ERROR_CODE_BYTES],
        len: usize,
    },
    Payload(usize),
}

impl<S> Http2Guard<S> {
    pub(super) fn new(socket: S, metrics: Arc<Metrics>) -> Self {
        let credit = FrameCredit { frames: MAX_USELESS_FRAMES, counted_at: Instant::now() };
        let (received, sent) = (FrameScanner::Preface(0), FrameScanner::Other);
        Self { socket, received, sent, credit, metrics }
    }

    /// Counts the frames in `bytes`.
    ///
    /// # Errors
    /// The peer has sent too many useless ones.
    fn check(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut useless = 0;
        self.received.scan(bytes, |kind, length, _| {
            let is_useful = matches!(kind, HEADERS | CONTINUATION)
                || kind == DATA && length >= SMALL_DATA_BYTES;
            useless += u32::from(!is_useful);
        });
        if !matches!(self.received, FrameScanner::Preface(_) | FrameScanner::Other)
            && matches!(self.sent, FrameScanner::Other)
        {
            self.sent = FrameScanner::header();
        }
        if useless == 0 || self.credit.spend(useless, Instant::now()) {
            return Ok(());
        }
        self.metrics.requests().count_frame_flood();
        Err(io::Error::other("the peer sent too many useless HTTP/2 frames"))
    }

    fn earn(&mut self, sent: &[u8]) {
        let credit = &mut self.credit;
        let requests = self.metrics.requests();
        self.sent.scan(sent, |kind, _, error_code| {
            if matches!(kind, DATA | HEADERS) {
                credit.earn(FRAMES_PER_RESPONSE_FRAME);
            } else if error_code == REFUSED_STREAM {
                requests.count_refused_stream();
            }
        });
    }
}

impl FrameCredit {
    fn spend(&mut self, frames: u32, now: Instant) -> bool {
        let millis = now.saturating_duration_since(self.counted_at).as_millis();
        let refill = millis.saturating_mul(u128::from(USELESS_FRAMES_PER_SEC)) / 1_000;
        if let Some(refill) = u32::try_from(refill).ok().filter(|refill| *refill > 0) {
            self.counted_at = now;
            self.earn(refill);
        } else if refill > 0 {
            *self = Self { frames: MAX_USELESS_FRAMES, counted_at: now };
        }
        let left = self.frames.checked_sub(frames);
        self.frames = left.unwrap_or(0);
        left.is_some()
    }

    fn earn(&mut self, frames: u32) {
        self.frames = self.frames.saturating_add(frames).min(MAX_USELESS_FRAMES);
    }
}

impl FrameScanner {
    const fn header() -> Self {
        Self::Header { bytes: [0; HEADER_BYTES + ERROR_CODE_BYTES], len: 0 }
    }

    /// Calls `visit` with the type, the length and the error code of each frame whose header ends in `rest`. Only
    /// RST_STREAM frames have an error code.
    fn scan(&mut self, mut rest: &[u8], mut visit: impl FnMut(u8, usize, &[u8])) {
        while let Some(first) = rest.first() {
            match self {
                Self::Other => return,
                Self::Preface(matched) => {
                    if PREFACE.get(*matched) != Some(first) {
                        *self = Self::Other;
                        return;
                    }
                    *matched += 1;
                    rest = &rest[1..];
                    if *matched == PREFACE.len() {
                        *self = Self::header();
                    }
                }
                Self::Header { bytes, len } => {
                    let taken = rest.len().min(header_bytes(bytes, *len) - *len);
                    bytes[*len..*len + taken].copy_from_slice(&rest[..taken]);
                    *len += taken;
                    rest = &rest[taken..];
                    if *len == header_bytes(bytes, *len) {
                        let length = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]) as usize;
                        let error_code = &bytes[HEADER_BYTES..*len];
                        visit(bytes[3], length, error_code);
                        *self = Self::after_header(length - error_code.len());
                    }
                }
                Self::Payload(left) => {
                    let taken = rest.len().min(*left);
                    rest = &rest[taken..];
                    *self = Self::after_header(*left - taken);
                }
            }
        }
    }

    const fn after_header(payload: usize) -> Self {
        if payload == 0 { Self::header() } else { Self::Payload(payload) }
    }
}

/// The length of a header of which `len` bytes are there: that of RST_STREAM includes the error code.
fn header_bytes(bytes: &[u8], len: usize) -> usize {
    let is_reset = len >= HEADER_BYTES
        && bytes[..3] == [0, 0, ERROR_CODE_BYTES as u8]
        && bytes[3] == RST_STREAM;
    if is_reset { HEADER_BYTES + ERROR_CODE_BYTES } else { HEADER_BYTES }
}

impl<S: AsyncRead + Unpin> AsyncRead for Http2Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let start = buffer.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buffer))?;
        Poll::Ready(self.check(&buffer.filled()[start..]))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Http2Guard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.socket).poll_write(cx, bytes))?;
        self.earn(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.socket).poll_write_vectored(cx, slices))?;
        let mut left = written;
        for slice in slices {
            let taken = left.min(slice.len());
            self.earn(&slice[..taken]);
            left -= taken;
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, length: u8) -> Vec<u8> {
        let mut frame = vec![0, 0, length, kind, 0, 0, 0, 0, 1];
        frame.resize(HEADER_BYTES + usize::from(length), kind);
        frame
    }

    proptest! {
        #[test]
        fn frames_are_found_in_any_pieces(
            frames in prop::collection::vec((0_u8..12, any::<u8>()), 0..20),
            cuts in prop::collection::vec(1_usize..50, 1..40),
        ) {
            let mut bytes = PREFACE.to_vec();
            frames.iter().for_each(|(kind, length)| bytes.extend(frame(*kind, *length)));
            let mut scanner = FrameScanner::Preface(0);
            let mut found = Vec::new();
            let mut rest = &bytes[..];
            for cut in cuts.iter().cycle() {
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                scanner.scan(piece, |kind, length, _| found.push((kind, length as u8)));
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(found, frames);
        }
    }

    #[test]
    fn other_protocols_have_no_frames() {
        let mut scanner = FrameScanner::Preface(0);
        scanner.scan(b"PRI * HTTP/1.1\r\n", |_, _, _| panic!("a frame"));
        assert!(matches!(scanner, FrameScanner::Other));
    }

    #[test]
    fn credit_returns_with_time() {
        let start = Instant::now();
        let mut credit = FrameCredit { frames: MAX_USELESS_FRAMES, counted_at: start };
        assert!(credit.spend(MAX_USELESS_FRAMES, start) && !credit.spend(1, start));
        let later = start + Duration::from_secs(1);
        assert!(credit.spend(USELESS_FRAMES_PER_SEC, later) && !credit.spend(1, later));
        assert!(credit.spend(MAX_USELESS_FRAMES, start + Duration::from_secs(1 << 40)));
        credit.earn(FRAMES_PER_RESPONSE_FRAME);
        assert!(credit.spend(FRAMES_PER_RESPONSE_FRAME, start));
    }
}
