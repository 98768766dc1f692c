//! Flags for the listener of administrators.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::Result;
use clap::Args;
use server::{AdminAccess, App, Listener, ServerStage};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::listen;

/// The default port if the one after that of `--listen` is below [`FIRST_OPEN_PORT`].
const DEFAULT_ADMIN_PORT: u16 = 9500;

/// Only root may listen on ports below this one.
const FIRST_OPEN_PORT: u16 = 1024;

const ADMIN_LISTEN: &str = "--admin-listen";

/// Flags for the listener of administrators.
#[derive(Args)]
pub(crate) struct AdminArgs {
    /// Address and port for administrators: metrics, the reasons of readiness, profiles. By default 127.0.0.1 and the
    /// port after that of --listen, or 9500 if only root may use that port; but none if --listen is a loopback address.
    #[arg(long, env = "FLIGHTBOARD_ADMIN_LISTEN", value_name = "ADDRESS")]
    admin_listen: Option<String>,
}

/// The listener for administrators, as the flags describe it.
pub(crate) struct AdminPlan {
    address: Option<String>,
}

/// A running listener for administrators, if there is one. Dropping it ends the listener.
pub(crate) struct AdminServer {
    stage: watch::Sender<ServerStage>,
    running: Option<(SocketAddr, AbortHandle)>,
}

impl AdminArgs {
    pub(crate) fn plan(self) -> AdminPlan {
        AdminPlan { address: self.admin_listen }
    }
}

impl AdminPlan {
    /// Checks the address without listening on it.
    pub(crate) fn check(&self) -> Result<()> {
        self.address.as_deref().map_or(Ok(()), |address| listen::resolve(address).map(drop))
    }

    /// The listeners that show metrics and reasons.
    pub(crate) fn access(&self) -> AdminAccess {
        match self.address {
            Some(_) => AdminAccess::AdminListener,
            None => AdminAccess::LocalRequests,
        }
    }

    /// Starts the listener beside those of the public. Fails only if an address that the operator has chosen cannot be
    /// used.
    pub(crate) fn start(&self, public: &[Listener]) -> Result<AdminServer> {
        let (stage, receiver) = watch::channel(ServerStage::Starting("reading the journal".into()));
        let mut addresses = public.iter().map(Listener::address);
        let is_exposed = addresses.any(|address| !address.ip().to_canonical().is_loopback());
        let listener = match (&self.address, public) {
            (Some(address), _) => Some(listen::bind(address, ADMIN_LISTEN)?),
            // Those that redirect come after it.
            (None, [main, ..]) if is_exposed => bind_beside(main.address()),
            (None, _) => None,
        };
        let running = listener.map(|socket| -> Result<_> {
            let listener = Listener::plain(socket)?;
            let address = listener.address();
            let serving = tokio::spawn(server::serve_admin(listener, receiver));
            Ok((address, serving.abort_handle()))
        });
        Ok(AdminServer { stage, running: running.transpose()? })
    }
}

/// Listens on the port for administrators beside `main`, if it is free.
fn bind_beside(main: SocketAddr) -> Option<TcpListener> {
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port_beside(main.port()));
    let bound = listen::bind(&address.to_string(), ADMIN_LISTEN);
    bound.inspect_err(|error| tracing::warn!("no endpoints for administrators: {error:#}")).ok()
}

/// The port after `main`, or [`DEFAULT_ADMIN_PORT`] if an unprivileged program cannot have it.
fn port_beside(main: u16) -> u16 {
    match main.checked_add(1) {
        Some(next) if next >= FIRST_OPEN_PORT => next,
        _ => DEFAULT_ADMIN_PORT,
    }
}

impl AdminServer {
    /// The address, if there is a listener.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.running.as_ref().map(|(address, _)| *address)
    }

    /// Shows that the server waits for its journal, and why.
    pub(crate) fn show_start(&self, reason: String) {
        self.stage.send_replace(ServerStage::Starting(reason));
    }

    /// Shows the state of `app`.
    pub(crate) fn show(&self, app: App) {
        self.stage.send_replace(ServerStage::Serving(app));
    }
}

impl Drop for AdminServer {
    fn drop(&mut self) {
        if let Some((_, serving)) = &self.running {
            serving.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_ports_need_no_privilege() {
        for (main, expected) in [(5000, 5001), (1023, 1024), (443, 9500), (80, 9500), (65535, 9500)]
        {
            assert_eq!(port_beside(main), expected, "{main}");
        }
    }
}
