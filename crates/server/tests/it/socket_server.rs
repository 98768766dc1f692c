//! A server on a socket, in the test's process.

use std::time::Duration;

use journal::{Journal, MemoryJournal};
use serde_json::json;
use server::{Listener, Settings};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::test_server::TestServer;

const FOLLOW: &[u8] = b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n";

pub(crate) struct SocketServer {
    /// Sends requests without a socket.
    pub(crate) direct: TestServer,
    pub(crate) address: std::net::SocketAddr,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) serving: JoinHandle<()>,
}

/// Returns the settings for each way to write streams: a task per follower, the reactor with one
/// syscall per socket, and the reactor with io_uring.
pub(crate) fn each_write_path(settings: Settings) -> [Settings; 3] {
    let ways = [(0, false), (2, false), (2, true)];
    ways.map(|(reactor_threads, io_uring)| Settings {
        reactor_threads,
        io_uring,
        ..settings.clone()
    })
}

pub(crate) async fn serve(settings: Settings) -> SocketServer {
    serve_on(MemoryJournal::default(), settings).await
}

pub(crate) async fn serve_on(journal: impl Journal, settings: Settings) -> SocketServer {
    let direct = TestServer::on(journal, settings).await;
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listener = Listener::plain(socket).unwrap();
    let address = listener.address();
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async { stopped.await.unwrap() };
    let serving = tokio::spawn(server::serve(vec![listener], direct.app.clone(), shutdown));
    SocketServer { direct, address, stop, serving }
}

impl SocketServer {
    pub(crate) async fn follow(&self) -> TcpStream {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        socket.write_all(FOLLOW).await.unwrap();
        socket
    }

    /// Opens streams, and waits until all are admitted.
    pub(crate) async fn follow_many(&self, count: u64) -> Vec<TcpStream> {
        let mut sockets = Vec::new();
        for _ in 0..count {
            sockets.push(self.follow().await);
        }
        self.wait_followers(count).await;
        sockets
    }

    /// Waits until the board `main` has that many followers.
    pub(crate) async fn wait_followers(&self, wanted: u64) {
        for _ in 0..500 {
            if self.direct.followers("main").await == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} followers instead of {wanted}", self.direct.followers("main").await);
    }

    /// Opens a stream with a small receive buffer.
    pub(crate) async fn follow_with_small_buffer(&self) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        let mut socket = socket.connect(self.address).await.unwrap();
        socket.write_all(FOLLOW).await.unwrap();
        socket
    }

    /// Changes a row of the board `main` that many times, each with about 300 bytes of stream.
    /// Returns the last remark.
    pub(crate) async fn change_row(&self, times: u32) -> String {
        let round = self.metric("flightboard_updates_total{outcome=\"changed\"}").await;
        let remark = |n: u32| format!("{round}:{n}:{}", "x".repeat(180));
        self.direct.send("PUT", "/boards/main/flights/OFTEN", json!({})).await;
        let line = |n: u32| {
            let data = json!({ "flight": "OFTEN", "remark": remark(n) });
            json!({ "event": "flightStateUpdate", "data": data }).to_string()
        };
        let lines: Vec<_> = (0..times).map(line).collect();
        // In batches that fit a small window, so that followers can read between them.
        for part in lines.chunks(100) {
            let answer = self.direct.send_lines("main", &part.join("\n")).await;
            assert_eq!(answer.body.matches(r#""status":200"#).count(), part.len());
        }
        remark(times - 1)
    }

    /// Reads a value of `/metrics`.
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let text = self.direct.get("/metrics").await.body;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.expect(name).parse().unwrap()
    }
}
