//! Settings of listeners that speak TLS.

use std::time::Duration;

/// Rules for browsers that come by https.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// Time for which a browser uses https only, counted from its last visit. With zero, it forgets this rule.
    pub hsts_max_age: Duration,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self { hsts_max_age: Duration::from_secs(365 * 24 * 60 * 60) }
    }
}
