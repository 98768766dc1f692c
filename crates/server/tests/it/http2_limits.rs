//! Limits on a connection of HTTP/2, each reached.

use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::{RecvStream, client};
use http::Request;
use server::{ClientLimits, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::http2_frames::{self, HEADER_BYTES, RST_STREAM, SETTINGS, frame, preface};
use crate::socket_server::{SocketServer, serve};

/// Far longer than any wait that ends.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Types of frames, and an error (RFC 9113, sections 6 and 7).
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const REFUSED_STREAM: [u8; 4] = [0, 0, 0, 7];

/// The largest window.
const MAX_WINDOW: u32 = (1 << 31) - 1;

async fn connect(server: &SocketServer, window: u32) -> SendRequest<Bytes> {
    let socket = TcpStream::connect(server.address).await.unwrap();
    let mut builder: Builder = client::Builder::new();
    let handshake = builder.initial_window_size(window).handshake(socket);
    let (client, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    client
}

async fn get(client: &SendRequest<Bytes>, path: &str) -> RecvStream {
    let request = Request::get(format!("http://x{path}")).body(()).unwrap();
    let mut client = client.clone().ready().await.unwrap();
    let (response, _) = client.send_request(request, true).unwrap();
    timeout(TIMEOUT, response).await.unwrap().unwrap().into_body()
}

/// Opens a stream that has to be admitted.
async fn follow(client: &SendRequest<Bytes>) -> RecvStream {
    let mut stream = get(client, "/events").await;
    let text = read_until(&mut stream, "event: timetable").await;
    assert!(text.contains("event: timetable"), "{text}");
    stream
}

/// Reads until `text` arrives, or the stream ends.
async fn read_until(stream: &mut RecvStream, text: &str) -> String {
    let mut bytes = Vec::new();
    // One bound for the whole: heartbeats never end.
    let reading = async {
        while !String::from_utf8_lossy(&bytes).contains(text) {
            let Some(data) = stream.data().await else { break };
            let data = data.unwrap();
            stream.flow_control().release_capacity(data.len()).unwrap();
            bytes.extend(data);
        }
    };
    timeout(TIMEOUT, reading).await.expect(text);
    String::from_utf8(bytes).unwrap()
}

async fn wait_stalled(server: &SocketServer, count: u64) {
    let stalled = async {
        while server.metric("flightboard_connections_stalled_total").await < count {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(TIMEOUT, stalled).await.unwrap();
}

#[tokio::test]
async fn closed_windows_stall() {
    let stall_timeout = Duration::from_secs(1);
    let server = serve(Settings { stall_timeout, ..Settings::default() }).await;
    server.direct.put_rows(0..500).await;
    let reading = connect(&server, 1 << 20).await;
    let mut live = follow(&reading).await;
    // Windows that take nothing, and a part. Hyper queues a short response as a whole.
    let paths = ["/events", "/boards/main/flights", "/boards/main"];
    let mut stalled = 0;
    for (window, paths) in [(0, &paths[..]), (1, &paths[..]), (1_000, &paths[..2])] {
        let stalling = connect(&server, window).await;
        for path in paths {
            let _response = get(&stalling, path).await;
            stalled += 1;
            wait_stalled(&server, stalled).await;
        }
        server.wait_followers(1).await;
    }
    server.direct.put_rows(500..501).await;
    assert!(read_until(&mut live, "flightAddition").await.contains("T500"), "it reads");
    let whole = read_until(&mut get(&reading, "/boards/main/flights").await, "never").await;
    assert_eq!(whole, server.direct.get("/boards/main/flights").await.body);
}

#[tokio::test]
async fn useless_frames_close_the_connection() {
    let server = serve(Settings::default()).await;
    let frame = |kind, payload: &[u8]| frame(kind, 0, 0, payload);
    let floods = [frame(PING, &[7; 8]), frame(SETTINGS, &[]), frame(WINDOW_UPDATE, &[0, 0, 0, 1])];
    for (count, flood) in (1..).zip(floods) {
        let socket = TcpStream::connect(server.address).await.unwrap();
        let (mut reader, mut writer) = socket.into_split();
        writer.write_all(&preface(MAX_WINDOW)).await.unwrap();
        let flooding = async { while writer.write_all(&flood.repeat(100)).await.is_ok() {} };
        let reading =
            async { while reader.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0) {} };
        timeout(TIMEOUT, async { tokio::join!(flooding, reading) }).await.expect("closed");
        assert_eq!(server.metric("flightboard_http2_floods_total").await, count);
    }
}

#[tokio::test]
async fn frames_of_live_streams_are_useful() {
    let server = serve(Settings::default()).await;
    // So small that the client confirms each event.
    let client = connect(&server, 256).await;
    let mut streams = Vec::new();
    for _ in 0..50 {
        streams.push(follow(&client).await);
    }
    // Far more frames than are allowed without responses.
    for round in 0..100 {
        server.direct.put_rows(round..round + 1).await;
        for stream in &mut streams {
            assert!(read_until(stream, &format!("T{round}\"")).await.contains("flightAddition"));
        }
    }
    assert_eq!(server.metric("flightboard_http2_floods_total").await, 0);
}

#[tokio::test]
async fn requests_above_the_limit_are_counted() {
    let limits = ClientLimits { http2_streams: 1, ..ClientLimits::default() };
    let server = serve(Settings { limits, ..Settings::default() }).await;
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        [&[0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream], payload].concat()
    };
    // GET, http, `/` by HPACK's static table, and the authority `x`.
    let head = [0x82, 0x86, 0x84, 0x41, 0x01, b'x'];
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(4, 0, 0, &[]));
    // The requests stay open.
    for stream in [1, 3, 5] {
        bytes.extend(frame(1, 4, stream, &head));
    }
    socket.write_all(&bytes).await.unwrap();
    let counted = async {
        while server.metric("flightboard_http2_streams_refused_total").await < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(TIMEOUT, counted).await.unwrap();
}

#[tokio::test]
async fn followers_of_a_connection_are_limited() {
    let limits = ClientLimits { followers_per_connection: 2, ..ClientLimits::default() };
    let server = serve(Settings { limits, ..Settings::default() }).await;
    let client = connect(&server, 1 << 20).await;
    let mut streams = Vec::new();
    for _ in 0..2 {
        streams.push(follow(&client).await);
    }
    let refused = read_until(&mut get(&client, "/events").await, "event: ").await;
    assert!(refused.starts_with("retry: ") && !refused.contains("event: "), "{refused}");
    streams.pop();
    server.wait_followers(1).await;
    let _admitted = follow(&client).await;
}

#[tokio::test]
async fn requests_of_a_connection_are_limited() {
    let limits = ClientLimits { http2_streams: 2, ..ClientLimits::default() };
    let server = serve(Settings { limits, ..Settings::default() }).await;
    let mut socket = TcpStream::connect(server.address).await.unwrap();
    let mut request = preface(MAX_WINDOW);
    for stream in [1, 3, 5, 7] {
        request.extend(http2_frames::get(stream, "/events", None));
    }
    socket.write_all(&request).await.unwrap();
    let mut refused = Vec::new();
    while refused.len() < 2 {
        let (kind, stream, payload) = read_frame(&mut socket).await;
        if kind == RST_STREAM {
            assert_eq!(payload, REFUSED_STREAM);
            refused.push(stream);
        }
    }
    assert_eq!(refused, [5, 7]);
    server.wait_followers(2).await;
}

/// Reads a frame: its type, its stream and its payload.
async fn read_frame(socket: &mut TcpStream) -> (u8, u8, Vec<u8>) {
    timeout(TIMEOUT, async {
        let mut header = [0; HEADER_BYTES];
        socket.read_exact(&mut header).await.unwrap();
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        let mut payload = vec![0; length as usize];
        socket.read_exact(&mut payload).await.unwrap();
        (header[3], header[8], payload)
    })
    .await
    .expect("a frame")
}

/// Screens that share a connection count for their address as those of other connections.
#[tokio::test]
async fn new_followers_of_connections_are_limited() {
    let limits = ClientLimits { new_followers_per_address: Some(1), ..ClientLimits::default() };
    let server = serve(Settings { limits, ..Settings::default() }).await;
    let client = connect(&server, 1 << 20).await;
    let start = Instant::now();
    let mut streams = Vec::new();
    loop {
        let mut stream = get(&client, "/events").await;
        let text = read_until(&mut stream, "event: timetable").await;
        if !text.contains("event: timetable") {
            assert!(text.starts_with("retry: "), "{text}");
            break;
        }
        streams.push(stream);
        let seconds = usize::try_from(start.elapsed().as_secs()).unwrap();
        assert!(streams.len() <= seconds + 2, "{} in {seconds} s", streams.len());
    }
    let limit = "flightboard_streams_over_limit_total{limit=\"address-rate\"}";
    assert!(server.metric(limit).await >= 1);
    let admitted = async || {
        let text = read_until(&mut get(&client, "/events").await, "event: timetable").await;
        text.contains("event: timetable")
    };
    timeout(TIMEOUT, async { while !admitted().await {} }).await.expect("a later second has room");
}
