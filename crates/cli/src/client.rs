//! A client that publishes to a running server.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use clap::Args;
use flight::BoardName;
use serde::Deserialize;
use ureq::http::StatusCode;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, RequestBuilder};

use crate::authorities;
use crate::token_source::TokenSource;

/// Maximum number of lines per request.
pub(crate) const MAX_LINES: usize = 1_000;

/// Maximum size of a request; a server accepts four times as much.
pub(crate) const MAX_REQUEST_BYTES: usize = 1024 * 1024;

/// Maximum size of an answer: that of the largest board with all its rows.
const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// Timeout of a request with its response.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Delay before the first retry, doubled for each further one up to [`MAX_RETRY_DELAY`].
const MIN_RETRY_DELAY: Duration = Duration::from_millis(200);

const MAX_RETRY_DELAY: Duration = Duration::from_secs(5);

/// Flags for the server to publish to.
#[derive(Args)]
pub(crate) struct TargetArgs {
    /// URL of the server.
    #[arg(
        long,
        env = "FLIGHTBOARD_TO",
        value_name = "URL",
        default_value = "http://127.0.0.1:5000"
    )]
    to: String,
    /// Time to keep retrying while the server does not answer.
    #[arg(long, env = "FLIGHTBOARD_RETRY", default_value = "30s", value_parser = flags::duration)]
    retry: Duration,
    /// File with the token that gives the right to publish; else the variable FLIGHTBOARD_TOKEN has it.
    #[arg(long, env = "FLIGHTBOARD_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// PEM file with the authorities of the server's certificate, instead of the usual public ones.
    #[arg(long, env = "FLIGHTBOARD_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// A connection to a server.
pub(crate) struct PublishClient {
    agent: Agent,
    server: String,
    retry_for: Duration,
    token: TokenSource,
}

/// The outcome of one line.
#[derive(Debug, Deserialize)]
pub(crate) struct LineOutcome {
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) detail: Option<String>,
}

/// A failed request.
enum RequestError {
    /// A retry may succeed.
    Transient(anyhow::Error),
    /// A retry would fail again.
    Permanent(anyhow::Error),
}

impl TargetArgs {
    /// Connects to the server, which must answer at once.
    pub(crate) fn connect(&self) -> Result<PublishClient> {
        let (token_file, ca) = (self.token_file.as_deref(), self.ca.as_deref());
        PublishClient::connect(&self.to, self.retry, token_file, ca)
    }
}

/// Trusts the authorities in a file only.
fn tls_config(authorities: &Path) -> Result<TlsConfig> {
    let certificates = authorities::read(authorities)?;
    let certificates = certificates.iter().map(|der| Certificate::from_der(der).to_owned());
    let roots = RootCerts::from(certificates);
    Ok(TlsConfig::builder().root_certs(roots).build())
}

/// True if a URL is of this machine.
fn is_loopback(url: &str) -> bool {
    let uri: Option<ureq::http::Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(ureq::http::Uri::host).unwrap_or_default();
    let address: Option<std::net::IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}

