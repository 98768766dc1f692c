//! Where the stream is, and where messages are published: any server's, or a board of its own on a
//! flightboard.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Uri;

use super::stamps::Stamp;

/// How long an answer may take before anything is measured.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Names of boards, of which the first is taken that nobody has open: others may measure at the same
/// time. A closed one is opened again, so that not each measurement leaves another one.
const BOARDS: [&str; 4] = ["bench", "bench-2", "bench-3", "bench-4"];

/// The flight that changes, on a board of its own.
const FLIGHT: &str = "BENCH1";

/// A plain HTTP server, and a place on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// As it is named in `Host`.
    pub(super) host: String,
    pub(super) address: SocketAddr,
    /// Path and query.
    pub(super) path: String,
}

/// A board that is opened for the measurement and closed after it; no board of others is touched.
pub(super) struct OwnBoard {
    agent: Agent,
    url: String,
}

impl Place {
    pub(super) fn parse(url: &str) -> Result<Self> {
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

    pub(super) fn url(&self) -> String {
        format!("http://{}{}", self.host, self.path)
    }

    /// Looks whether there is a stream at all, before thousands ask for it.
    pub(super) fn look(&self) -> Result<()> {
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

impl OwnBoard {
    /// Opens one on the flightboard at `server`, with one flight.
    pub(super) fn open(server: &str) -> Result<Self> {
        let server = server.trim_end_matches('/');
        let agent = agent();
        let urls = BOARDS.map(|name| format!("{server}/boards/{name}"));
        let mut free = None;
        for url in &urls {
            let asked = agent.get(url).header("accept", "application/json").call();
            let mut found = asked.map_err(|error| unreachable(server, error))?;
            let board: Option<Value> = found.body_mut().read_json().ok();
            let is_open = board.is_some_and(|board| board["closed"] == false);
            if !(found.status().is_success() && is_open) {
                free = Some(url.clone());
                break;
            }
        }
        let url = free.with_context(|| {
            format!("{} are all open: close with DELETE those that nobody needs", urls.join(", "))
        })?;
        let settings = json!({ "title": "flightboard bench" });
        let opened = agent.put(&url).send_json(settings);
        let status = opened.map_err(|error| unreachable(server, error))?.status();
        if !status.is_success() {
            bail!(
                "{url} answers {status} instead of opening a board: if this is no flightboard, say \
                 how to publish with --publish-url"
            );
        }
        let board = Self { agent, url };
        // With a number, so that the first message is not missed unseen.
        let before = Stamp { nanos: 0, number: 0 }.to_string();
        let put = board.agent.put(board.flight()).send_json(json!({ "remark": before }));
        match put.map(|answer| answer.status()) {
            Ok(status) if status.is_success() => Ok(board),
            other => {
                board.close();
                Err(anyhow!("{} cannot be put: {other:?}", board.flight()))
            }
        }
    }

    pub(super) fn events(&self) -> String {
        format!("{}/events", self.url)
    }

    pub(super) fn flight(&self) -> String {
        format!("{}/flights/{FLIGHT}", self.url)
    }

    pub(super) fn close(&self) {
        let closed = self.agent.delete(&self.url).call();
        match closed.map(|answer| answer.status()) {
            Ok(status) if status.is_success() => {}
            Ok(status) => tracing::warn!("{} is still open: it answers {status}", self.url),
            Err(error) => tracing::warn!("{} is still open: {error}", self.url),
        }
    }
}

fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_recv_response(Some(ANSWER_TIMEOUT))
        .timeout_recv_body(Some(ANSWER_TIMEOUT))
        .timeout_connect(Some(ANSWER_TIMEOUT))
        .user_agent(concat!("flightboard/", env!("CARGO_PKG_VERSION")));
    Agent::new_with_config(config.build())
}

fn unreachable(server: &str, error: ureq::Error) -> anyhow::Error {
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
