//! A socket to listen on, and the reasons to stop.

use std::io;
use std::net::SocketAddr;

use anyhow::{Context, Result, anyhow};
use server::App;
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Asks for the longest queue of new connections that the system gives: after a restart all
/// screens come back within seconds.
const BACKLOG: u32 = i32::MAX as u32;

/// Listens on `address`, a host or IP address with a port.
pub(crate) async fn bind(address: &str) -> Result<TcpListener> {
    let mut found = tokio::net::lookup_host(address).await.with_context(|| {
        format!("{address} is not an address to listen on, such as 127.0.0.1:5000")
    })?;
    let socket_address =
        found.next().ok_or_else(|| anyhow!("{address} is the name of no machine"))?;
    listen(socket_address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => anyhow!(
            "{address} is in use by another program: stop that one or choose another address \
             with --listen"
        ),
        io::ErrorKind::PermissionDenied => anyhow!(
            "{address} may not be listened on by this user: choose a port above 1023 with --listen"
        ),
        _ => anyhow::Error::new(error).context(format!("{address} cannot be listened on")),
    })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart must not wait for connections of the last run to time out.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Why a server has ended.
#[derive(Clone, Copy)]
pub(crate) enum Ended {
    /// It was told to.
    Stopped,
    /// Its journal is not any more what was read of it.
    Replaced,
}

/// Serves until SIGTERM or SIGINT, or until the journal is another; then lets the streams end and closes
/// the journal. A second signal ends the program at once.
pub(crate) async fn serve_until_stopped(listener: TcpListener, app: App) -> Result<Ended> {
    let mut signals = Signals::new().context("the system gives no signals")?;
    println!("flightboard is at http://{}", listener.local_addr()?);
    let (stopped, mut stop) = tokio::sync::oneshot::channel();
    let listening = tokio::spawn(async move {
        signals.next().await;
        tracing::info!("stopping; a second signal stops at once");
        // Serving may have ended by itself.
        let _ = stopped.send(());
        signals.next().await;
        std::process::exit(1);
    });
    let mut ended = Ended::Stopped;
    server::serve(listener, app.clone(), async {
        tokio::select! {
            // Without a sender there is no signal to come, which the task above rules out.
            _ = &mut stop => {}
            () = app.engine().journal_replaced() => ended = Ended::Replaced,
        }
    })
    .await;
    app.engine().close().await;
    // Meanwhile it may have been told to.
    if let (Ended::Replaced, Err(_)) = (ended, stop.try_recv()) {
        listening.abort();
        return Ok(Ended::Replaced);
    }
    Ok(Ended::Stopped)
}

/// Is ready at the first SIGTERM or SIGINT from now on.
pub(crate) fn stop() -> Result<impl Future<Output = ()>> {
    let mut signals = Signals::new().context("the system gives no signals")?;
    Ok(async move { signals.next().await })
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
