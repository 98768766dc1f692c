//! Listening sockets and stop signals.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use certificates::CertificateStore;
use engine::{LogCounters, Metrics};
use rustls::ServerConfig;
use sd_notify::NotifyState;
use server::{AccessSettings, App, HttpsRedirect, Listener};
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::inherited_sockets::InheritedSockets;
use crate::serve::access_args;
use crate::serve::admin_args::AdminServer;
use crate::served_feeds::RunningFeeds;
use crate::{log, stderr, stdout};

/// Requests the longest accept queue that the kernel allows (`net.core.somaxconn`): after a restart all
/// screens reconnect within seconds.
const BACKLOG: u32 = i32::MAX as u32;

/// The sockets of a server, as its flags and the service manager describe them.
pub(crate) struct ListenPlan {
    address: String,
    tls: Option<ListenTls>,
    inherited: InheritedSockets,
}

/// The way in which a server speaks https.
pub(crate) struct ListenTls {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) store: CertificateStore,
    /// The names in the certificate, if an authority issues it for them.
    pub(crate) domains: Vec<String>,
    /// Address of the listener that redirects to https.
    pub(crate) redirect: Option<String>,
}

impl ListenPlan {
    /// Describes a server on `address`, a host or IP address with a port.
    pub(crate) fn new(address: String) -> Self {
        Self { address, tls: None, inherited: InheritedSockets::default() }
    }

    /// Takes the sockets that this process has inherited, instead of the address.
    pub(crate) fn inherit(&mut self) -> Result<()> {
        self.inherited = InheritedSockets::take()?;
        Ok(())
    }

    /// Speaks https.
    pub(crate) fn set_tls(&mut self, tls: Option<ListenTls>) {
        self.tls = tls;
    }

    /// The number of listeners that [`ListenPlan::open`] returns.
    pub(crate) fn listeners(&self) -> usize {
        let inherited = &self.inherited;
        let redirect = usize::from(self.tls.as_ref().is_some_and(|tls| tls.redirect.is_some()));
        inherited.main.len().max(1) + inherited.redirect.len().max(redirect)
    }

    /// Reports the end of the certificate.
    pub(crate) fn watch_certificate(&self, metrics: &Metrics) {
        if let Some(tls) = &self.tls {
            let store = tls.store.clone();
            metrics.watch_certificate(move || store.not_after());
        }
    }

    /// Checks the address without listening on it. Publishing must not be open to other machines unless the operator
    /// says so.
    pub(crate) fn check(&self, access: &AccessSettings) -> Result<()> {
        if self.inherited.main.is_empty() {
            return access_args::require_credentials(access, resolve(&self.address)?);
        }
        for socket in &self.inherited.main {
            access_args::require_credentials(access, socket.local_addr()?)?;
        }
        Ok(())
    }

    /// Listens, after the same check. Each later call takes the ports that the kernel chose for the first one.
    pub(crate) async fn open(&mut self, access: &AccessSettings) -> Result<Vec<Listener>> {
        let sockets = open_all(&self.inherited.main, Some(&mut self.address), "--listen")?;
        let mut listeners = Vec::new();
        for socket in sockets {
            access_args::require_credentials(access, socket.local_addr()?)?;
            listeners.push(match &self.tls {
                Some(tls) => Listener::tls(socket, Arc::clone(&tls.config))?,
                None => Listener::plain(socket)?,
            });
        }
        let port = listeners.first().map_or(0, |listener| listener.address().port());
        let Some(tls) = &mut self.tls else {
            if !self.inherited.redirect.is_empty() {
                bail!(
                    "the inherited socket http-redirect needs https: give --tls-cert and --tls-key, or --acme"
                );
            }
            return Ok(listeners);
        };
        let redirects =
            open_all(&self.inherited.redirect, tls.redirect.as_mut(), "--http-redirect")?;
        for socket in redirects {
            let store = tls.store.clone();
            let challenge_response = Arc::new(move |token: &str| store.challenge_response(token));
            let hosts = tls.domains.clone();
            let redirect = HttpsRedirect { port, hosts, challenge_response };
            let listener = Listener::redirect(socket, redirect)?;
            tracing::info!("redirecting http://{} to https", listener.address());
            listeners.push(listener);
        }
        Ok(listeners)
    }
}