impl PublishClient {
    /// Connects to the server at this URL, which must answer at once. Later requests are retried for `retry_for`.
    ///
    /// # Errors
    /// The server does not answer, or a file cannot be read.
    pub(crate) fn connect(
        server: &str,
        retry_for: Duration,
        token_file: Option<&Path>,
        ca: Option<&Path>,
    ) -> Result<Self> {
        let token = TokenSource::new(token_file)?;
        if server.starts_with("http://") && !token.is_none() && !is_loopback(server) {
            tracing::warn!("the token goes to {server} without encryption: use https");
        }
        let tls = ca.map(tls_config).transpose()?;
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(REQUEST_TIMEOUT))
            .tls_config(tls.unwrap_or_default())
            .user_agent(concat!("flightboard/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent = Agent::new_with_config(config);
        let server = server.trim_end_matches('/').to_owned();
        let response = agent.get(format!("{server}/readyz")).call();
        response.map_err(|error| no_answer(&server, error))?;
        Ok(Self { agent, server, retry_for, token })
    }

    /// Opens the board, or changes its settings.
    pub(crate) fn put_board(&self, board: &BoardName, settings: &serde_json::Value) -> Result<()> {
        let url = format!("{}/boards/{board}", self.server);
        self.retry(&url, || {
            let request = self.authorise(self.agent.put(&url))?;
            let response = request.send_json(settings).map_err(transient)?;
            read(response).map(drop)
        })
    }

    /// Opens the board if the server has none of this name.
    pub(crate) fn open_board(&self, board: &BoardName, settings: &serde_json::Value) -> Result<()> {
        let url = format!("{}/boards/{board}", self.server);
        self.retry(&url, || {
            let request = self.authorise(self.agent.put(&url))?.header("If-None-Match", "*");
            let response = request.send_json(settings).map_err(transient)?;
            match response.status() {
                StatusCode::PRECONDITION_FAILED => Ok(()),
                _ => read(response).map(drop),
            }
        })
    }

    /// The answer to `GET /boards/{board}/flights`, `None` if there is no such board.
    pub(crate) fn get_flights(&self, board: &BoardName) -> Result<Option<String>> {
        let url = format!("{}/boards/{board}/flights", self.server);
        self.retry(&url, || {
            let response = self.authorise(self.agent.get(&url))?.call().map_err(transient)?;
            match response.status() {
                StatusCode::NOT_FOUND => Ok(None),
                _ => read(response).map(Some),
            }
        })
    }

    /// The answer to `GET` of a path, with a query if need be.
    pub(crate) fn get(&self, path: &str) -> Result<String> {
        let url = format!("{}{path}", self.server);
        self.retry(&url, || read(self.authorise(self.agent.get(&url))?.call().map_err(transient)?))
    }

    /// Publishes lines of NDJSON and returns the outcome of each. Retries while the server does not answer;
    /// each line must have an idempotency key, which makes that safe.
    pub(crate) fn publish(&self, board: &BoardName, lines: &[String]) -> Result<Vec<LineOutcome>> {
        let url = format!("{}/boards/{board}/flights", self.server);
        let body = lines.join("\n");
        self.retry(&url, || {
            let request =
                self.authorise(self.agent.post(&url))?.content_type("application/x-ndjson");
            let answer = read(request.send(&body).map_err(transient)?)?;
            let answers = answer.lines().map(serde_json::from_str);
            let answers: Vec<LineOutcome> = answers
                .collect::<Result<_, _>>()
                .map_err(|error| RequestError::Permanent(anyhow!("malformed response: {error}")))?;
            if let Some(answer) = answers.iter().find(|answer| answer.status == 503) {
                let detail = answer.detail.clone().unwrap_or_default();
                return Err(RequestError::Transient(anyhow!(detail)));
            }
            if answers.len() == lines.len() {
                return Ok(answers);
            }
            let (got, sent) = (answers.len(), lines.len());
            Err(RequestError::Permanent(anyhow!("{got} outcomes for {sent} lines")))
        })
    }

    fn authorise<B>(&self, request: RequestBuilder<B>) -> Result<RequestBuilder<B>, RequestError> {
        Ok(match self.token.token().map_err(RequestError::Permanent)? {
            Some(token) => request.header("Authorization", format!("Bearer {}", token.secret())),
            None => request,
        })
    }

    fn retry<T>(&self, url: &str, attempt: impl Fn() -> Result<T, RequestError>) -> Result<T> {
        let start = Instant::now();
        let mut delay = MIN_RETRY_DELAY;
        loop {
            let error = match attempt() {
                Ok(value) => return Ok(value),
                Err(RequestError::Permanent(error)) => bail!("{url}: {error:#}"),
                Err(RequestError::Transient(error)) => error,
            };
            if start.elapsed() + delay > self.retry_for {
                return Err(error.context(format!("{url} does not answer")));
            }
            tracing::warn!("{url}: {error:#}; trying again");
            std::thread::sleep(delay);
            delay = (delay * 2).min(MAX_RETRY_DELAY);
        }
    }
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Result<String, RequestError> {
    let status = response.status();
    let text = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_string();
    let text = text.map_err(transient)?;
    if status.is_success() {
        return Ok(text);
    }
    #[derive(Deserialize)]
    struct ErrorBody {
        detail: String,
    }
    let problem = serde_json::from_str(&text).map(|problem: ErrorBody| problem.detail);
    let error = anyhow!("{}", problem.unwrap_or_else(|_| format!("the server answers {status}")));
    Err(if status.is_server_error() {
        RequestError::Transient(error)
    } else {
        RequestError::Permanent(error)
    })
}

fn transient(error: ureq::Error) -> RequestError {
    RequestError::Transient(error.into())
}

fn no_answer(server: &str, error: ureq::Error) -> anyhow::Error {
    let context = if is_about_certificate(&error) {
        format!("the certificate of {server} is not trusted: name its authority with --ca")
    } else {
        format!("no flightboard answers at {server}: start one, or name its URL")
    };
    anyhow::Error::new(error).context(context)
}

fn is_about_certificate(error: &ureq::Error) -> bool {
    let cause = match error {
        ureq::Error::Rustls(cause) => Some(cause),
        ureq::Error::Io(error) => error.get_ref().and_then(|cause| cause.downcast_ref()),
        _ => None,
    };
    matches!(cause, Some(rustls::Error::InvalidCertificate(_)))
}
