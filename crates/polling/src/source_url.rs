//! The address that replaces a source's own.

use std::net::IpAddr;
use std::str::FromStr;

use reqwest::Url;

/// Scheme, host and port that replace those of a source's requests. Path and query stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceUrl(Url);

impl SourceUrl {
    /// Returns whether it is an address of this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// Replaces scheme, host and port of `url`.
    pub(crate) fn replace_origin(&self, url: &Url) -> Url {
        let mut replaced = self.0.clone();
        replaced.set_path(url.path());
        replaced.set_query(url.query());
        replaced
    }
}

impl FromStr for SourceUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("is not a URL: {error}"))?;
        let is_http = matches!(url.scheme(), "http" | "https");
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let has_user = !url.username().is_empty() || url.password().is_some();
        if !is_http || !is_bare || has_user {
            return Err(
                "must be http:// or https:// with a host, a port and nothing else".to_owned()
            );
        }
        Ok(Self(url))
    }
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse();
    host == "localhost" || address.is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_is_replaced() {
        let source_url: SourceUrl = "http://127.0.0.1:9000".parse().unwrap();
        let url =
            Url::parse("https://asrv.avinor.no/XmlFeed/v1.0?airport=OSL&direction=A").unwrap();
        let replaced = source_url.replace_origin(&url);
        assert_eq!(replaced.as_str(), "http://127.0.0.1:9000/XmlFeed/v1.0?airport=OSL&direction=A");
    }

    #[test]
    fn loopback_addresses_are_recognised() {
        for (text, expected) in [
            ("http://127.0.0.1:9000", true),
            ("http://127.8.9.1", true),
            ("http://[::1]:9000/", true),
            ("https://localhost", true),
            ("http://127.0.0.1.example.com", false),
            ("http://localhost.example.com", false),
            ("http://192.168.0.1", false),
            ("http://0.0.0.0", false),
        ] {
            let source_url: SourceUrl = text.parse().unwrap();
            assert_eq!(source_url.is_loopback(), expected, "{text}");
        }
    }

    #[test]
    fn other_addresses_are_refused() {
        for text in [
            "127.0.0.1:9000",
            "ftp://127.0.0.1",
            "http://127.0.0.1/path",
            "http://127.0.0.1/?query",
            "http://127.0.0.1@example.com",
            "",
        ] {
            assert!(text.parse::<SourceUrl>().is_err(), "{text}");
        }
    }
}
