//! axum's `Sse` over a broadcast channel, the usual way to write it. `POST /publish` sends its body to all followers
//! of `/events`; nothing is stored.
#![allow(clippy::print_stdout, reason = "the address goes to standard output")]

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use axum::routing::{get, post};
use futures_util::{Stream, stream};
use tokio::sync::broadcast::{self, Sender, error::RecvError};

/// The capacity of the broadcast channel. A follower that falls further behind loses messages.
const MAX_QUEUED_MESSAGES: usize = 1_024;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let (sender, _) = broadcast::channel::<Arc<str>>(MAX_QUEUED_MESSAGES);
    let routes = Router::new().route("/events", get(follow)).route("/publish", post(publish));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("axum is at http://{}", listener.local_addr()?);
    axum::serve(listener, routes.with_state(sender)).await
}

async fn follow(
    State(sender): State<Sender<Arc<str>>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = stream::unfold(sender.subscribe(), async |mut receiver| {
        loop {
            match receiver.recv().await {
                Ok(text) => {
                    let event = Event::default().event("flightStateUpdate").data(text);
                    return Some((Ok(event), receiver));
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}

async fn publish(State(sender): State<Sender<Arc<str>>>, text: String) -> StatusCode {
    // An error means that there are no followers.
    let _ = sender.send(text.into());
    StatusCode::ACCEPTED
}
