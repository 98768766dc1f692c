//! Limits on a connection of HTTP/2, each reached.

use std::time::Duration;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::{RecvStream, client};
use http::Request;
use server::{ClientLimits, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::socket_server::{SocketServer, serve};

/// Far longer than any wait that ends.
const TIMEOUT: Duration = Duration::from_secs(60);

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

/// Reads until `text` arrives, or the stream ends.
async fn read_until(stream: &mut RecvStream, text: &str) -> String {
    let mut bytes = Vec::new();
    while !String::from_utf8_lossy(&bytes).contains(text) {
        let Some(data) = timeout(TIMEOUT, stream.data()).await.expect(text) else { break };
        let data = data.unwrap();
        stream.flow_control().release_capacity(data.len()).unwrap();
        bytes.extend(data);
    }
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
    let mut live = get(&reading, "/events").await;
    read_until(&mut live, "event: timetable").await;
    // Windows that take nothing, and a part.
    for (count, window) in (1..).zip([0, 1, 1_000]) {
        let stalling = connect(&server, window).await;
        let _stream = get(&stalling, "/events").await;
        wait_stalled(&server, count * 2 - 1).await;
        let _rows = get(&stalling, "/boards/main/flights").await;
        wait_stalled(&server, count * 2).await;
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
    let frame = |kind: u8, payload: &[u8]| {
        [&[0, 0, payload.len() as u8, kind, 0, 0, 0, 0, 0], payload].concat()
    };
    let preface = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(4, &[])].concat();
    for (count, flood) in (1..).zip([frame(6, &[7; 8]), frame(4, &[]), frame(8, &[0, 0, 0, 1])]) {
        let socket = TcpStream::connect(server.address).await.unwrap();
        let (mut reader, mut writer) = socket.into_split();
        writer.write_all(&preface).await.unwrap();
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
    let client = connect(&server, 1 << 20).await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = get(&client, "/events").await;
        read_until(&mut stream, "event: timetable").await;
        streams.push(stream);
    }
    // Far more frames than are allowed without responses: a follower confirms each event.
    for round in 0..100 {
        server.direct.put_rows(round..round + 1).await;
        for stream in &mut streams {
            assert!(read_until(stream, &format!("T{round}\"")).await.contains("flightAddition"));
        }
    }
    assert_eq!(server.metric("flightboard_http2_floods_total").await, 0);
}

#[tokio::test]
async fn followers_of_a_connection_are_limited() {
    let limits = ClientLimits { followers_per_connection: 2, ..ClientLimits::default() };
    let server = serve(Settings { limits, ..Settings::default() }).await;
    let client = connect(&server, 1 << 20).await;
    let mut streams = Vec::new();
    for _ in 0..2 {
        let mut stream = get(&client, "/events").await;
        read_until(&mut stream, "event: timetable").await;
        streams.push(stream);
    }
    let refused = read_until(&mut get(&client, "/events").await, "never").await;
    assert!(refused.starts_with("retry: ") && !refused.contains("event: "), "{refused}");
    streams.pop();
    server.wait_followers(1).await;
    read_until(&mut get(&client, "/events").await, "event: timetable").await;
}
