//! A TCP proxy that injects network faults, in the manner of toxiproxy: it cuts, stalls, slows and redirects
//! connections, but never changes a byte.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Bytes forwarded at once, and so between two delays.
const MAX_READ_BYTES: usize = 4096;

/// Listens on a free port until it is dropped, which resets its connections.
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<ProxyShared>,
    accept_task: JoinHandle<()>,
}

/// The path of one connection through the proxy.
#[derive(Debug, Clone, Default)]
pub struct ProxyRoute {
    /// The first that accepts gets the connection; if none does, the client's connection ends.
    pub upstreams: Vec<SocketAddr>,
    pub faults: ConnectionFaults,
}

/// Faults of the bytes from the server to the client.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConnectionFaults {
    /// Ends the connection after this number of bytes.
    pub cut_after: Option<usize>,
    /// Ends it with a reset instead of an orderly close.
    pub reset: bool,
    /// Waits before each read.
    pub delay: Duration,
    /// Waits once, after this number of bytes.
    pub stall: Option<(usize, Duration)>,
}

struct ProxyShared {
    choose_route: Mutex<Box<dyn FnMut() -> ProxyRoute + Send>>,
    mode: watch::Sender<ProxyMode>,
    injects_faults: AtomicBool,
    cut_connections: AtomicUsize,
    forwarded_bytes: AtomicU64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProxyMode {
    Forward,
    /// Connections stay open and no byte moves, as on a network that drops all packets.
    Stall,
    /// Connections are reset, new ones at once.
    Cut,
}

impl FaultProxy {
    /// Forwards to one server.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(upstream: SocketAddr) -> io::Result<Self> {
        Self::start_with(move || ProxyRoute::to(vec![upstream])).await
    }

    /// Chooses a route for each connection, in the order in which they come.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start_with(
        choose_route: impl FnMut() -> ProxyRoute + Send + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(ProxyShared {
            choose_route: Mutex::new(Box::new(choose_route)),
            mode: watch::Sender::new(ProxyMode::Forward),
            injects_faults: AtomicBool::new(true),
            cut_connections: AtomicUsize::new(0),
            forwarded_bytes: AtomicU64::new(0),
        });
        let accept_task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, accept_task })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends new connections to the first of these servers that accepts, without faults.
    pub fn set_upstreams(&self, upstreams: Vec<SocketAddr>) {
        *self.shared.choose_route.lock() = Box::new(move || ProxyRoute::to(upstreams.clone()));
    }

    /// Resets all connections, and new ones at once, until [`FaultProxy::restore`].
    pub fn cut(&self) {
        self.shared.mode.send_replace(ProxyMode::Cut);
    }

    /// Keeps connections open but forwards no byte until [`FaultProxy::restore`], as a network that drops all
    /// packets.
    pub fn stall(&self) {
        self.shared.mode.send_replace(ProxyMode::Stall);
    }

    pub fn restore(&self) {
        self.shared.mode.send_replace(ProxyMode::Forward);
    }

    /// From now on ignores the faults of all routes, also for open connections.
    pub fn disable_faults(&self) {
        self.shared.injects_faults.store(false, Ordering::Relaxed);
    }

    /// Connections that ended by [`ConnectionFaults::cut_after`].
    pub fn cut_connections(&self) -> usize {
        self.shared.cut_connections.load(Ordering::Relaxed)
    }

    /// Bytes forwarded so far, in both directions of all connections.
    pub fn forwarded_bytes(&self) -> u64 {
        self.shared.forwarded_bytes.load(Ordering::Relaxed)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.accept_task.abort();
        self.cut();
    }
}

impl ProxyRoute {
    pub fn to(upstreams: Vec<SocketAddr>) -> Self {
        Self { upstreams, faults: ConnectionFaults::default() }
    }
}

/// The reason why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disconnect {
    Close,
    Reset,
}

async fn accept(listener: TcpListener, shared: Arc<ProxyShared>) {
    while let Ok((client, _)) = listener.accept().await {
        let route = (shared.choose_route.lock())();
        tokio::spawn(serve(client, route, Arc::clone(&shared)));
    }
}

/// One connection. Its end at either side is its end at both.
async fn serve(mut client: TcpStream, route: ProxyRoute, shared: Arc<ProxyShared>) {
    let mut mode = shared.mode.subscribe();
    let upstream = match wait_for_forward(&mut mode).await {
        true => connect(&route.upstreams).await,
        false => None,
    };
    let Some(mut server) = upstream else { return };
    // Without this, Nagle's algorithm delays programs that wait for each response.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let disconnect = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let no_faults = ConnectionFaults::default();
        tokio::select! {
            disconnect = forward(from_client, to_server, no_faults, &shared) => disconnect,
            disconnect = forward(from_server, to_client, route.faults, &shared) => disconnect,
        }
    };
    if disconnect == Disconnect::Reset {
        let _ = (client.set_zero_linger(), server.set_zero_linger());
    }
}

