//! A connection to a board in each of the compared ways.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures_util::StreamExt;
use h2::RecvStream;
use h2::client::SendRequest;
use serde_json::Value;
use sse::{EventSource, ReadyState};
use testkit::event_stream::EventStream;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::board_server::ReceivedUpdate;

const PATH: &str = "/events";

/// The windows of Chromium for a stream and for a connection.
const HTTP2_WINDOWS: [u32; 2] = [6 * 1024 * 1024, 15 * 1024 * 1024];

/// A server, and the protocol by which its board is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BoardTransport {
    Http1,
    Http2,
    AxumSse,
    AxumWebSocket,
}

/// The connections of one follower, one after the other.
#[derive(Default)]
pub(crate) struct BoardConnection {
    reader: Option<TransportStream>,
    /// Decodes an event stream, and has the last event id for the next connection.
    source: EventSource,
}

enum TransportStream {
    Http1(Box<EventStream>),
    Http2 { body: RecvStream, _client: SendRequest<Bytes> },
    WebSocket(Box<WebSocketStream<TcpStream>>),
}

impl BoardTransport {
    pub(crate) const ALL: [Self; 4] =
        [Self::Http1, Self::Http2, Self::AxumSse, Self::AxumWebSocket];

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Http1 => "flightboard, SSE on HTTP/1.1",
            Self::Http2 => "flightboard, SSE on HTTP/2",
            Self::AxumSse => "axum `Sse` on HTTP/1.1",
            Self::AxumWebSocket => "axum `WebSocket`",
        }
    }

    pub(crate) fn is_flightboard(self) -> bool {
        matches!(self, Self::Http1 | Self::Http2)
    }
}

impl BoardConnection {
    /// Opens a connection, after the last event of the one before.
    pub(crate) async fn open(
        &mut self,
        transport: BoardTransport,
        address: SocketAddr,
    ) -> Result<()> {
        self.reader = Some(match transport {
            BoardTransport::Http1 | BoardTransport::AxumSse => {
                let last = self.source.last_event_id();
                let stream = EventStream::open(address, PATH, last, None).await?;
                self.accept(stream.status(), stream.content_type())?;
                TransportStream::Http1(Box::new(stream))
            }
            BoardTransport::Http2 => self.open_http2(address).await?,
            BoardTransport::AxumWebSocket => {
                let socket = TcpStream::connect(address).await?;
                let (stream, _) = client_async(format!("ws://{address}{PATH}"), socket).await?;
                TransportStream::WebSocket(Box::new(stream))
            }
        });
        Ok(())
    }

    /// Waits for bytes, and returns the updates among them. The end of the connection is an error.
    pub(crate) async fn next_updates(&mut self) -> Result<Vec<ReceivedUpdate>> {
        let body = match self.reader.as_mut().context("no connection is open")? {
            TransportStream::Http1(stream) => {
                stream.next_bytes().await?.context("the stream ended")?
            }
            TransportStream::Http2 { body, .. } => {
                let bytes = body.data().await.context("the stream ended")??;
                body.flow_control().release_capacity(bytes.len())?;
                bytes.into()
            }
            TransportStream::WebSocket(stream) => {
                let message = stream.next().await.context("the connection ended")??;
                let Message::Text(text) = message else { return Ok(Vec::new()) };
                let line: Value = serde_json::from_str(&text)?;
                return Ok(ReceivedUpdate::from_data(&line["data"]).into_iter().collect());
            }
        };
        let mut updates = Vec::new();
        for event in self.source.feed(&body) {
            let event = event?;
            let data: Value = serde_json::from_str(&event.data)?;
            // The rows may already have updates that follow the opening.
            let rows = data["flights"].as_array().into_iter().flatten();
            updates.extend(rows.chain([&data]).filter_map(ReceivedUpdate::from_data));
        }
        Ok(updates)
    }

    /// Returns the wait of an `EventSource` before its next connection, if it makes one.
    pub(crate) fn disconnect(&mut self) -> Option<Duration> {
        self.reader = None;
        self.source.handle_disconnect()
    }

    async fn open_http2(&mut self, address: SocketAddr) -> Result<TransportStream> {
        let socket = TcpStream::connect(address).await?;
        let mut builder = h2::client::Builder::new();
        let [stream_window, connection_window] = HTTP2_WINDOWS;
        builder.initial_window_size(stream_window);
        builder.initial_connection_window_size(connection_window);
        let (client, connection) = builder.handshake(socket).await?;
        // It ends when the client is dropped or the server closes it.
        tokio::spawn(connection);
        let mut request = http::Request::get(format!("http://{address}{PATH}"))
            .header("accept", "text/event-stream");
        if !self.source.last_event_id().is_empty() {
            request = request.header("last-event-id", self.source.last_event_id());
        }
        let mut client = client.ready().await?;
        let (response, _) = client.send_request(request.body(())?, true)?;
        let response = response.await?;
        let content_type = response.headers().get("content-type");
        let content_type = content_type.and_then(|value| value.to_str().ok());
        self.accept(response.status().as_u16(), content_type)?;
        Ok(TransportStream::Http2 { body: response.into_body(), _client: client })
    }

    fn accept(&mut self, status: u16, content_type: Option<&str>) -> Result<()> {
        let state = self.source.handle_response(status, content_type);
        ensure!(state == ReadyState::Open, "no event stream, but {status}");
        Ok(())
    }
}