/// Returns the inherited sockets if there are any, which stay open for the next call; otherwise listens on `address`,
/// which then gets the port that the kernel chose.
fn open_all(
    inherited: &[std::net::TcpListener],
    address: Option<&mut String>,
    flag: &str,
) -> Result<Vec<TcpListener>> {
    if inherited.is_empty() {
        let Some(address) = address else { return Ok(Vec::new()) };
        let socket = bind(address, flag)?;
        *address = socket.local_addr()?.to_string();
        return Ok(vec![socket]);
    }
    let open = |socket: &std::net::TcpListener| {
        let socket = socket.try_clone()?;
        socket.set_nonblocking(true)?;
        TcpListener::from_std(socket)
    };
    Ok(inherited.iter().map(open).collect::<io::Result<_>>()?)
}

/// Listens on `address`, a host or IP address with a port, the value of `flag`.
pub(crate) fn bind(address: &str, flag: &str) -> Result<TcpListener> {
    listen(resolve(address)?).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => anyhow!(
            "{address} is in use by another program: stop it, or choose another address with {flag}"
        ),
        io::ErrorKind::PermissionDenied => {
            anyhow!("no permission to listen on {address}: choose a port above 1023 with {flag}")
        }
        _ => anyhow::Error::new(error).context(format!("cannot listen on {address}")),
    })
}

/// Resolves a host or IP address with a port.
pub(crate) fn resolve(address: &str) -> Result<SocketAddr> {
    let mut addresses = address.to_socket_addrs().with_context(|| {
        format!("{address} is not an address to listen on, such as 127.0.0.1:5000")
    })?;
    addresses.next().ok_or_else(|| anyhow!("{address} has no IP address"))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Without it, a restart would fail while connections of the previous run are in TIME_WAIT.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The reason for the end of a server.
#[derive(Clone, Copy)]
pub(crate) enum ServerExit {
    /// A signal.
    Signal,
    /// The journal must be opened again.
    JournalEnded,
}

/// Serves until SIGTERM or SIGINT, or until the journal ends; then ends the feeds and the streams, and closes
/// the journal. A second signal ends the program at once.
pub(crate) async fn serve_until_stopped(
    listeners: Vec<Listener>,
    admin: &AdminServer,
    app: App,
    feeds: RunningFeeds,
) -> Result<ServerExit> {
    let mut signals = StopSignals::new().context("cannot handle signals")?;
    let (dropped, suppressed) = (stderr::dropped_lines, log::suppressed_lines);
    app.engine().metrics().watch_log(LogCounters { dropped, suppressed });
    admin.show(app.clone());
    if let Some(listener) = listeners.first() {
        stdout::print_addresses(listener.scheme(), listener.address(), admin.address());
    }
    notify_service_manager(NotifyState::Ready);
    let (send_stop, mut stop) = tokio::sync::oneshot::channel();
    let signal_task = tokio::spawn(async move {
        signals.next().await;
        notify_service_manager(NotifyState::Stopping);
        tracing::info!("stopping; a second signal exits at once");
        // The receiver is gone if serving has already ended.
        let _ = send_stop.send(());
        signals.next().await;
        stderr::flush();
        std::process::exit(1);
    });
    let mut reason = ServerExit::Signal;
    server::serve(listeners, app.clone(), async {
        tokio::select! {
            // An error would mean that the task dropped the sender unused, which it does not.
            _ = &mut stop => {}
            () = app.engine().journal_ended() => reason = ServerExit::JournalEnded,
        }
        drop(feeds);
    })
    .await;
    app.close().await;
    // A signal during the end takes precedence over the journal.
    if stop.try_recv().is_ok() {
        return Ok(ServerExit::Signal);
    }
    signal_task.abort();
    Ok(reason)
}

/// Serves a journal that this process alone writes. Opening it again is the task of the next start.
pub(crate) async fn serve_to_end(
    listeners: Vec<Listener>,
    admin: &AdminServer,
    app: App,
    feeds: RunningFeeds,
) -> Result<()> {
    match serve_until_stopped(listeners, admin, app, feeds).await? {
        ServerExit::Signal => Ok(()),
        ServerExit::JournalEnded => bail!(
            "stopped, because the journal ended unexpectedly (see the log): start the server again"
        ),
    }
}

/// Tells a service manager that started this process, as systemd with `Type=notify`, of its state.
pub(crate) fn notify_service_manager(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!("cannot notify the service manager: {error}");
    }
}

/// Completes at the first SIGTERM or SIGINT after this call.
pub(crate) fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut signals = StopSignals::new().context("cannot handle signals")?;
    Ok(async move { signals.next().await })
}

struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
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
