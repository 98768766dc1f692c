//! Connections that publish. Each pipelines several requests once the server has shown that it keeps
//! connections alive.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_with::skip_serializing_none;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::endpoint::Endpoint;
use crate::message_template::MessageTemplate;
use crate::pacing::PublishPacer;
use crate::response_head::{self, ResponseHead};

/// Maximum number of unanswered requests on a connection.
const MAX_PIPELINED: usize = 64;

/// Timeout of connecting, of sending a request, and of each read of a response.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum length of a reported refusal.
const MAX_REFUSAL_BYTES: usize = 300;

/// The outcomes of the messages.
#[skip_serializing_none]
#[derive(Debug, Default, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublishCounts {
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    /// Messages whose connection ended before the response.
    pub(crate) unanswered: u64,
    /// The response to the first refused message.
    pub(crate) refusal: Option<String>,
}

/// Open connections. Opening them before the measurement keeps the server's accept cost out of it.
pub(crate) struct PublisherPool {
    endpoint: Endpoint,
    message: MessageTemplate,
    connections: Vec<PublishConnection>,
}

impl PublisherPool {
    pub(crate) async fn open(
        endpoint: &Endpoint,
        message: &MessageTemplate,
        publishers: usize,
    ) -> Result<Self> {
        let mut connections = Vec::new();
        for _ in 0..publishers {
            connections.push(PublishConnection::open(endpoint).await?);
        }
        Ok(Self { endpoint: endpoint.clone(), message: message.clone(), connections })
    }

    /// Publishes the messages that `pacer` hands out, and waits for all responses.
    pub(crate) async fn publish(self, pacer: &Arc<PublishPacer>) -> Result<PublishCounts> {
        let mut tasks = JoinSet::new();
        for connection in self.connections {
            let task = PublishTask {
                endpoint: self.endpoint.clone(),
                message: self.message.clone(),
                pacer: Arc::clone(pacer),
                connection: Some(connection),
                max_pipelined: 1,
                counts: PublishCounts::default(),
            };
            tasks.spawn(task.run());
        }
        let mut total = PublishCounts::default();
        while let Some(counts) = tasks.join_next().await {
            total.add(counts.context("a publisher panicked")??);
        }
        Ok(total)
    }
}

struct PublishTask {
    endpoint: Endpoint,
    message: MessageTemplate,
    pacer: Arc<PublishPacer>,
    connection: Option<PublishConnection>,
    /// Maximum number of unanswered requests: 1 until a response keeps the connection alive.
    max_pipelined: usize,
    counts: PublishCounts,
}

struct PublishConnection {
    socket: TcpStream,
    unanswered: usize,
    /// Received bytes that are not a complete response yet.
    received: Vec<u8>,
}

impl PublishTask {
    async fn run(mut self) -> Result<PublishCounts> {
        let mut has_more = true;
        loop {
            let unanswered = self.connection.as_ref().map_or(0, |it| it.unanswered);
            if !has_more && unanswered == 0 {
                return Ok(self.counts);
            }
            tokio::select! {
                number = self.pacer.next(), if has_more && unanswered < self.max_pipelined => {
                    match number {
                        Some(number) => self.send(number).await?,
                        None => has_more = false,
                    }
                }
                // Read even when no response is due: the server may close an idle connection.
                is_open = receive(&mut self.connection), if self.connection.is_some() => {
                    self.handle_responses(is_open)?;
                }
            }
        }
    }

