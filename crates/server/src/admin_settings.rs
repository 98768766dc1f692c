//! The listeners that serve administrators.

/// Listeners that show metrics, and the reasons for which a server is not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AdminAccess {
    /// The public listener shows them to requests from this machine, if it listens on a loopback address. So a server
    /// without further settings has one port for all.
    #[default]
    LocalRequests,
    /// Only the listener for administrators shows them.
    AdminListener,
}
