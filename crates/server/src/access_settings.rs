//! The rights to publish.

use access::Credentials;

use crate::origin_settings::HostRule;

/// The rights to publish. By default every client has them, so the caller must see to it that only local programs
/// reach the server.
#[derive(Debug, Clone, Default)]
pub struct AccessSettings {
    /// With credentials, publishers need a token with the right for the board.
    pub credentials: Option<Credentials>,
    /// Without credentials: every client may publish, from any machine.
    pub open_publishing: bool,
}

impl AccessSettings {
    /// The hosts for which requests may publish: with credentials, the name of the host decides nothing.
    pub fn host_rule(&self) -> HostRule {
        if self.credentials.is_some() || self.open_publishing {
            HostRule::Any
        } else {
            HostRule::Local
        }
    }
}
