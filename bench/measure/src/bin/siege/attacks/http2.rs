//! HTTP/2: windows that stay closed, slow bodies, useless frames, reset connections.

use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use h2::client::SendRequest;
use http::Request;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{ATTACKED_BOARD, Finding, Target, bulk_path};
use crate::client::{ATTACKER, connect, request, send};

/// Streams of one connection.
const STREAMS: usize = 200;

/// The connection preface and an empty SETTINGS frame.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";

/// A PING frame.
const PING: &[u8] = b"\x00\x00\x08\x06\x00\x00\x00\x00\x00siege\x00\x00\x00";

/// A PRIORITY frame of an idle stream.
const PRIORITY: &[u8] = b"\x00\x00\x05\x02\x00\x00\x00\x00\x01\x00\x00\x00\x00\x10";

/// Streams of a client whose windows have no room for the rows.
pub(super) async fn closed_windows(target: Target) -> Result<Vec<Finding>> {
    const CONNECTIONS: usize = 5;
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let Ok(mut client) = open(target, 0).await else { continue };
        let mut responses = Vec::new();
        for _ in 0..STREAMS {
            let request =
                Request::get(format!("http://localhost/boards/{ATTACKED_BOARD}/events")).body(())?;
            let Ok(ready) = timeout(Duration::from_secs(1), client.clone().ready()).await else {
                break;
            };
            let Ok(mut ready) = ready else { break };
            responses.extend(ready.send_request(request, true).ok().map(|(response, _)| response));
            client = ready;
        }
        clients.push((client, responses));
    }
    target.wait_for_end().await;
    let opened: usize = clients.iter().map(|(_, responses)| responses.len()).sum();
    let seats = follower_count(target).await?;
    Ok(vec![Finding::new(
        seats < opened / 10 || opened < STREAMS,
        format!("{opened} streams requested, {seats} attackers still hold a place at the end"),
    )])
}

/// Followers of the attacked board, which only attackers follow.
async fn follower_count(target: Target) -> Result<usize> {
    let board = request("GET", &format!("/boards/{ATTACKED_BOARD}"), "", "");
    let answer = send(target.address, ATTACKER, &board).await?;
    let followers = answer.start.split_once("\"followers\":").map_or("", |(_, rest)| rest);
    let digits: String = followers.chars().take_while(char::is_ascii_digit).collect();
    Ok(digits.parse::<usize>()?)
}

/// Bodies on one connection that are nearly complete and then stop.
pub(super) async fn slow_bodies(target: Target) -> Result<Vec<Finding>> {
    const BODY_BYTES: usize = 4 * 1024 * 1024 - 1_000;
    let client = open(target, 65_535).await?;
    let body = Bytes::from("\n".repeat(BODY_BYTES));
    let mut streams = JoinSet::new();
    for _ in 0..STREAMS {
        let (client, body) = (client.clone(), body.clone());
        streams.spawn(async move {
            // The server may allow fewer streams, or end them.
            let _ = timeout(target.duration, send_slowly(target, client, body)).await;
        });
    }
    streams.join_all().await;
    Ok(Vec::new())
}

async fn send_slowly(target: Target, client: SendRequest<Bytes>, mut body: Bytes) -> Result<()> {
    let request = Request::post(format!("http://localhost{}", bulk_path()))
        .header("content-type", "application/x-ndjson")
        .body(())?;
    let (_response, mut stream) = client.ready().await?.send_request(request, false)?;
    while !body.is_empty() {
        stream.reserve_capacity(body.len());
        let granted = std::future::poll_fn(|context| stream.poll_capacity(context)).await;
        let Some(Ok(capacity)) = granted else { return Ok(()) };
        stream.send_data(body.split_to(capacity.min(body.len())), false)?;
    }
    while !target.is_over() {
        sleep(Duration::from_secs(1)).await;
        stream.send_data(Bytes::from_static(b"\n"), false)?;
    }
    Ok(())
}

/// Connections that send frames of no use as fast as they can.
pub(super) async fn useless_frames(target: Target) -> Result<Vec<Finding>> {
    const CONNECTIONS: usize = 4;
    const REPEATS: usize = 4_000;
    let mut connections = JoinSet::new();
    for index in 0..CONNECTIONS {
        connections.spawn(async move {
            let frames = if index % 2 == 0 { PING } else { PRIORITY }.repeat(REPEATS);
            let mut sent = 0;
            while !target.is_over() {
                let Ok(mut socket) = connect(target.address, ATTACKER).await else {
                    sleep(Duration::from_millis(10)).await;
                    continue;
                };
                let flooded = flood(target, &mut socket, &frames);
                sent += flooded.await * REPEATS;
            }
            sent
        });
    }
    let sent: usize = connections.join_all().await.into_iter().sum();
    Ok(vec![Finding::new(true, format!("{sent} frames written"))])
}

/// Writes until the server closes the connection or accepts nothing for a second; returns the number of writes.
async fn flood(target: Target, socket: &mut TcpStream, frames: &[u8]) -> usize {
    let mut writes = 0;
    if socket.write_all(PREFACE).await.is_err() {
        return writes;
    }
    while !target.is_over() {
        let written = timeout(Duration::from_secs(1), socket.write_all(frames)).await;
        if !matches!(written, Ok(Ok(()))) {
            break;
        }
        writes += 1;
        // The answers are read, so that the connection does not stall.
        while socket.try_read(&mut [0; 65_536]).is_ok_and(|count| count > 0) {}
    }
    writes
}

/// Connections that break in the middle of a frame.
pub(super) async fn reset_connections(target: Target) -> Result<Vec<Finding>> {
    let mut count = 0;
    while !target.is_over() {
        let Ok(mut socket) = connect(target.address, ATTACKER).await else {
            sleep(Duration::from_millis(10)).await;
            continue;
        };
        if socket.write_all(&[PREFACE, b"\x00\xff\xff\x01"].concat()).await.is_ok() {
            count += 1;
        }
        // A reset instead of an orderly end.
        socket.set_zero_linger()?;
    }
    Ok(vec![Finding::new(true, format!("{count} connections reset"))])
}

async fn open(target: Target, window: u32) -> Result<SendRequest<Bytes>> {
    let socket = connect(target.address, ATTACKER).await?;
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(window).initial_max_send_streams(STREAMS);
    let (client, connection) = builder.handshake(socket).await?;
    tokio::spawn(async move {
        // It ends when the server closes it.
        let _ = connection.await;
    });
    Ok(client)
}
