//! A client that publishes to a running server.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use flight::BoardName;
use serde::Deserialize;
use ureq::Agent;
use ureq::http::StatusCode;

/// Maximum number of lines per request.
pub(crate) const MAX_LINES: usize = 1_000;

/// Maximum size of a request; a server accepts four times as much.
pub(crate) const MAX_REQUEST_BYTES: usize = 1024 * 1024;

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
}

/// A connection to a server.
pub(crate) struct PublishClient {
    agent: Agent,
    server: String,
    retry_for: Duration,
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
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(REQUEST_TIMEOUT))
            .user_agent(concat!("flightboard/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent = Agent::new_with_config(config);
        let server = self.to.trim_end_matches('/').to_owned();
        let response = agent.get(format!("{server}/readyz")).call();
        response.map_err(|error| no_answer(&server, error))?;
        Ok(PublishClient { agent, server, retry_for: self.retry })
    }
}

impl PublishClient {
    /// Opens the board, or changes its settings.
    pub(crate) fn put_board(&self, board: &BoardName, settings: &serde_json::Value) -> Result<()> {
        let url = format!("{}/boards/{board}", self.server);
        self.retry(&url, || {
            let response = self.agent.put(&url).send_json(settings).map_err(transient)?;
            read(response).map(drop)
        })
    }

    /// Opens the board if the server has none of this name.
    pub(crate) fn open_board(&self, board: &BoardName, settings: &serde_json::Value) -> Result<()> {
        let url = format!("{}/boards/{board}", self.server);
        self.retry(&url, || {
            let request = self.agent.put(&url).header("If-None-Match", "*");
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
            let response = self.agent.get(&url).call().map_err(transient)?;
            match response.status() {
                StatusCode::NOT_FOUND => Ok(None),
                _ => read(response).map(Some),
            }
        })
    }

    /// Publishes lines of NDJSON and returns the outcome of each. Retries while the server does not answer;
    /// each line must have an idempotency key, which makes that safe.
    pub(crate) fn publish(&self, board: &BoardName, lines: &[String]) -> Result<Vec<LineOutcome>> {
        let url = format!("{}/boards/{board}/flights", self.server);
        let body = lines.join("\n");
        self.retry(&url, || {
            let request = self.agent.post(&url).content_type("application/x-ndjson");
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
    let text = response.body_mut().read_to_string().map_err(transient)?;
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
    let context =
        format!("no flightboard answers at {server}: start one, or set its URL with --to");
    Err::<(), _>(error).context(context).expect_err("it is one")
}
