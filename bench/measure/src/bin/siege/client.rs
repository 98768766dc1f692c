//! A client on a plain socket, from an address of its own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result};
use testkit::response::ResponseDecoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// The address of all attackers.
pub(crate) const ATTACKER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// The address of newcomers.
pub(crate) const NEWCOMER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// Longest wait for a response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(60);

/// The receive buffer of a connection that does not read, so that the kernel accepts little on its behalf.
const DEAF_BUFFER_BYTES: u32 = 4096;

const READ_BYTES: usize = 64 * 1024;

/// A response whose body has been read.
pub(crate) struct SiegeAnswer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body_bytes: usize,
    /// The first bytes of the body as text.
    pub(crate) start: String,
}

/// Connects from `source`.
pub(crate) async fn connect(address: SocketAddr, source: Ipv4Addr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(IpAddr::V4(source), 0))?;
    Ok(socket.connect(address).await?)
}

/// Connects as an attacker that accepts few bytes.
pub(crate) async fn connect_deaf(address: SocketAddr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(DEAF_BUFFER_BYTES)?;
    socket.bind(SocketAddr::new(IpAddr::V4(ATTACKER), 0))?;
    Ok(socket.connect(address).await?)
}

/// A request with a body of NDJSON; no body if it is empty.
pub(crate) fn request(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}");
    if !body.is_empty() {
        request += "Content-Type: application/x-ndjson\r\n";
        request += &format!("Content-Length: {}\r\n", body.len());
    }
    (request + "\r\n" + body).into_bytes()
}

/// Sends a request on a new connection and reads the whole response.
pub(crate) async fn send(
    address: SocketAddr,
    source: Ipv4Addr,
    request: &[u8],
) -> Result<SiegeAnswer> {
    let mut socket = connect(address, source).await?;
    let exchange = exchange(&mut socket, request);
    timeout(RESPONSE_TIMEOUT, exchange).await.context("no whole response in time")?
}

async fn exchange(socket: &mut TcpStream, request: &[u8]) -> Result<SiegeAnswer> {
    let (mut reader, mut writer) = socket.split();
    let write = async {
        // A server may refuse a request before its end.
        let _ = writer.write_all(request).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        answer = read_answer(&mut reader) => answer,
        () = write => unreachable!("it is pending for ever"),
    }
}

async fn read_answer(reader: &mut (impl AsyncReadExt + Unpin)) -> Result<SiegeAnswer> {
    const MAX_START_CHARS: usize = 2_000;
    let mut response = ResponseDecoder::new();
    let mut body_bytes = 0;
    let mut start = String::new();
    let mut bytes = vec![0; READ_BYTES];
    while !response.is_complete() {
        let count = reader.read(&mut bytes).await?;
        if count == 0 {
            break;
        }
        let body = response.decode(&bytes[..count])?;
        body_bytes += body.len();
        if start.len() < MAX_START_CHARS {
            start += &String::from_utf8_lossy(&body[..body.len().min(MAX_START_CHARS)]);
        }
    }
    Ok(SiegeAnswer {
        status: response.status(),
        head: response.head().to_owned(),
        body_bytes,
        start,
    })
}
