//! Flags for the origins and hosts that may read and publish.

use clap::Args;
use server::{AllowedHost, AllowedOrigin, HostRule, NamedOrigin, OriginSettings};

#[derive(Args)]
pub(crate) struct OriginArgs {
    /// Origin whose pages may read, or * for all; repeatable.
    #[arg(long, env = "FLIGHTBOARD_ALLOW_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    allow_origin: Vec<AllowedOrigin>,
    /// Origin whose pages may read and publish; repeatable.
    #[arg(
        long,
        env = "FLIGHTBOARD_ALLOW_PUBLISH_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    allow_publish_origin: Vec<NamedOrigin>,
    /// Host whose requests may publish without credentials, as those for localhost; repeatable.
    #[arg(long, env = "FLIGHTBOARD_ALLOW_HOST", value_name = "HOST", value_delimiter = ',')]
    allow_host: Vec<AllowedHost>,
}

impl OriginArgs {
    pub(crate) fn settings(self, host_rule: HostRule) -> OriginSettings {
        OriginSettings {
            allow_origins: self.allow_origin,
            allow_publish_origins: self.allow_publish_origin,
            allow_hosts: self.allow_host,
            host_rule,
        }
    }
}
