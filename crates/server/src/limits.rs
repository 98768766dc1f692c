//! Limits on one client: bytes of bodies, lines, streams and connections.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// Followers of an address, by default. Many screens may share one.
pub(crate) const FOLLOWERS_PER_ADDRESS: usize = 1_000;

/// New followers of an address in a second, by default. More than its new connections, so that clients with a
/// connection for each stream are limited by those alone.
pub(crate) const NEW_FOLLOWERS_PER_ADDRESS: usize = 400;

/// Connections of an address, by default.
pub(crate) const CONNECTIONS_PER_ADDRESS: usize = 1_200;

/// New connections of an address in a second, by default.
pub(crate) const NEW_CONNECTIONS_PER_ADDRESS: usize = 200;

/// Connections on top of all others, for addresses that have none, if there are files for them.
pub const KEPT_CONNECTIONS: usize = 256;

/// Limits on clients. The defaults are those of `flightboard serve`.
#[derive(Debug, Clone)]
pub struct ClientLimits {
    /// Bytes of request bodies that are in memory at the same time.
    pub body_bytes: usize,
    /// Lines of a request with many updates.
    pub bulk_lines: usize,
    /// Lines of such a request whose errors are explained. Later ones get their status only.
    pub bulk_errors: usize,
    /// Requests, streams among them, that are open at the same time on an HTTP/2 connection.
    pub http2_streams: u32,
    /// Event streams on a connection.
    pub followers_per_connection: usize,
    /// Event streams of an address. `None` is the default, which does not hold for `127.0.0.1` and `::1`.
    pub followers_per_address: Option<usize>,
    /// Event streams that an address asks for within a second, with the same default for `None`.
    pub new_followers_per_address: Option<usize>,
    /// Event streams of private boards that are open with one credential at the same time.
    pub followers_per_token: usize,
    /// Connections of an address, with the same default for `None`.
    pub connections_per_address: Option<usize>,
    /// Connections of an address that begin within a second, with the same default for `None`.
    pub new_connections_per_address: Option<usize>,
    /// Connections on top of all others, for addresses that have none.
    pub kept_connections: usize,
    /// Proxies that name the client's address in `Forwarded` or `X-Forwarded-For`.
    pub trusted_proxies: Vec<AddressRange>,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            body_bytes: 64 * 1024 * 1024,
            bulk_lines: 50_000,
            bulk_errors: 1_000,
            http2_streams: 200,
            followers_per_connection: 100,
            followers_per_address: None,
            new_followers_per_address: None,
            followers_per_token: 5_000,
            connections_per_address: None,
            new_connections_per_address: None,
            kept_connections: KEPT_CONNECTIONS,
            trusted_proxies: Vec::new(),
        }
    }
}

impl ClientLimits {
    /// Returns true if requests of `peer` come from a trusted proxy.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|range| range.0.contains(&peer))
    }
}

/// An IP address, or a range of them as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange(IpNet);

/// The text is neither an address nor a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an IP address, or a range such as 10.0.0.0/8")]
pub struct ParseRangeError;

impl FromStr for AddressRange {
    type Err = ParseRangeError;

    fn from_str(text: &str) -> Result<Self, ParseRangeError> {
        let address = || text.parse::<IpAddr>().map(IpNet::from);
        text.parse::<IpNet>().or_else(|_| address()).map(Self).map_err(|_| ParseRangeError)
    }
}
