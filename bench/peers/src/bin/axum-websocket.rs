//! axum's `WebSocket` over a broadcast channel, the usual way to write it. `POST /publish` sends its body to all
//! followers of `/events`; nothing is stored. A ping keeps quiet connections open, as often as flightboard's heartbeat.
//! An argument sets the bytes of the buffer in which it reads from each connection.
#![allow(clippy::print_stdout, reason = "the address goes to standard output")]

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{any, post};
use tokio::sync::broadcast::{self, Receiver, Sender, error::RecvError};
use tokio::time::{Instant, interval_at};

/// The capacity of the broadcast channel. A follower that falls further behind loses messages.
const MAX_QUEUED_MESSAGES: usize = 1_024;

const PING_INTERVAL: Duration = Duration::from_secs(15);

/// axum's default.
const DEFAULT_READ_BUFFER: usize = 128 * 1024;

#[derive(Clone)]
struct WebSocketPeer {
    events: Sender<Utf8Bytes>,
    read_buffer: usize,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let (events, _) = broadcast::channel(MAX_QUEUED_MESSAGES);
    let buffer = std::env::args().nth(1).and_then(|bytes| bytes.parse().ok());
    let state = WebSocketPeer { events, read_buffer: buffer.unwrap_or(DEFAULT_READ_BUFFER) };
    let routes = Router::new().route("/events", any(follow)).route("/publish", post(publish));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("axum is at http://{}", listener.local_addr()?);
    axum::serve(listener, routes.with_state(state)).await
}

async fn follow(upgrade: WebSocketUpgrade, State(state): State<WebSocketPeer>) -> Response {
    let receiver = state.events.subscribe();
    let upgrade = upgrade.read_buffer_size(state.read_buffer);
    upgrade.on_upgrade(async move |socket| send_events(socket, receiver).await)
}

/// Sends messages and pings until the connection ends.
async fn send_events(mut socket: WebSocket, mut receiver: Receiver<Utf8Bytes>) {
    let mut pings = interval_at(Instant::now() + PING_INTERVAL, PING_INTERVAL);
    loop {
        let message = tokio::select! {
            received = receiver.recv() => match received {
                Ok(text) => Message::Text(text),
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return,
            },
            _ = pings.tick() => Message::Ping(Vec::new().into()),
            from_peer = socket.recv() => match from_peer {
                Some(Ok(_)) => continue,
                _ => return,
            },
        };
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

async fn publish(State(state): State<WebSocketPeer>, text: String) -> StatusCode {
    // An error means that there are no followers.
    let _ = state.events.send(text.into());
    StatusCode::ACCEPTED
}
