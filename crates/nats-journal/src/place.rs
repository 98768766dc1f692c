//! Where a journal is kept: which servers, how they are reached, and what is made there.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use async_nats::ServerAddr;
use percent_encoding::percent_decode_str;

/// How a journal is found, and made where there is none yet.
#[derive(Clone, Debug)]
pub struct Place {
    /// Servers of one cluster, perhaps with a user's name and password. Others of it are learned from
    /// them.
    pub servers: Servers,
    /// A file with a user's JWT and key, as `nsc` writes it. Who is named by an address is not asked then.
    pub credentials: Option<PathBuf>,
    /// A file with certificates, in PEM, of who vouches for the servers, instead of those that the system
    /// knows.
    pub authorities: Option<PathBuf>,
    /// Whether to connect only with TLS, whatever the addresses say.
    pub tls: Tls,
    /// The name of the stream, and the first word of its subjects.
    pub prefix: Prefix,
    /// How many servers keep each record. Looked at when the stream is made.
    pub replicas: usize,
    /// Where servers keep it. Looked at when the stream is made.
    pub storage: Storage,
}

impl Place {
    /// With what is usual: no credentials, the authorities of the system, TLS where addresses or servers
    /// ask for it, the prefix `flightboard`, one replica, on disk.
    #[must_use]
    pub fn at(servers: Servers) -> Self {
        Place {
            servers,
            credentials: None,
            authorities: None,
            tls: Tls::AsAsked,
            prefix: Prefix(String::from("flightboard")),
            replicas: 1,
            storage: Storage::Disk,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.prefix, self.servers)
    }
}

/// When a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Where one of the addresses begins with `tls://`, to all servers; else to a server that wants it.
    AsAsked,
    /// Always, or there is none.
    Required,
}

/// Where servers keep records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// In files.
    Disk,
    /// In memory: gone with the servers that have it.
    Memory,
}

/// Addresses such as `nats://a:4222,b,c`. One without a scheme has that of the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Servers(Vec<ServerAddr>);

impl Servers {
    pub(crate) fn addresses(&self) -> Vec<ServerAddr> {
        self.0.clone()
    }

    /// One such address among several is enough: others of the cluster are learned without a scheme.
    pub(crate) fn want_tls(&self) -> bool {
        self.0.iter().any(ServerAddr::tls_required)
    }

    /// Whom the first of them that names anybody names.
    pub(crate) fn user(&self) -> Option<User> {
        let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        self.0.iter().find_map(|address| {
            let name = decoded(address.username()?);
            Some(match address.password() {
                Some(password) => User::Named { name, password: decoded(password) },
                None => User::Token(name),
            })
        })
    }
}

/// Who is to be let in, where an address says so.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum User {
    /// As in `nats://name:password@a`.
    Named { name: String, password: String },
    /// As in `nats://token@a`.
    Token(String),
}

impl FromStr for Servers {
    type Err = ParsePlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let scheme = text.split_once("://").map_or("nats", |(scheme, _)| scheme);
        let address = |part: &str| {
            let part = part.trim();
            let whole =
                if part.contains("://") { part.into() } else { format!("{scheme}://{part}") };
            whole.parse::<ServerAddr>().ok().filter(|address| !address.host().is_empty())
        };
        let addresses: Option<Vec<_>> = text.split(',').map(address).collect();
        addresses.map(Servers).ok_or(ParsePlaceError::Servers)
    }
}

impl fmt::Display for Servers {
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
pub struct Prefix(String);

impl Prefix {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Prefix {
    type Err = ParsePlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let fits = (1..=MAX_PREFIX_BYTES).contains(&text.len()) && text.bytes().all(plain);
        if fits { Ok(Prefix(text.to_owned())) } else { Err(ParsePlaceError::Prefix) }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that does not say where a journal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParsePlaceError {
    /// No list of addresses.
    #[error("addresses are wanted, such as nats://a:4222,b,c")]
    Servers,
    /// No prefix.
    #[error("a word of at most {MAX_PREFIX_BYTES} letters, digits, - and _ is wanted")]
    Prefix,
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
                text.parse::<Servers>().map(|servers| servers.to_string()),
                Ok(shown.into())
            );
        }
        for text in ["", "a,,b", "nats://", "nats://a b"] {
            assert_eq!(text.parse::<Servers>(), Err(ParsePlaceError::Servers), "{text:?}");
        }
    }

    #[test]
    fn one_address_with_tls_asks_for_it_everywhere() {
        for (text, asks) in
            [("nats://a,b", false), ("tls://a,b", true), ("nats://a,tls://b,nats://c", true)]
        {
            assert_eq!(text.parse::<Servers>().unwrap().want_tls(), asks, "{text}");
        }
    }

    #[test]
    fn a_prefix_is_one_plain_word() {
        assert!("Board_1-x".parse::<Prefix>().is_ok());
        for text in ["", "a.b", "a b", "*", ">", "ä", &"x".repeat(MAX_PREFIX_BYTES + 1)] {
            assert_eq!(text.parse::<Prefix>(), Err(ParsePlaceError::Prefix), "{text:?}");
        }
    }
}
