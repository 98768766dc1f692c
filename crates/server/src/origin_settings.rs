//! The origins and hosts that may read, publish and embed the page.

use http::HeaderValue;

use crate::http::cors::{AllowedOrigin, NamedOrigin};
use crate::http::local_request::AllowedHost;

/// The origins whose pages may call the API, and the hosts under whose names anyone may publish.
#[derive(Debug, Clone, Default)]
pub struct OriginSettings {
    /// Pages of these origins may read. If empty, only pages of this server may.
    pub allow_origins: Vec<AllowedOrigin>,
    /// Pages of these origins may read and publish.
    pub allow_publish_origins: Vec<NamedOrigin>,
    /// Pages of these origins may embed responses, the page among them. If empty, no page may.
    pub allow_frame_ancestors: Vec<AllowedOrigin>,
    /// Requests for these hosts may publish as those for loopback names may.
    pub allow_hosts: Vec<AllowedHost>,
    /// The hosts for which requests may publish.
    pub host_rule: HostRule,
}

/// The hosts for which requests may publish.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum HostRule {
    /// Loopback names and allowed hosts, because requests need no credentials.
    #[default]
    Local,
    /// All hosts.
    Any,
}

impl OriginSettings {
    /// Returns true if pages of `origin` may publish.
    pub(crate) fn may_publish(&self, origin: &HeaderValue) -> bool {
        self.allow_publish_origins.iter().any(|allowed| allowed.0 == origin)
    }

    /// Returns true if answers differ between origins.
    pub(crate) fn has_named_origins(&self) -> bool {
        let is_named = |allowed: &AllowedOrigin| *allowed != AllowedOrigin::Any;
        !self.allow_publish_origins.is_empty() || self.allow_origins.iter().any(is_named)
    }

    /// Returns true if `origin` is one of those that may read by name.
    pub(crate) fn names_origin(&self, origin: &HeaderValue) -> bool {
        let mut allowed = self.allow_origins.iter();
        allowed
            .any(|allowed| matches!(allowed, AllowedOrigin::Only(allowed) if allowed.0 == origin))
    }
}
