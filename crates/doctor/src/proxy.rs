//! The proxies whose settings the report names.

use std::fmt;

use reqwest::header::{HeaderMap, SERVER, VIA};

/// A proxy that the report can give advice for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyKind {
    /// nginx, also as OpenResty.
    Nginx,
    /// HAProxy, which adds no header of its own.
    HaProxy,
    /// Apache httpd.
    Apache,
    /// Caddy.
    Caddy,
}

/// The names by which proxies call themselves.
const NAMES: [(&str, ProxyKind); 4] = [
    ("nginx", ProxyKind::Nginx),
    ("openresty", ProxyKind::Nginx),
    ("apache", ProxyKind::Apache),
    ("caddy", ProxyKind::Caddy),
];

impl ProxyKind {
    /// All, in the order of the report.
    pub const ALL: [Self; 4] = [Self::Nginx, Self::HaProxy, Self::Apache, Self::Caddy];

    /// The proxies that name themselves in a response. The nearest one may hide those behind it.
    pub(crate) fn named_by(headers: &HeaderMap) -> Vec<Self> {
        let values = headers.get_all(SERVER).iter().chain(headers.get_all(VIA));
        let text: Vec<_> = values.map(|value| value.as_bytes().to_ascii_lowercase()).collect();
        let text = String::from_utf8_lossy(&text.join(&b' ')).into_owned();
        let mut named = Vec::new();
        for (name, kind) in NAMES {
            if text.contains(name) && !named.contains(&kind) {
                named.push(kind);
            }
        }
        named
    }
}

impl fmt::Display for ProxyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Nginx => "nginx",
            Self::HaProxy => "HAProxy",
            Self::Apache => "Apache",
            Self::Caddy => "Caddy",
        })
    }
}
