//! A server that answers as a script says: one answer per request, each on its own connection.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub(crate) struct ScriptedServer {
    pub(crate) port: u16,
    shared: Arc<Mutex<ScriptState>>,
    task: JoinHandle<()>,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct SeenRequest {
    pub(crate) at: Instant,
    /// Method, target and version.
    pub(crate) line: String,
    /// In lower case, with names.
    pub(crate) headers: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct ScriptAnswer {
    head: String,
    body: Vec<Vec<u8>>,
    end: AnswerEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnswerEnd {
    /// The body is complete.
    Close,
    /// The connection stays open.
    Hold,
    /// The connection ends within the body.
    Truncate,
}

#[derive(Default)]
struct ScriptState {
    answers: VecDeque<ScriptAnswer>,
    requests: Vec<SeenRequest>,
}

/// Prepares each connection, as servers with TLS do.
pub(crate) type Handshake = Option<tokio_rustls::TlsAcceptor>;

impl ScriptedServer {
    pub(crate) async fn start(answers: impl IntoIterator<Item = ScriptAnswer>) -> Self {
        Self::start_with(None, answers).await
    }

    pub(crate) async fn start_with(
        handshake: Handshake,
        answers: impl IntoIterator<Item = ScriptAnswer>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = ScriptState { answers: answers.into_iter().collect(), requests: Vec::new() };
        let shared = Arc::new(Mutex::new(state));
        let task = tokio::spawn(accept(listener, handshake, Arc::clone(&shared)));
        Self { port, shared, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn requests(&self) -> Vec<SeenRequest> {
        self.shared.lock().unwrap().requests.clone()
    }

    pub(crate) fn add(&self, answers: impl IntoIterator<Item = ScriptAnswer>) {
        self.shared.lock().unwrap().answers.extend(answers);
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SeenRequest {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

impl ScriptAnswer {
    pub(crate) fn new(status: u16, headers: &[(&str, &str)], end: AnswerEnd) -> Self {
        let mut head = format!("HTTP/1.1 {status} Status\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        Self { head, body: Vec::new(), end }
    }

    /// A 200 with an event stream.
    pub(crate) fn stream(body: &str, end: AnswerEnd) -> Self {
        Self::new(200, &[("content-type", "text/event-stream")], end).body(body)
    }

    /// A complete answer in JSON.
    pub(crate) fn json(status: u16, content_type: &str, body: &str) -> Self {
        Self::new(status, &[("content-type", content_type)], AnswerEnd::Close).body(body)
    }

    /// Adds a piece of the body, which is written by itself.
    pub(crate) fn body(mut self, piece: impl AsRef<[u8]>) -> Self {
        self.body.push(piece.as_ref().to_vec());
        self
    }

    fn head(&self) -> String {
        let size: usize = self.body.iter().map(Vec::len).sum();
        let length = match self.end {
            AnswerEnd::Close => size,
            // Never reached.
            AnswerEnd::Hold | AnswerEnd::Truncate => size + 100,
        };
        format!("{}connection: close\r\ncontent-length: {length}\r\n\r\n", self.head)
    }
}

async fn accept(listener: TcpListener, handshake: Handshake, shared: Arc<Mutex<ScriptState>>) {
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        socket.set_nodelay(true).unwrap();
        let shared = Arc::clone(&shared);
        let handshake = handshake.clone();
        tokio::spawn(async move {
            match handshake {
                None => serve(socket, &shared).await,
                Some(acceptor) => match acceptor.accept(socket).await {
                    Ok(socket) => serve(socket, &shared).await,
                    Err(error) => Err(error),
                },
            }
        });
    }
}

async fn serve(
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
    shared: &Mutex<ScriptState>,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        if socket.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut lines = text.trim_end().split("\r\n").map(str::to_owned);
    let line = lines.next().unwrap_or_default();
    let headers = lines.map(|line| match line.split_once(':') {
        Some((name, value)) => format!("{}:{value}", name.to_ascii_lowercase()),
        None => line,
    });
    let request = SeenRequest { at: Instant::now(), line, headers: headers.collect() };
    let answer = {
        let mut shared = shared.lock().unwrap();
        shared.requests.push(request);
        shared.answers.pop_front()
    };
    // Behind the script's end the server is away.
    let Some(answer) = answer else { return Ok(()) };
    socket.write_all(answer.head().as_bytes()).await?;
    for piece in &answer.body {
        socket.write_all(piece).await?;
        socket.flush().await?;
    }
    match answer.end {
        AnswerEnd::Close | AnswerEnd::Truncate => socket.shutdown().await,
        AnswerEnd::Hold => {
            tokio::time::sleep(Duration::from_secs(600)).await;
            Ok(())
        }
    }
}
