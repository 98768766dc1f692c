//! Who may publish.

use access::Credentials;

use crate::origin_settings::HostRule;

/// Who may publish. By default everybody who reaches the server, so the caller must see to it that only local
/// programs do.
#[derive(Debug, Clone, Default)]
pub struct AccessSettings {
    /// With credentials, publishers need a token with the right for the board.
    pub credentials: Option<Credentials>,
    /// Without credentials: everybody may publish, from wherever the server can be reached.
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
