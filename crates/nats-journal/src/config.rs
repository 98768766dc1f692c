//! Where a journal is kept: which servers, how they are reached, and what is made there.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use async_nats::ServerAddr;
use percent_encoding::percent_decode_str;

/// How a journal is found, and made where there is none yet.
#[derive(Clone, Debug)]
pub struct NatsConfig {
    /// Servers of one cluster, perhaps with a user's name and password. Others of it are learned from
    /// them.
    pub servers: ServerList,
    /// A file with a user's JWT and key, as `nsc` writes it. Who is named by an address is not asked then.
    pub credentials: Option<PathBuf>,
    /// A file with certificates, in PEM, of who vouches for the servers, instead of those that the system
    /// knows.
    pub ca_file: Option<PathBuf>,
    /// Whether to connect only with TLS, whatever the addresses say.
    pub tls: TlsMode,
    /// The name of the stream, and the first word of its subjects.
    pub prefix: StreamPrefix,
    /// How many servers keep each record. Looked at when the stream is made.
    pub replicas: usize,
    /// Where servers keep it. Looked at when the stream is made.
    pub storage: StreamStorage,
}

impl NatsConfig {
    /// With what is usual: no credentials, the authorities of the system, TLS where addresses or servers
    /// ask for it, the prefix `flightboard`, one replica, on disk.
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
        }
    }
}

impl fmt::Display for NatsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.prefix, self.servers)
    }
}

/// When a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// Where one of the addresses begins with `tls://`, to all servers; else to a server that wants it.
    IfRequested,
    /// Always, or there is none.
    Required,
}

/// Where servers keep records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamStorage {
    /// In files.
    File,
    /// In memory: gone with the servers that have it.
    Memory,
}

/// Addresses such as `nats://a:4222,b,c`. One without a scheme has that of the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerList(Vec<ServerAddr>);

impl ServerList {
    pub(crate) fn addresses(&self) -> Vec<ServerAddr> {
        self.0.clone()
    }

    /// One such address among several is enough: others of the cluster are learned without a scheme.
    pub(crate) fn want_tls(&self) -> bool {
        self.0.iter().any(ServerAddr::tls_required)
    }

    /// Whom the first of them that names anybody names.
    pub(crate) fn user(&self) -> Option<NatsUser> {
        let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        self.0.iter().find_map(|address| {
            let name = decoded(address.username()?);
            Some(match address.password() {
                Some(password) => NatsUser::Named { name, password: decoded(password) },
                None => NatsUser::Token(name),
            })
        })
    }
}

/// Who is to be let in, where an address says so.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum NatsUser {
    /// As in `nats://name:password@a`.
    Named { name: String, password: String },
    /// As in `nats://token@a`.
    Token(String),
}

impl FromStr for ServerList {
    type Err = ParseNatsConfigError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let scheme = text.split_once("://").map_or("nats", |(scheme, _)| scheme);
        let address = |part: &str| {
            let part = part.trim();
            let whole =
                if part.contains("://") { part.into() } else { format!("{scheme}://{part}") };
            whole.parse::<ServerAddr>().ok().filter(|address| !address.host().is_empty())
        };
        let addresses: Option<Vec<_>> = text.split(',').map(address).collect();
        addresses.map(ServerList).ok_or(ParseNatsConfigError::ServerList)
    }
}

impl fmt::Display for ServerList {
    /// Without names and passwords that may be in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, address) in self.0.iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            write!(f, "{comma}{}://{}:{}", address.scheme(), address.host(), address.port())?;
        }
        Ok(())
    }
}

/// A word that may be both a stream's name and a part of a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamPrefix(String);

impl StreamPrefix {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for StreamPrefix {
    type Err = ParseNatsConfigError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let fits = (1..=MAX_PREFIX_BYTES).contains(&text.len()) && text.bytes().all(plain);
        if fits {
            Ok(StreamPrefix(text.to_owned()))
        } else {
            Err(ParseNatsConfigError::StreamPrefix)
        }
    }
}

impl fmt::Display for StreamPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that does not say where a journal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseNatsConfigError {
    /// No list of addresses.
    #[error("addresses are wanted, such as nats://a:4222,b,c")]
    ServerList,
    /// No prefix.
    #[error("a word of at most {MAX_PREFIX_BYTES} letters, digits, - and _ is wanted")]
    StreamPrefix,
}

/// The longest prefix.
pub const MAX_PREFIX_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_share_the_first_scheme_and_show_no_password() {
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
    fn one_address_with_tls_asks_for_it_everywhere() {
        for (text, asks) in
            [("nats://a,b", false), ("tls://a,b", true), ("nats://a,tls://b,nats://c", true)]
        {
            assert_eq!(text.parse::<ServerList>().unwrap().want_tls(), asks, "{text}");
        }
    }

    #[test]
    fn a_prefix_is_one_plain_word() {
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
