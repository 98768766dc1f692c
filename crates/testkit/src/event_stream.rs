//! An open stream among thousands: a socket, and no more memory than it needs. What the bytes mean is
//! for its owner's `sse::EventSource` to say.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::net::TcpSocket;
use tokio::task::JoinHandle;

/// What hyper reads ahead of its owner, the least that it takes.
const READ_AHEAD_BYTES: usize = 8192;

/// The segments of a connection with a small buffer.
const SEGMENT_BYTES: u32 = 1024;

/// How long an answer's head may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

pub struct EventStream {
    answer: Response<Incoming>,
    connection: JoinHandle<()>,
}

impl EventStream {
    /// Asks for the stream at `path`, with the last event ID unless it is empty. A small
    /// `receive_buffer` makes the server feel at once that nothing is read.
    pub async fn open(
        address: SocketAddr,
        path: &str,
        last_event_id: &str,
        receive_buffer: Option<u32>,
    ) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
            // Segments as a network has them: with those of the loopback, which are larger than the
            // buffer, the kernel would hand over a buffer each time that it probes, and no more.
            SockRef::from(&socket).set_tcp_mss(SEGMENT_BYTES)?;
        }
        let socket = TokioIo::new(socket.connect(address).await?);
        let mut builder = http1::Builder::new();
        let (mut asking, connection) =
            builder.max_buf_size(READ_AHEAD_BYTES).handshake(socket).await?;
        // How it ends is seen in the body.
        let connection = tokio::spawn(async { drop(connection.await) });
        let mut request = Request::get(path)
            .header(HOST, address.to_string())
            .header(ACCEPT, "text/event-stream");
        if !last_event_id.is_empty() {
            request = request.header("last-event-id", last_event_id);
        }
        let answer = asking.send_request(request.body(Empty::<Bytes>::new())?);
        match tokio::time::timeout(HEAD_TIMEOUT, answer).await {
            Ok(answer) => Ok(Self { answer: answer?, connection }),
            Err(_) => {
                connection.abort();
                bail!("no answer within {HEAD_TIMEOUT:?}")
            }
        }
    }

    pub fn status(&self) -> u16 {
        self.answer.status().as_u16()
    }

    pub fn content_type(&self) -> Option<&str> {
        self.answer.headers().get(CONTENT_TYPE)?.to_str().ok()
    }

    /// The next bytes of the body, `None` at its end. An error is a connection that broke.
    pub async fn bytes(&mut self) -> Result<Option<Bytes>> {
        let Some(frame) = self.answer.body_mut().frame().await else { return Ok(None) };
        Ok(Some(frame?.into_data().ok().context("a stream has no trailers")?))
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.connection.abort();
    }
}
