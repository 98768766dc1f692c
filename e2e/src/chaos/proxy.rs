//! A proxy that treats connections badly: it cuts them at any byte, in good order or with a reset,
//! hands on slowly, and stands still. It never changes a byte.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::load_generator::RoundState;
use super::plan::millis;

pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    pub(super) cuts: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

/// What a connection has to expect.
#[derive(Debug, Clone, Copy)]
struct ConnectionFaults {
    /// It is cut after so many bytes of answer.
    cut_after: Option<usize>,
    /// With a reset rather than an orderly end.
    resets: bool,
    /// Before each piece.
    delay: Duration,
    /// It stands still for a while after so many bytes.
    pause: Option<(usize, Duration)>,
}

/// Most bytes that are handed on at once.
const PIECE_BYTES: usize = 4096;

impl Proxy {
    /// Listens until it is dropped. Once it is `calm`, connections are only handed on.
    pub(super) async fn start(
        seed: u64,
        state: Arc<RoundState>,
        calm: watch::Receiver<bool>,
    ) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let cuts = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&cuts);
        let rng = Mutex::new(StdRng::seed_from_u64(seed));
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let mut rng = rng.lock();
                let fate = ConnectionFaults::draw(&mut rng);
                // Without a server this ends the connection before it has begun.
                let Some(server) = state.server(&mut rng) else { continue };
                drop(rng);
                let (calm, cuts) = (calm.clone(), Arc::clone(&counted));
                tokio::spawn(async move {
                    // Whatever breaks, breaks for both ends.
                    let _ = hand_on(client, server, fate, calm, &cuts).await;
                });
            }
        });
        Ok(Self { address, cuts, accepting })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl ConnectionFaults {
    fn draw(rng: &mut StdRng) -> Self {
        // As often a few bytes as thousands of them.
        let some_bytes = |rng: &mut StdRng| 1 << rng.random_range(0..15);
        let cut = rng.random_bool(0.5).then(|| some_bytes(rng));
        let cut_after = cut.map(|bytes: usize| bytes + rng.random_range(0..bytes));
        let resets = rng.random_bool(0.5);
        let delay = if rng.random_bool(0.3) { millis(rng, 1..=10) } else { Duration::ZERO };
        let pause = rng.random_bool(0.3).then(|| (some_bytes(rng), millis(rng, 50..=600)));
        Self { cut_after, resets, delay, pause }
    }
}

async fn hand_on(
    client: TcpStream,
    server: SocketAddr,
    mut fate: ConnectionFaults,
    calm: watch::Receiver<bool>,
    cuts: &AtomicUsize,
) -> Result<()> {
    let server = TcpStream::connect(server).await?;
    let (mut from_server, mut to_server) = server.into_split();
    let (mut from_client, mut to_client) = client.into_split();
    let asking = async { tokio::io::copy(&mut from_client, &mut to_server).await };
    let answering = async {
        let mut piece = [0; PIECE_BYTES];
        let mut passed = 0;
        loop {
            let mut count = from_server.read(&mut piece).await?;
            if *calm.borrow() {
                fate = ConnectionFaults {
                    cut_after: None,
                    resets: false,
                    delay: Duration::ZERO,
                    pause: None,
                };
            }
            tokio::time::sleep(fate.delay).await;
            if let Some((_, long)) = fate.pause.take_if(|(after, _)| *after <= passed + count) {
                tokio::time::sleep(long).await;
            }
            let left = fate.cut_after.map_or(usize::MAX, |after| after - passed);
            let cut = count >= left;
            count = count.min(left);
            to_client.write_all(&piece[..count]).await?;
            passed += count;
            if cut {
                cuts.fetch_add(1, Ordering::Relaxed);
                if fate.resets {
                    to_client.as_ref().set_zero_linger()?;
                }
            }
            if cut || count == 0 {
                return Ok::<_, std::io::Error>(());
            }
        }
    };
    tokio::select! {
        _ = asking => {}
        _ = answering => {}
    }
    Ok(())
}
