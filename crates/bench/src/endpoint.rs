//! The server's address and the path of a stream or of a publishing URL.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use ureq::Agent;
use ureq::http::Uri;

/// Timeout of the requests that prepare a measurement.
const SETUP_TIMEOUT: Duration = Duration::from_secs(10);

/// A URL of a plain HTTP server, with the address resolved once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// Value of the `Host` header.
    pub(crate) host: String,
    pub(crate) address: SocketAddr,
    /// Path and query.
    pub(crate) path: String,
}

impl Endpoint {
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("{url} is not a URL"))?;
        ensure!(
            uri.scheme_str() == Some("http"),
            "{url} does not begin with http://: only servers without TLS can be measured"
        );
        let authority = uri.authority().with_context(|| format!("{url} names no server"))?;
        let host = authority.host();
        let port = authority.port_u16().unwrap_or(80);
        let mut addresses = (host.trim_matches(['[', ']']), port)
            .to_socket_addrs()
            .with_context(|| format!("cannot resolve {host}"))?;
        let address = addresses.next().with_context(|| format!("{host} has no address"))?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self { host: authority.as_str().to_owned(), address, path: path.to_owned() })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}{}", self.host, self.path)
    }

    /// Requests the stream once, to fail before thousands of followers do.
    pub(crate) fn ensure_event_stream(&self) -> Result<()> {
        let url = self.url();
        let response = agent().get(&url).header("accept", "text/event-stream").call();
        let response = response.map_err(|error| no_answer(&self.host, error))?;
        let status = response.status().as_u16();
        ensure!(status == 200, "{url} answers {status}: set the stream's path with --path");
        let media_type = response.headers().get("content-type");
        let media_type = media_type.and_then(|value| value.to_str().ok()).unwrap_or("missing");
        ensure!(
            media_type.starts_with("text/event-stream"),
            "{url} is not an event stream (Content-Type {media_type}): set the stream's path with --path"
        );
        Ok(())
    }
}

/// An HTTP client for the requests that prepare a measurement.
pub(crate) fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_recv_response(Some(SETUP_TIMEOUT))
        .timeout_recv_body(Some(SETUP_TIMEOUT))
        .timeout_connect(Some(SETUP_TIMEOUT))
        .user_agent(concat!("flightboard-bench/", env!("CARGO_PKG_VERSION")));
    Agent::new_with_config(config.build())
}

pub(crate) fn no_answer(server: &str, error: ureq::Error) -> anyhow::Error {
    anyhow::Error::new(error)
        .context(format!("no server answers at {server}: start one, or set its URL with --to"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_split_into_server_and_path() {
        let endpoint = Endpoint::parse("http://127.0.0.1:5000/events?a=b").unwrap();
        assert_eq!(endpoint.address, "127.0.0.1:5000".parse().unwrap());
        assert_eq!((&*endpoint.host, &*endpoint.path), ("127.0.0.1:5000", "/events?a=b"));
        let endpoint = Endpoint::parse("http://[::1]").unwrap();
        assert_eq!(endpoint.address, "[::1]:80".parse().unwrap());
        assert_eq!((&*endpoint.host, &*endpoint.path), ("[::1]", "/"));
    }

    #[test]
    fn errors_name_the_unsupported_part() {
        for (url, word) in [("https://a/", "TLS"), ("/events", "http://"), ("http://", "URL")] {
            let error = format!("{:#}", Endpoint::parse(url).unwrap_err());
            assert!(error.contains(word), "{url}: {error}");
        }
    }
}
