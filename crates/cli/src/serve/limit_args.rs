//! Flags that limit what one client may use.

use clap::Args;
use server::{AddressRange, ClientLimits};

use crate::flag_values;

#[derive(Args)]
pub(crate) struct LimitArgs {
    /// Memory for the bodies of all requests together. An address, other than 127.0.0.1 and ::1, gets a quarter.
    #[arg(long, env = "FLIGHTBOARD_MAX_BODIES", value_name = "SIZE", default_value = "64MiB",
          value_parser = flag_values::bytes_in_memory)]
    max_bodies: usize,
    /// Maximum number of lines of a request with many updates.
    #[arg(long, env = "FLIGHTBOARD_MAX_BULK_LINES", value_name = "N", default_value_t = 50_000)]
    max_bulk_lines: usize,
    /// Maximum number of errors that the answer to many updates explains; it gives the status of all.
    #[arg(long, env = "FLIGHTBOARD_MAX_BULK_ERRORS", value_name = "N", default_value_t = 1_000)]
    max_bulk_errors: usize,
    /// Maximum number of open requests on an HTTP/2 connection.
    #[arg(long, env = "FLIGHTBOARD_MAX_HTTP2_STREAMS", value_name = "N", default_value_t = 200)]
    max_http2_streams: u32,
    /// Maximum number of screens on one connection.
    #[arg(
        long,
        env = "FLIGHTBOARD_MAX_FOLLOWERS_PER_CONNECTION",
        value_name = "N",
        default_value_t = 100
    )]
    max_followers_per_connection: usize,
    /// Maximum number of screens of an IPv4 address or an IPv6 network (/64): by default 1000, and no limit for
    /// 127.0.0.1 and ::1.
    #[arg(long, env = "FLIGHTBOARD_MAX_FOLLOWERS_PER_ADDRESS", value_name = "N")]
    max_followers_per_address: Option<usize>,
    /// Maximum number of screens that such an address adds in a second: by default 400, with the same exception.
    #[arg(long, env = "FLIGHTBOARD_MAX_NEW_FOLLOWERS_PER_ADDRESS", value_name = "N")]
    max_new_followers_per_address: Option<usize>,
    /// Maximum number of screens that follow private boards with one token, or with tokens of one name.
    #[arg(
        long,
        env = "FLIGHTBOARD_MAX_FOLLOWERS_PER_TOKEN",
        value_name = "N",
        default_value_t = 5_000
    )]
    max_followers_per_token: usize,
    /// Maximum number of connections of such an address: by default 1200, with the same exception.
    #[arg(long, env = "FLIGHTBOARD_MAX_CONNECTIONS_PER_ADDRESS", value_name = "N")]
    max_connections_per_address: Option<usize>,
    /// Maximum number of new connections of such an address in a second: by default 200, with the same exception.
    #[arg(long, env = "FLIGHTBOARD_MAX_NEW_CONNECTIONS_PER_ADDRESS", value_name = "N")]
    max_new_connections_per_address: Option<usize>,
    /// Address or range, such as 10.0.0.0/8, of proxies that name their clients in Forwarded or X-Forwarded-For;
    /// repeatable. Limits of addresses then hold for these clients.
    #[arg(long, env = "FLIGHTBOARD_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',')]
    trusted_proxy: Vec<AddressRange>,
}

impl LimitArgs {
    pub(crate) fn into_limits(self) -> ClientLimits {
        ClientLimits {
            body_bytes: self.max_bodies,
            bulk_lines: self.max_bulk_lines,
            bulk_errors: self.max_bulk_errors,
            http2_streams: self.max_http2_streams,
            followers_per_connection: self.max_followers_per_connection,
            followers_per_address: self.max_followers_per_address,
            new_followers_per_address: self.max_new_followers_per_address,
            followers_per_token: self.max_followers_per_token,
            connections_per_address: self.max_connections_per_address,
            new_connections_per_address: self.max_new_connections_per_address,
            trusted_proxies: self.trusted_proxy,
            ..ClientLimits::default()
        }
    }
}
