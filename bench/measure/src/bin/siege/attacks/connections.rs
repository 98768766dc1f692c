//! Many connections, and slow ones.

use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{Finding, Target};
use crate::client::{ATTACKER, connect, connect_deaf, request};

/// Connections of one address.
const CONNECTIONS: usize = 3_000;

/// Streams of one address.
pub(super) async fn streams(target: Target) -> Result<Vec<Finding>> {
    let request = request("GET", "/events", "", "");
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let Ok(mut socket) = connect(target.address, ATTACKER).await else { continue };
        if socket.write_all(&request).await.is_ok() {
            connections.push(socket);
        }
    }
    target.wait_for_end().await;
    Ok(vec![Finding::new(true, format!("{} streams requested", connections.len()))])
}

/// Connections that send nothing.
pub(super) async fn silent_connections(target: Target) -> Result<Vec<Finding>> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        // The listen backlog may be full.
        let connecting = timeout(Duration::from_secs(1), connect(target.address, ATTACKER));
        connections.extend(connecting.await.ok().and_then(Result::ok));
    }
    target.wait_for_end().await;
    Ok(vec![Finding::new(true, format!("{} silent connections", connections.len()))])
}

/// Heads that arrive byte by byte.
pub(super) async fn slow_heads(target: Target) -> Result<Vec<Finding>> {
    const SLOW_CONNECTIONS: usize = 1_000;
    const BYTE_INTERVAL: Duration = Duration::from_secs(1);
    let mut connections = JoinSet::new();
    for _ in 0..SLOW_CONNECTIONS {
        connections.spawn(async move {
            let Ok(mut socket) = connect(target.address, ATTACKER).await else { return };
            let head = request("GET", "/boards", "X-Slow: yes\r\n", "");
            for byte in head {
                if target.is_over() || socket.write_all(&[byte]).await.is_err() {
                    return;
                }
                sleep(BYTE_INTERVAL).await;
            }
        });
    }
    connections.join_all().await;
    Ok(Vec::new())
}

/// Streams that are never read.
pub(super) async fn deaf_streams(target: Target) -> Result<Vec<Finding>> {
    const DEAF_STREAMS: usize = 1_000;
    let request = request("GET", "/events", "", "");
    let mut connections = Vec::new();
    for _ in 0..DEAF_STREAMS {
        let Ok(mut socket) = connect_deaf(target.address).await else { continue };
        if socket.write_all(&request).await.is_ok() {
            connections.push(socket);
        }
    }
    target.wait_for_end().await;
    Ok(Vec::new())
}

/// Streams that are opened and dropped at once.
pub(super) async fn dropped_streams(target: Target) -> Result<Vec<Finding>> {
    const CLIENTS: usize = 4;
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(async move {
            let mut opened = 0;
            let request = request("GET", "/events", "", "");
            while !target.is_over() {
                let Ok(mut socket) = connect(target.address, ATTACKER).await else {
                    sleep(Duration::from_millis(10)).await;
                    continue;
                };
                // The head has come: the stream is admitted.
                let exchange = async {
                    socket.write_all(&request).await?;
                    socket.read(&mut [0; 256]).await
                };
                let answered = timeout(Duration::from_secs(1), exchange).await;
                opened += usize::from(matches!(answered, Ok(Ok(1..))));
            }
            opened
        });
    }
    let opened: usize = clients.join_all().await.into_iter().sum();
    Ok(vec![Finding::new(true, format!("{opened} streams opened and dropped"))])
}
