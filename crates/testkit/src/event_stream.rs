//! An asynchronous stream for tests with thousands of followers: it holds a socket and no read buffer. The
//! owner's `sse::EventSource` decodes the events.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use socket2::SockRef;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

use crate::response::ResponseDecoder;

/// Bytes read with one call.
const READ_BYTES: usize = 8192;

/// TCP segment size for a small receive buffer.
const SEGMENT_BYTES: u32 = 1024;

/// Maximum time until the head of a response.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

pub struct EventStream {
    socket: TcpStream,
    response: ResponseDecoder,
    /// The part of the body that came with the head.
    buffered: Vec<u8>,
}

impl EventStream {
    /// Requests the stream at `path`, with `last_event_id` unless it is empty. With a small `receive_buffer` the
    /// server notices at once that the client does not read.
    pub async fn open(
        address: SocketAddr,
        path: &str,
        last_event_id: &str,
        receive_buffer: Option<u32>,
    ) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes)?;
            // Loopback segments are larger than the buffer: with those the kernel would deliver one buffer per
            // window probe and nothing else.
            SockRef::from(&socket).set_tcp_mss(SEGMENT_BYTES)?;
        }
        let mut socket = socket.connect(address).await?;
        let mut request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n");
        request += "Accept: text/event-stream\r\n";
        if !last_event_id.is_empty() {
            request += &format!("Last-Event-ID: {last_event_id}\r\n");
        }
        socket.write_all((request + "\r\n").as_bytes()).await?;
        let response = ResponseDecoder::new();
        let mut stream = Self { socket, response, buffered: Vec::new() };
        let head = tokio::time::timeout(HEAD_TIMEOUT, stream.read_head()).await;
        head.with_context(|| format!("no response within {HEAD_TIMEOUT:?}"))??;
        Ok(stream)
    }

    pub fn status(&self) -> u16 {
        self.response.status()
    }

    pub fn content_type(&self) -> Option<&str> {
        self.response.header("content-type")
    }

    /// The next bytes of the body, `None` at its end. An error means a broken connection.
    pub async fn next_bytes(&mut self) -> Result<Option<Vec<u8>>> {
        if !self.buffered.is_empty() {
            return Ok(Some(std::mem::take(&mut self.buffered)));
        }
        while !self.response.is_complete() {
            let body = self.read().await?;
            if !body.is_empty() {
                return Ok(Some(body));
            }
        }
        Ok(None)
    }

    async fn read_head(&mut self) -> Result<()> {
        while self.response.head().is_empty() {
            self.buffered = self.read().await?;
        }
        Ok(())
    }

    /// Reads once. Nothing is lost if the caller drops the future: it waits only before the read.
    async fn read(&mut self) -> Result<Vec<u8>> {
        loop {
            self.socket.readable().await?;
            // On the stack of the thread, not in the future: no memory while the stream is silent.
            let mut bytes = [0; READ_BYTES];
            match self.socket.try_read(&mut bytes) {
                Ok(count) => {
                    ensure!(count > 0, "the connection ended within the response");
                    return Ok(self.response.decode(&bytes[..count])?);
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
