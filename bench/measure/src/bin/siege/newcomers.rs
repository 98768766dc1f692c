//! Clients of an address that has no connection yet: each opens a stream, waits for its rows, and leaves; another
//! asks for the server's health.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use crate::client::{NEWCOMER, connect, request, send};

const INTERVAL: Duration = Duration::from_millis(250);

/// A newcomer that waits longer counts as refused.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// The waits of all newcomers.
#[derive(Default)]
pub(crate) struct NewcomerWaits {
    pub(crate) refused: AtomicUsize,
    longest_rows: Mutex<Duration>,
    longest_health: Mutex<Duration>,
}

impl NewcomerWaits {
    /// Sends newcomers until the future is dropped.
    pub(crate) async fn run(self: Arc<Self>, address: SocketAddr) {
        loop {
            self.record(&self.longest_rows, wait_for_rows(address)).await;
            self.record(&self.longest_health, wait_for_health(address)).await;
            sleep(INTERVAL).await;
        }
    }

    /// The longest waits for the first rows and for the answer to a health check.
    pub(crate) fn longest(&self) -> (Duration, Duration) {
        (*self.longest_rows.lock(), *self.longest_health.lock())
    }

    async fn record(&self, longest: &Mutex<Duration>, visit: impl Future<Output = Result<bool>>) {
        let start = Instant::now();
        let is_served = timeout(MAX_WAIT, visit).await.is_ok_and(|visit| visit.unwrap_or(false));
        if !is_served {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        let mut longest = longest.lock();
        *longest = (*longest).max(start.elapsed());
    }
}

async fn wait_for_rows(address: SocketAddr) -> Result<bool> {
    let mut socket = connect(address, NEWCOMER).await?;
    socket.write_all(&request("GET", "/events", "", "")).await?;
    let mut text = String::new();
    let mut bytes = [0; 4096];
    while !text.contains("event: timetable") {
        let count = socket.read(&mut bytes).await?;
        if count == 0 {
            return Ok(false);
        }
        text += &String::from_utf8_lossy(&bytes[..count]);
    }
    Ok(true)
}

async fn wait_for_health(address: SocketAddr) -> Result<bool> {
    let answer = send(address, NEWCOMER, &request("GET", "/healthz", "", "")).await?;
    Ok(answer.status == 200)
}
