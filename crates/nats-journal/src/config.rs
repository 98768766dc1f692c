//! Configuration of a journal: its servers, how to connect to them, and the streams to create.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use async_nats::ServerAddr;
use percent_encoding::percent_decode_str;

use crate::timing::CONNECT_TIMEOUT;

/// The location of a journal, and the properties of the streams to create if they are missing.
#[derive(Clone, Debug, derive_more::Display)]
#[display("{prefix} at {servers}")]
pub struct NatsConfig {
    /// Servers of one cluster, optionally with a user name and password. The client learns the other
    /// servers of the cluster from them.
    pub servers: ServerList,
    /// A file with a user's JWT and key, as written by `nsc`. Overrides credentials in the addresses.
    pub credentials: Option<PathBuf>,
    /// A PEM file of CA certificates for the servers. Default: the certificates of the operating system.
    pub ca_file: Option<PathBuf>,
    /// The policy for TLS.
    pub tls: TlsMode,
    /// The name of the stream, and the first token of its subjects.
    pub prefix: StreamPrefix,
    /// The number of servers that keep each record. Used only when the stream is created.
    pub replicas: usize,
    /// The storage of the stream. Used only when the stream is created.
    pub storage: StreamStorage,
    /// Time for which opening a journal retries to connect: the servers may just be starting.
    pub connect_timeout: Duration,
}

impl NatsConfig {
    /// The defaults: no credentials, the CA certificates of the operating system, TLS if an address or a
    /// server requests it, the prefix `flightboard`, one replica, file storage, 10 s to connect.
    #[must_use]
    pub fn new(servers: ServerList) -> Self {
        NatsConfig {
            servers,
            credentials: None,
            ca_file: None,
            tls: TlsMode::IfRequested,
            prefix: StreamPrefix(String::from("flightboard")),
            replicas: 1,
            storage: StreamStorage::File,
            connect_timeout: CONNECT_TIMEOUT,
        }
    }
}

/// The policy for TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// To all servers if any address begins with `tls://`; otherwise to each server that requires it.
    IfRequested,
    /// Always; connecting to a server without TLS fails.
    Required,
}

/// The storage of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStorage {
    /// In files.
    File,
    /// In memory: lost when the servers that have them stop.
    Memory,
}

/// Addresses such as `nats://a:4222,b,c`. An address without a scheme takes the scheme of the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerList(Vec<ServerAddr>);

impl ServerList {
    pub(crate) fn addresses(&self) -> Vec<ServerAddr> {
        self.0.clone()
    }

    /// Returns true if any address requests TLS. One is enough: servers report the rest of their cluster
    /// without a scheme.
    pub(crate) fn request_tls(&self) -> bool {
        self.0.iter().any(ServerAddr::tls_required)
    }

    /// The user in the first address that has one.
    pub(crate) fn user(&self) -> Option<AddressCredentials> {
        let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        self.0.iter().find_map(|address| {
            let name = decoded(address.username()?);
            Some(match address.password() {
                Some(password) => {
                    AddressCredentials::Password { name, password: decoded(password) }
                }
                None => AddressCredentials::Token(name),
            })
        })
    }
}

/// Credentials in an address.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum AddressCredentials {
    /// `nats://name:password@a`
    Password { name: String, password: String },
    /// `nats://token@a`
    Token(String),
}

impl FromStr for ServerList {
    type Err = ParseNatsConfigError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let scheme = text.split_once("://").map_or("nats", |(scheme, _)| scheme);
        let address = |part: &str| {
            let part = part.trim();
            let url = if part.contains("://") { part.into() } else { format!("{scheme}://{part}") };
            url.parse::<ServerAddr>().ok().filter(|address| !address.host().is_empty())
        };
        let addresses: Option<Vec<_>> = text.split(',').map(address).collect();
        addresses.map(ServerList).ok_or(ParseNatsConfigError::ServerList)
    }
}

impl fmt::Display for ServerList {
    /// Omits user names and passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, address) in self.0.iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            write!(f, "{comma}{}://{}:{}", address.scheme(), address.host(), address.port())?;
        }
        Ok(())
    }
}

/// A word that is valid both as the name of a stream and as a token of a subject.
#[derive(Clone, Debug, PartialEq, Eq, derive_more::Display)]
pub struct StreamPrefix(String);

impl StreamPrefix {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StreamPrefix {
    type Err = ParseNatsConfigError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let fits = (1..=MAX_PREFIX_BYTES).contains(&text.len()) && text.bytes().all(is_plain);
        if fits {
            Ok(StreamPrefix(text.to_owned()))
        } else {
            Err(ParseNatsConfigError::StreamPrefix)
        }
    }
}

/// Text that does not parse as a part of [`NatsConfig`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseNatsConfigError {
    /// Not a list of addresses.
    #[error("expected addresses such as nats://a:4222,b,c")]
    ServerList,
    /// Not a prefix.
    #[error("expected at most {MAX_PREFIX_BYTES} letters, digits, - and _")]
    StreamPrefix,
}

/// Maximum length of a prefix.
pub const MAX_PREFIX_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_inherit_scheme_and_hide_passwords() {
        for (text, shown) in [
            ("localhost", "nats://localhost:4222"),
            ("nats://a,b:4333", "nats://a:4222,nats://b:4333"),
            ("tls://me:secret@a, b", "tls://a:4222,tls://b:4222"),
            ("tls://a,nats://b", "tls://a:4222,nats://b:4222"),
        ] {
            assert_eq!(
                text.parse::<ServerList>().map(|servers| servers.to_string()),
                Ok(shown.into())
            );
        }
        for text in ["", "a,,b", "nats://", "nats://a b"] {
            assert_eq!(
                text.parse::<ServerList>(),
                Err(ParseNatsConfigError::ServerList),
                "{text:?}"
            );
        }
    }

    #[test]
    fn single_tls_address_requires_tls() {
        for (text, requested) in
            [("nats://a,b", false), ("tls://a,b", true), ("nats://a,tls://b,nats://c", true)]
        {
            assert_eq!(text.parse::<ServerList>().unwrap().request_tls(), requested, "{text}");
        }
    }

    #[test]
    fn prefix_is_one_plain_word() {
        assert!("Board_1-x".parse::<StreamPrefix>().is_ok());
        for text in ["", "a.b", "a b", "*", ">", "ä", &"x".repeat(MAX_PREFIX_BYTES + 1)] {
            assert_eq!(
                text.parse::<StreamPrefix>(),
                Err(ParseNatsConfigError::StreamPrefix),
                "{text:?}"
            );
        }
    }
}
