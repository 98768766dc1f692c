//! Flags for the listener of administrators.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::Result;
use clap::Args;
use server::{AdminAccess, App, Listener, ServerStage};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::listen;

const ADMIN_LISTEN: &str = "--admin-listen";

/// Flags for the listener of administrators.
#[derive(Args)]
pub(crate) struct AdminArgs {
    /// Address and port for administrators: metrics, the reasons of readiness, profiles. By default 127.0.0.1 and the
    /// port after that of --listen, but none if --listen is a loopback address.
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
        let exposed = public.iter().map(Listener::address);
        let exposed =
            exposed.into_iter().find(|address| !address.ip().to_canonical().is_loopback());
        let listener = match &self.address {
            Some(address) => Some(listen::bind(address, ADMIN_LISTEN)?),
            None => exposed.and_then(bind_beside),
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

/// Listens on the port after that of `public`, if it is free.
fn bind_beside(public: SocketAddr) -> Option<TcpListener> {
    let address = public.port().checked_add(1);
    let address = address.map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))?;
    let bound = listen::bind(&address.to_string(), ADMIN_LISTEN);
    bound.inspect_err(|error| tracing::warn!("no endpoints for administrators: {error:#}")).ok()
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
