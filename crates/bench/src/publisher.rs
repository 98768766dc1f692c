//! Connections that publish, each with several requests on the way if the server answers more than one.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::head::{self, Head};
use crate::message::Message;
use crate::pace::Pace;
use crate::target::Place;

/// Most requests of a connection that wait for their answers.
const MOST_WAITING: usize = 64;

/// How long a connection, a request or an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// As much of a refusal as is shown.
const SHOWN_BYTES: usize = 300;

/// What became of the messages.
#[derive(Debug, Default, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Published {
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    /// Those whose connection ended before an answer came.
    pub(crate) unanswered: u64,
    /// What the first that was refused was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refusal: Option<String>,
}

/// Connections to publish on. They are opened before anything is measured: what a server does for a new
/// one is no part of what a message takes.
pub(crate) struct Publishers {
    to: Place,
    message: Message,
    connections: Vec<Connection>,
}

impl Publishers {
    pub(crate) async fn open(to: &Place, message: &Message, publishers: usize) -> Result<Self> {
        let mut connections = Vec::new();
        for _ in 0..publishers {
            connections.push(Connection::open(to).await?);
        }
        Ok(Self { to: to.clone(), message: message.clone(), connections })
    }

    /// Publishes at this pace, to the last answer.
    pub(crate) async fn publish(self, pace: &Arc<Pace>) -> Result<Published> {
        let mut running = JoinSet::new();
        for connection in self.connections {
            let publisher = LoadPublisher {
                to: self.to.clone(),
                message: self.message.clone(),
                pace: Arc::clone(pace),
                connection: Some(connection),
                may_wait: 1,
                published: Published::default(),
            };
            running.spawn(publisher.run());
        }
        let mut whole = Published::default();
        while let Some(published) = running.join_next().await {
            whole.add(published.context("a publisher failed")??);
        }
        Ok(whole)
    }
}

struct LoadPublisher {
    to: Place,
    message: Message,
    pace: Arc<Pace>,
    connection: Option<Connection>,
    /// How many requests may wait at once: one until the server has shown that it keeps connections.
    may_wait: usize,
    published: Published,
}

struct Connection {
    socket: TcpStream,
    waiting: usize,
    /// What has come and is not a whole answer.
    begun: Vec<u8>,
}

impl LoadPublisher {
    async fn run(mut self) -> Result<Published> {
        let mut has_more = true;
        loop {
            let waiting = self.connection.as_ref().map_or(0, |connection| connection.waiting);
            if !has_more && waiting == 0 {
                return Ok(self.published);
            }
            tokio::select! {
                number = self.pace.next(), if has_more && waiting < self.may_wait => match number {
                    Some(number) => self.send(number).await?,
                    None => has_more = false,
                },
                // Also when no answer is due: a server may end a connection that it finds idle.
                came = read(&mut self.connection), if self.connection.is_some() => {
                    self.take(came)?;
                }
            }
        }
    }

    async fn send(&mut self, number: u64) -> Result<()> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => self.connection.insert(Connection::open(&self.to).await?),
        };
        let request = self.message.request(number);
        let sent = timeout(ANSWER_TIMEOUT, connection.socket.write_all(&request)).await;
        connection.waiting += 1;
        if !matches!(sent, Ok(Ok(()))) {
            self.lose();
        }
        Ok(())
    }

    /// More of the answers has come, or the end.
    fn take(&mut self, came: bool) -> Result<()> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        while connection.waiting > 0
            && let Some((head, length)) = answer(&connection.begun)?
        {
            connection.waiting -= 1;
            if (200..300).contains(&head.status) {
                self.published.accepted += 1;
            } else {
                self.published.refused += 1;
                let text = String::from_utf8_lossy(&connection.begun[..length.min(SHOWN_BYTES)]);
                self.published.refusal.get_or_insert_with(|| shown(&text));
            }
            connection.begun.drain(..length);
            self.may_wait = if head.keeps_alive { MOST_WAITING } else { 1 };
            if !head.keeps_alive {
                self.lose();
                return Ok(());
            }
        }
        if !came {
            self.lose();
        }
        Ok(())
    }

    /// The connection is of no more use.
    fn lose(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.published.unanswered += connection.waiting as u64;
        }
    }
}

impl Connection {
    async fn open(to: &Place) -> Result<Self> {
        let socket = timeout(ANSWER_TIMEOUT, TcpStream::connect(to.address)).await;
        let socket = socket.map_err(io::Error::from).flatten();
        let socket = socket.with_context(|| format!("{} takes no message", to.url()))?;
        socket.set_nodelay(true)?;
        Ok(Self { socket, waiting: 0, begun: Vec::new() })
    }
}

/// Whether more has come; otherwise the connection has ended, or no answer came in time.
async fn read(connection: &mut Option<Connection>) -> bool {
    let Some(Connection { socket, begun, .. }) = connection else { return false };
    matches!(timeout(ANSWER_TIMEOUT, socket.read_buf(begun)).await, Ok(Ok(1..)))
}

/// The first answer of these bytes, and its length, once it is whole.
fn answer(bytes: &[u8]) -> Result<Option<(Head, usize)>> {
    let Some((head, length)) = head::read(bytes)? else { return Ok(None) };
    let (mut rest, mut body) = (&bytes[length..], head.body);
    while body.next(&mut rest)?.is_some() {}
    // An answer without an end of its own is not waited for: its status is there.
    let is_whole = body.is_ended() || !head.keeps_alive;
    Ok(is_whole.then(|| (head, bytes.len() - rest.len())))
}

/// Status and body, without the headers.
fn shown(text: &str) -> String {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
    let status = head.lines().next().unwrap_or_default();
    let status = status.split_once(' ').map_or(status, |(_, status)| status);
    format!("{status} {}", body.trim()).trim_end().to_owned()
}

impl Published {
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
    fn answers_that_come_together_are_told_apart() {
        let answers = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404 Not Found\r\n\
            Transfer-Encoding: chunked\r\n\r\n4\r\ngone\r\n0\r\n\r\n";
        let (head, length) = answer(answers).unwrap().unwrap();
        assert_eq!((head.status, head.keeps_alive), (200, true));
        let rest = &answers[length..];
        let (head, length) = answer(rest).unwrap().unwrap();
        assert_eq!((head.status, length), (404, rest.len()));
        for end in 0..rest.len() {
            assert!(answer(&rest[..end]).unwrap().is_none(), "{end}");
        }
    }

    #[test]
    fn a_refusal_is_shown_without_its_headers() {
        assert_eq!(
            shown("HTTP/1.1 404 Not Found\r\nA: b\r\n\r\nno board\n"),
            "404 Not Found no board"
        );
        assert_eq!(shown("HTTP/1.1 405 Method Not Allowed\r\nA: b"), "405 Method Not Allowed");
    }
}
