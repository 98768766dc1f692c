//! Flags for the origins and hosts that may read, publish and embed the page.

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
    /// Origin whose pages may embed the page in a frame, or * for all; repeatable.
    #[arg(
        long,
        env = "FLIGHTBOARD_ALLOW_FRAME_ANCESTOR",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    allow_frame_ancestor: Vec<AllowedOrigin>,
    /// Host whose requests may publish without credentials, as those for localhost; repeatable.
    #[arg(long, env = "FLIGHTBOARD_ALLOW_HOST", value_name = "HOST", value_delimiter = ',')]
    allow_host: Vec<AllowedHost>,
}

impl OriginArgs {
    pub(crate) fn settings(self, host_rule: HostRule) -> OriginSettings {
        OriginSettings {
            allow_origins: self.allow_origin,
            allow_publish_origins: self.allow_publish_origin,
            allow_frame_ancestors: self.allow_frame_ancestor,
            allow_hosts: self.allow_host,
            host_rule,
        }
    }
}
