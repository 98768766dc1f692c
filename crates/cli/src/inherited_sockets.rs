//! Listening sockets that a service manager has opened and keeps over restarts, as systemd does (socket activation).
//! Meanwhile new connections wait in the kernel, and none is refused.

use std::net::TcpListener;

use anyhow::{Context, Result};
use listenfd::ListenFd;

/// Name of the socket that redirects to https, as `FileDescriptorName=` sets it. A socket with another name, or
/// without one, serves the app.
const REDIRECT_NAME: &str = "http-redirect";

/// The sockets that this process has inherited, by their tasks.
#[derive(Default)]
pub(crate) struct InheritedSockets {
    /// Instead of `--listen`.
    pub(crate) main: Vec<TcpListener>,
    /// Instead of `--http-redirect`.
    pub(crate) redirect: Vec<TcpListener>,
}

impl InheritedSockets {
    /// Takes the sockets that the variables `LISTEN_FDS` and `LISTEN_PID` announce to this process, with the names of
    /// `LISTEN_FDNAMES`. A second call finds none.
    pub(crate) fn take() -> Result<Self> {
        let mut descriptors = ListenFd::from_env();
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let mut sockets = Self::default();
        for index in 0..descriptors.len() {
            let socket = descriptors.take_tcp_listener(index).with_context(|| {
                format!("socket {} of LISTEN_FDS is not a listening TCP socket", index + 1)
            })?;
            let name = names.next().unwrap_or_default();
            let group =
                if name == REDIRECT_NAME { &mut sockets.redirect } else { &mut sockets.main };
            group.extend(socket);
        }
        Ok(sockets)
    }
}
