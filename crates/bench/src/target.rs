//! Where a stream is, or where messages are published.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use ureq::Agent;
use ureq::http::Uri;

/// How long an answer may take before anything is measured.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// A plain HTTP server, and a place on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// As it is named in `Host`.
    pub(crate) host: String,
    pub(crate) address: SocketAddr,
    /// Path and query.
    pub(crate) path: String,
}

impl Place {
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("{url} is not a URL"))?;
        ensure!(
            uri.scheme_str() == Some("http"),
            "{url} does not begin with http://: what is measured is a server without TLS"
        );
        let authority = uri.authority().with_context(|| format!("{url} names no server"))?;
        let (host, port) = (authority.host(), authority.port_u16().unwrap_or(80));
        let bare = host.trim_matches(['[', ']']);
        let mut found = (bare, port)
            .to_socket_addrs()
            .with_context(|| format!("{host} is the name of no machine"))?;
        let address = found.next().with_context(|| format!("{host} is the name of no machine"))?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(Self { host: authority.as_str().to_owned(), address, path: path.to_owned() })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}{}", self.host, self.path)
    }

    /// Looks whether there is a stream at all, before thousands ask for it.
    pub(crate) fn look(&self) -> Result<()> {
        let url = self.url();
        let asked = agent().get(&url).header("accept", "text/event-stream").call();
        let answer = asked.map_err(|error| unreachable(&self.host, error))?;
        let status = answer.status().as_u16();
        ensure!(status == 200, "{url} answers {status}: name the stream with --path");
        let media_type = answer.headers().get("content-type");
        let media_type = media_type.and_then(|value| value.to_str().ok()).unwrap_or("nothing");
        ensure!(
            media_type.starts_with("text/event-stream"),
            "{url} is {media_type} and no event stream: name the stream with --path"
        );
        Ok(())
    }
}

pub(crate) fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_recv_response(Some(ANSWER_TIMEOUT))
        .timeout_recv_body(Some(ANSWER_TIMEOUT))
        .timeout_connect(Some(ANSWER_TIMEOUT))
        .user_agent(concat!("flightboard/", env!("CARGO_PKG_VERSION")));
    Agent::new_with_config(config.build())
}

pub(crate) fn unreachable(server: &str, error: ureq::Error) -> anyhow::Error {
    anyhow::Error::new(error)
        .context(format!("no server answers at {server}: start one or name it with --to"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_a_server_and_a_path() {
        let place = Place::parse("http://127.0.0.1:5000/events?a=b").unwrap();
        assert_eq!(place.address, "127.0.0.1:5000".parse().unwrap());
        assert_eq!((&*place.host, &*place.path), ("127.0.0.1:5000", "/events?a=b"));
        let place = Place::parse("http://[::1]").unwrap();
        assert_eq!(place.address, "[::1]:80".parse().unwrap());
        assert_eq!((&*place.host, &*place.path), ("[::1]", "/"));
    }

    #[test]
    fn what_cannot_be_measured_is_named() {
        for (url, word) in [("https://a/", "TLS"), ("/events", "http://"), ("http://", "URL")] {
            let error = format!("{:#}", Place::parse(url).unwrap_err());
            assert!(error.contains(word), "{url}: {error}");
        }
    }
}
