//! Timeouts and intervals of the connection.

use std::time::Duration;

/// Maximum time that an append waits for its acknowledgement, and any operation for a lost connection to
/// come back. Then it fails.
pub const APPEND_TIMEOUT: Duration = Duration::from_secs(5);

/// Maximum time for which any other request is repeated. The followers of a lost leader wait 4 to 9 seconds
/// before one of them starts an election (`server/raft.go` of NATS 2.9 to 2.12), and electing a leader may
/// take two rounds.
pub const ELECTION_TIMEOUT: Duration = Duration::from_secs(20);

/// Default of [`NatsConfig::connect_timeout`](crate::NatsConfig::connect_timeout).
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum delay between two attempts to reconnect.
pub const MAX_RECONNECT_DELAY: Duration = Duration::from_secs(4);

pub(crate) const MIN_RECONNECT_DELAY: Duration = Duration::from_millis(50);

/// Maximum time to wait for one response before the request is sent again.
pub(crate) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Delay before a request that failed is sent again.
pub(crate) const RETRY_INTERVAL: Duration = Duration::from_millis(50);

/// Interval of the pings that detect a connection which was cut silently.
pub(crate) const PING_INTERVAL: Duration = Duration::from_secs(3);
