//! The TLS handshake of a connection, which hyper then serves.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use engine::{HandshakeResult, Metrics};
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::context::{ConnectionContext, ConnectionPermit};
use super::hyper_path::{FIRST_REQUEST_GRACE, HyperConnection};
use super::listener::PeerConnection;
use super::places::ConnectionActivity;
use super::socket::{self, ClientSocket};

/// Time for a handshake. Its connection is idle until then, so it can lose its place earlier.
const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// The protocol of an authority that checks a domain (RFC 8737). The handshake is the whole answer.
const ACME_PROTOCOL: &[u8] = b"acme-tls/1";

/// Bytes of responses that a connection encrypts in advance.
const MAX_TLS_BUFFER_BYTES: usize = 16 * 1024;

/// The response to a request without encryption.
const PLAIN_HTTP_RESPONSE: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n\
    X-Content-Type-Options: nosniff\r\nReferrer-Policy: same-origin\r\n\
    Connection: close\r\n\r\nThis port speaks https, not http.\n";

/// Bytes that are read of a request without encryption. The kernel resets a connection that closes with unread bytes,
/// and the client then loses the response.
const MAX_PLAIN_REQUEST_BYTES: u64 = 64 * 1024;

/// Time for such a client to close its side.
const PLAIN_CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Completes the handshake of a connection that the app serves.
///
/// # Errors
/// As [`handshake`], or the server closes all connections.
pub(super) async fn accept(
    socket: TcpStream,
    peer: PeerConnection,
    config: Arc<ServerConfig>,
    mut permit: ConnectionPermit,
    context: &ConnectionContext,
) -> io::Result<HyperConnection<TlsStream<ClientSocket>>> {
    let metrics = context.state.engine.metrics();
    let stall_timeout = context.state.settings.stall_timeout;
    let socket = tokio::select! {
        biased;
        () = closed_for(FIRST_REQUEST_GRACE, &mut permit.closing) => {
            return Err(ErrorKind::ConnectionAborted.into());
        }
        accepted = handshake(socket, config, stall_timeout, &permit.place.activity, metrics) => accepted?,
    };
    // Hyper reads the end of a TLS connection itself.
    Ok(HyperConnection { socket, peer, peer_socket: None, permit, response: None })
}

/// Completes a while after the server has begun to close all connections.
async fn closed_for(time: Duration, closing: &mut watch::Receiver<bool>) {
    // An error means that the server is gone.
    let _ = closing.wait_for(|closing| *closing).await;
    sleep(time).await;
}

/// Makes a TLS connection of `socket`.
///
/// # Errors
/// The peer does not complete the handshake in time, does not speak TLS, or only checks a domain; or the connection has
/// to give up its place.
pub(super) async fn handshake(
    socket: TcpStream,
    config: Arc<ServerConfig>,
    stall_timeout: Duration,
    activity: &ConnectionActivity,
    metrics: &Arc<Metrics>,
) -> io::Result<TlsStream<ClientSocket>> {
    socket::tune(&socket, stall_timeout)?;
    let handshake = shake_hands(socket, config, stall_timeout, metrics);
    let (result, accepted) = tokio::select! {
        biased;
        () = activity.must_close() => {
            (HandshakeResult::Failed, Err(ErrorKind::ConnectionAborted.into()))
        }
        accepted = timeout(TLS_HANDSHAKE_TIMEOUT, handshake) => match accepted {
            Ok(Ok(stream)) => (HandshakeResult::Completed, Ok(stream)),
            Ok(Err(error)) => (HandshakeResult::Failed, Err(error)),
            Err(_) => (HandshakeResult::TimedOut, Err(ErrorKind::TimedOut.into())),
        },
    };
    metrics.count_handshake(result);
    let stream = accepted?;
    if stream.get_ref().1.alpn_protocol() == Some(ACME_PROTOCOL) {
        return Err(io::Error::other("the peer has checked the domain"));
    }
    Ok(stream)
}

async fn shake_hands(
    socket: TcpStream,
    config: Arc<ServerConfig>,
    stall_timeout: Duration,
    metrics: &Arc<Metrics>,
) -> io::Result<TlsStream<ClientSocket>> {
    let socket = refuse_plain_http(socket).await?;
    let metrics = Arc::clone(metrics);
    let socket = ClientSocket::new(Arc::new(socket), Bytes::new(), stall_timeout, metrics);
    let limit_buffer =
        |tls: &mut rustls::ServerConnection| tls.set_buffer_limit(Some(MAX_TLS_BUFFER_BYTES));
    TlsAcceptor::from(config).accept_with(socket, limit_buffer).await
}

/// Makes a TLS connection of `socket` before there is an engine. Only HTTP/1.1 is offered. The caller limits the time.
///
/// # Errors
/// The peer has disconnected or does not speak TLS.
pub(super) async fn handshake_at_startup(
    socket: TcpStream,
    config: &ServerConfig,
) -> io::Result<TlsStream<TcpStream>> {
    let mut config = config.clone();
    config.alpn_protocols.retain(|protocol| protocol != b"h2");
    let socket = refuse_plain_http(socket).await?;
    TlsAcceptor::from(Arc::new(config)).accept(socket).await
}

/// Answers a client that speaks HTTP without encryption, as one with a wrong URL does.
async fn refuse_plain_http(mut socket: TcpStream) -> io::Result<TcpStream> {
    let mut first = [0];
    // A handshake begins with the byte 22. A method of HTTP begins with a letter.
    if socket.peek(&mut first).await? == 1 && first[0].is_ascii_alphabetic() {
        socket.write_all(PLAIN_HTTP_RESPONSE).await?;
        socket.shutdown().await?;
        let mut rest = socket.take(MAX_PLAIN_REQUEST_BYTES);
        let _ =
            timeout(PLAIN_CLOSE_TIMEOUT, tokio::io::copy(&mut rest, &mut tokio::io::sink())).await;
        return Err(io::Error::other("the peer speaks http"));
    }
    Ok(socket)
}