async fn connect(upstreams: &[SocketAddr]) -> Option<TcpStream> {
    for upstream in upstreams {
        if let Ok(server) = TcpStream::connect(upstream).await {
            return Some(server);
        }
    }
    None
}

/// One direction of a connection, until it ends, breaks or is cut.
async fn forward(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut faults: ConnectionFaults,
    shared: &ProxyShared,
) -> Disconnect {
    let mut mode = shared.mode.subscribe();
    let mut bytes = [0; MAX_READ_BYTES];
    let mut forwarded = 0;
    while wait_for_forward(&mut mode).await {
        let mut count = tokio::select! {
            read = from.read(&mut bytes) => read.unwrap_or(0),
            _ = mode.changed() => continue,
        };
        if !shared.injects_faults.load(Ordering::Relaxed) {
            faults = ConnectionFaults::default();
        }
        if !faults.delay.is_zero() {
            sleep(faults.delay).await;
        }
        let stall = faults.stall.take_if(|(after, _)| *after <= forwarded + count);
        if let Some((_, duration)) = stall {
            sleep(duration).await;
        }
        let left = faults.cut_after.map_or(usize::MAX, |after| after - forwarded);
        let is_cut = count >= left;
        count = count.min(left);
        // Bytes that were read just before a stall move when it is over.
        if !wait_for_forward(&mut mode).await {
            break;
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return Disconnect::Close;
        }
        forwarded += count;
        shared.forwarded_bytes.fetch_add(count as u64, Ordering::Relaxed);
        if is_cut {
            shared.cut_connections.fetch_add(1, Ordering::Relaxed);
            return if faults.reset { Disconnect::Reset } else { Disconnect::Close };
        }
        if count == 0 {
            return Disconnect::Close;
        }
    }
    Disconnect::Reset
}

/// Waits while the proxy stalls; `false` if it cuts.
async fn wait_for_forward(mode: &mut watch::Receiver<ProxyMode>) -> bool {
    let mode = mode.wait_for(|mode| *mode != ProxyMode::Stall).await;
    mode.is_ok_and(|mode| *mode == ProxyMode::Forward)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn start_echo_server() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = socket.split();
                    tokio::io::copy(&mut from, &mut to).await
                });
            }
        });
        address
    }

    async fn connect(proxy: &FaultProxy) -> TcpStream {
        TcpStream::connect(proxy.address()).await.unwrap()
    }

    async fn echoes(socket: &mut TcpStream) -> bool {
        let sent = socket.write_all(b"x").await;
        sent.is_ok() && socket.read(&mut [0; 1]).await.is_ok_and(|count| count == 1)
    }

    #[tokio::test]
    async fn stall_holds_and_cut_resets() {
        let proxy = FaultProxy::start(start_echo_server().await).await.unwrap();
        let mut socket = connect(&proxy).await;
        assert!(echoes(&mut socket).await);

        proxy.stall();
        let stalled = tokio::time::timeout(Duration::from_millis(200), echoes(&mut socket)).await;
        stalled.unwrap_err();
        proxy.restore();
        assert_eq!(socket.read(&mut [0; 1]).await.unwrap(), 1, "the held byte arrives");
        assert!(echoes(&mut socket).await);

        proxy.cut();
        assert!(!echoes(&mut socket).await);
        assert!(!echoes(&mut connect(&proxy).await).await);
        proxy.restore();
        assert!(echoes(&mut connect(&proxy).await).await);
    }

    #[tokio::test]
    async fn first_accepting_upstream_gets_the_connection() {
        let closed = crate::ports::free_address();
        let proxy = FaultProxy::start(closed).await.unwrap();
        assert!(!echoes(&mut connect(&proxy).await).await);
        proxy.set_upstreams(vec![closed, start_echo_server().await]);
        assert!(echoes(&mut connect(&proxy).await).await);
    }

    #[tokio::test]
    async fn cut_comes_after_the_given_bytes() {
        let upstreams = vec![start_echo_server().await];
        let faults = ConnectionFaults { cut_after: Some(3), reset: true, ..Default::default() };
        let route = ProxyRoute { upstreams, faults };
        let proxy = FaultProxy::start_with(move || route.clone()).await.unwrap();
        let mut socket = connect(&proxy).await;
        socket.write_all(b"hello").await.unwrap();
        let mut received = Vec::new();
        socket.read_to_end(&mut received).await.unwrap_err();
        assert!(b"hel".starts_with(&received), "{received:?}");
        assert_eq!(proxy.cut_connections(), 1);
        assert_eq!(proxy.forwarded_bytes(), 5 + 3);

        proxy.disable_faults();
        let mut socket = connect(&proxy).await;
        for _ in 0..5 {
            assert!(echoes(&mut socket).await);
        }
    }
}
