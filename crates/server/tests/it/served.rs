//! A server on a socket, in this process.

use std::time::Duration;

use journal::{Journal, MemoryJournal};
use serde_json::json;
use server::Settings;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::house::House;

const FOLLOW: &[u8] = b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n";

pub(crate) struct Served {
    pub(crate) house: House,
    pub(crate) address: std::net::SocketAddr,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) serving: JoinHandle<()>,
}

/// The same settings for both ways in which streams are written: by a task for each, and by the
/// reactor, which has two ways to send.
pub(crate) fn both_ways(settings: Settings) -> [Settings; 3] {
    let ways = [(0, false), (2, false), (2, true)];
    ways.map(|(reactor_threads, io_uring)| Settings {
        reactor_threads,
        io_uring,
        ..settings.clone()
    })
}

pub(crate) async fn serve(settings: Settings) -> Served {
    serve_on(MemoryJournal::default(), settings).await
}

pub(crate) async fn serve_on(journal: impl Journal, settings: Settings) -> Served {
    let house = House::on(journal, settings).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = server::serve(listener, house.app.clone(), async { stopped.await.unwrap() });
    let serving = tokio::spawn(serving);
    Served { house, address, stop, serving }
}

impl Served {
    pub(crate) async fn follow(&self) -> TcpStream {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        socket.write_all(FOLLOW).await.unwrap();
        socket
    }

    /// So many followers, when all of them are let in.
    pub(crate) async fn follow_many(&self, count: u64) -> Vec<TcpStream> {
        let mut sockets = Vec::new();
        for _ in 0..count {
            sockets.push(self.follow().await);
        }
        self.has_followers(count).await;
        sockets
    }

    pub(crate) async fn has_followers(&self, wanted: u64) {
        for _ in 0..500 {
            if self.house.followers("main").await == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} followers, not {wanted}", self.house.followers("main").await);
    }
    /// A follower whose system takes little that it does not read.
    pub(crate) async fn follow_with_little_room(&self) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(16 * 1024).unwrap();
        let mut socket = socket.connect(self.address).await.unwrap();
        socket.write_all(FOLLOW).await.unwrap();
        socket
    }

    /// Changes a row of the board `main` so often, by some 300 bytes of stream each; the last
    /// remark that it is given.
    pub(crate) async fn change_often(&self, times: u32) -> String {
        let round = self.figure("flightboard_updates_total{outcome=\"changed\"}").await;
        let remark = |n: u32| format!("{round}:{n}:{}", "x".repeat(180));
        self.house.send("PUT", "/boards/main/flights/OFTEN", json!({})).await;
        let line = |n: u32| {
            let data = json!({ "flight": "OFTEN", "remark": remark(n) });
            json!({ "event": "flightStateUpdate", "data": data }).to_string()
        };
        let lines: Vec<_> = (0..times).map(line).collect();
        // In parts that a small window holds, so that followers can take them in between.
        for part in lines.chunks(100) {
            let answer = self.house.send_lines("main", &part.join("\n")).await;
            assert_eq!(answer.body.matches(r#""status":200"#).count(), part.len());
        }
        remark(times - 1)
    }

    /// A figure of `/metrics`.
    pub(crate) async fn figure(&self, name: &str) -> u64 {
        let text = self.house.get("/metrics").await.body;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.expect(name).parse().unwrap()
    }
}