    async fn send(&mut self, number: u64) -> Result<()> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => self.connection.insert(PublishConnection::open(&self.endpoint).await?),
        };
        let request = self.message.request(number);
        let sent = timeout(PUBLISH_TIMEOUT, connection.socket.write_all(&request)).await;
        connection.unanswered += 1;
        if !matches!(sent, Ok(Ok(()))) {
            self.drop_connection();
        }
        Ok(())
    }

    /// Counts the complete responses. Drops the connection if it is closed or about to be.
    fn handle_responses(&mut self, is_open: bool) -> Result<()> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        while connection.unanswered > 0
            && let Some((head, length)) = parse_response(&connection.received)?
        {
            connection.unanswered -= 1;
            if (200..300).contains(&head.status) {
                self.counts.accepted += 1;
            } else {
                self.counts.refused += 1;
                let shown = &connection.received[..length.min(MAX_REFUSAL_BYTES)];
                let text = String::from_utf8_lossy(shown);
                self.counts.refusal.get_or_insert_with(|| status_and_body(&text));
            }
            connection.received.drain(..length);
            self.max_pipelined = if head.keeps_alive { MAX_PIPELINED } else { 1 };
            if !head.keeps_alive {
                self.drop_connection();
                return Ok(());
            }
        }
        if !is_open {
            self.drop_connection();
        }
        Ok(())
    }

    fn drop_connection(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.counts.unanswered += connection.unanswered as u64;
        }
    }
}

impl PublishConnection {
    async fn open(endpoint: &Endpoint) -> Result<Self> {
        let socket = timeout(PUBLISH_TIMEOUT, TcpStream::connect(endpoint.address)).await;
        let socket = socket.map_err(io::Error::from).flatten();
        let socket = socket.with_context(|| format!("cannot connect to {}", endpoint.url()))?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, unanswered: 0, received: Vec::new() })
    }
}

/// Reads from the connection. Returns false if it is closed or nothing arrived in time.
async fn receive(connection: &mut Option<PublishConnection>) -> bool {
    let Some(PublishConnection { socket, received, .. }) = connection else { return false };
    matches!(timeout(PUBLISH_TIMEOUT, socket.read_buf(received)).await, Ok(Ok(1..)))
}

/// The first response in `bytes` and its length; `None` while it is incomplete.
fn parse_response(bytes: &[u8]) -> Result<Option<(ResponseHead, usize)>> {
    let Some((head, length)) = response_head::parse(bytes)? else { return Ok(None) };
    let mut rest = &bytes[length..];
    let mut body = head.body.clone();
    while body.next(&mut rest)?.is_some() {}
    // Do not wait for the end of a body that ends with the connection: the status is known.
    let is_complete = body.is_ended() || !head.keeps_alive;
    Ok(is_complete.then(|| (head, bytes.len() - rest.len())))
}

/// A response without its headers.
fn status_and_body(response: &str) -> String {
    let (head, body) = response.split_once("\r\n\r\n").unwrap_or((response, ""));
    let status_line = head.lines().next().unwrap_or_default();
    let status = status_line.split_once(' ').map_or(status_line, |(_, status)| status);
    format!("{status} {}", body.trim()).trim_end().to_owned()
}

impl PublishCounts {
    pub(crate) fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.unanswered += other.unanswered;
        self.refusal = self.refusal.take().or(other.refusal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipelined_responses_are_split() {
        let responses = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404 Not Found\r\n\
            Transfer-Encoding: chunked\r\n\r\n4\r\ngone\r\n0\r\n\r\n";
        let (head, length) = parse_response(responses).unwrap().unwrap();
        assert_eq!((head.status, head.keeps_alive), (200, true));
        let rest = &responses[length..];
        let (head, length) = parse_response(rest).unwrap().unwrap();
        assert_eq!((head.status, length), (404, rest.len()));
        for end in 0..rest.len() {
            assert!(parse_response(&rest[..end]).unwrap().is_none(), "{end}");
        }
    }

    #[test]
    fn refusals_are_shown_without_headers() {
        assert_eq!(
            status_and_body("HTTP/1.1 404 Not Found\r\nA: b\r\n\r\nno board\n"),
            "404 Not Found no board"
        );
        let cut = "HTTP/1.1 405 Method Not Allowed\r\nA: b";
        assert_eq!(status_and_body(cut), "405 Method Not Allowed");
    }
}
