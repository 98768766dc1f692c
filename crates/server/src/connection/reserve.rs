//! File descriptors that are kept for a time without any.

use tokio::net::TcpSocket;

/// Descriptors that each listener keeps in reserve: the number of requests that are served at the same time when there are
/// no others.
pub const RESERVED_DESCRIPTORS: usize = 8;

/// Occupies descriptors, so that it can give them to new connections. A process that has run out of
/// them can otherwise not even respond to a health check.
pub(super) struct DescriptorReserve(Vec<TcpSocket>);

impl DescriptorReserve {
    pub(super) fn new() -> Self {
        let mut reserve = Self(Vec::new());
        reserve.refill();
        reserve
    }

    /// Gives up one descriptor. Returns false if none is left.
    pub(super) fn release(&mut self) -> bool {
        self.0.pop().is_some()
    }

    /// Occupies descriptors again. Returns false if there are too few.
    pub(super) fn refill(&mut self) -> bool {
        while self.0.len() < RESERVED_DESCRIPTORS {
            // An unbound socket needs neither a path nor a port.
            let Ok(socket) = TcpSocket::new_v4() else { return false };
            self.0.push(socket);
        }
        true
    }
}
