//! A running server, as a publisher sees it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use flight::BoardName;
use serde::Deserialize;
use ureq::Agent;

use crate::values;

/// Most lines of one request.
pub(crate) const MAX_LINES: usize = 1_000;

/// Most bytes of one request; a server takes four times as many.
pub(crate) const MAX_REQUEST_BYTES: usize = 1024 * 1024;

/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Pause before a request is repeated, doubled each time up to …
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// … this.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Where updates are sent to.
#[derive(Args)]
pub(crate) struct Target {
    /// URL of the server.
    #[arg(
        long,
        env = "FLIGHTBOARD_TO",
        value_name = "URL",
        default_value = "http://127.0.0.1:5000"
    )]
    to: String,
    /// Name of the board.
    #[arg(long, env = "FLIGHTBOARD_BOARD", value_name = "NAME", value_parser = BoardName::parse)]
    pub(crate) board: BoardName,
    /// How long to try again when the server does not answer.
    #[arg(long, env = "FLIGHTBOARD_RETRY", default_value = "30s", value_parser = values::duration)]
    retry: Duration,
}

pub(crate) struct Client {
    agent: Agent,
    url: String,
    retry: Duration,
}

/// What became of one line.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) detail: Option<String>,
}

/// Why there is no answer.
enum Failure {
    /// It may go better later.
    Passing(anyhow::Error),
    /// It will not.
    Lasting(anyhow::Error),
}

impl Target {
    /// A client of the server, which must be there now.
    pub(crate) fn connect(&self) -> Result<Client> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(ANSWER_TIMEOUT))
            .user_agent(concat!("flightboard/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent = Agent::new_with_config(config);
        let server = self.to.trim_end_matches('/');
        let url = format!("{server}/boards/{}/flights", self.board);
        let ready = agent.get(format!("{server}/readyz")).call();
        ready.map_err(|error| unreachable(server, error))?;
        Ok(Client { agent, url, retry: self.retry })
    }
}

impl Client {
    /// Opens the board or gives it its settings, as the update says that opens a feed.
    pub(crate) fn put_board(&self, settings: &serde_json::Value) -> Result<()> {
        let board = self.url.trim_end_matches("/flights");
        self.persist(|| {
            let answer = self.agent.put(board).send_json(settings).map_err(passing)?;
            read(answer).map(drop)
        })
    }

    /// Publishes lines of NDJSON, each with a key of its own, and answers with what became of
    /// each. Tries again when the server does not answer, which the keys make harmless.
    pub(crate) fn publish(&self, lines: &[String]) -> Result<Vec<Answer>> {
        let body = lines.join("\n");
        self.persist(|| {
            let request = self.agent.post(&self.url).content_type("application/x-ndjson");
            let answer = read(request.send(&body).map_err(passing)?)?;
            let answers = answer.lines().map(serde_json::from_str);
            let answers: Vec<Answer> = answers
                .collect::<Result<_, _>>()
                .map_err(|error| Failure::Lasting(anyhow!("the answer is not one: {error}")))?;
            if let Some(answer) = answers.iter().find(|answer| answer.status == 503) {
                let detail = answer.detail.clone().unwrap_or_default();
                return Err(Failure::Passing(anyhow!(detail)));
            }
            if answers.len() == lines.len() {
                return Ok(answers);
            }
            let (got, sent) = (answers.len(), lines.len());
            Err(Failure::Lasting(anyhow!("{got} answers came for {sent} lines")))
        })
    }

    fn persist<T>(&self, attempt: impl Fn() -> Result<T, Failure>) -> Result<T> {
        let start = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let error = match attempt() {
                Ok(value) => return Ok(value),
                Err(Failure::Lasting(error)) => bail!("{}: {error:#}", self.url),
                Err(Failure::Passing(error)) => error,
            };
            if start.elapsed() + pause > self.retry {
                return Err(error.context(format!("{} does not answer", self.url)));
            }
            tracing::warn!("{}: {error:#}; trying again", self.url);
            std::thread::sleep(pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

fn read(mut answer: ureq::http::Response<ureq::Body>) -> Result<String, Failure> {
    let status = answer.status();
    let text = answer.body_mut().read_to_string().map_err(passing)?;
    if status.is_success() {
        return Ok(text);
    }
    #[derive(Deserialize)]
    struct Problem {
        detail: String,
    }
    let problem = serde_json::from_str(&text).map(|problem: Problem| problem.detail);
    let error = anyhow!("{}", problem.unwrap_or_else(|_| format!("the server answers {status}")));
    Err(if status.is_server_error() { Failure::Passing(error) } else { Failure::Lasting(error) })
}

fn passing(error: ureq::Error) -> Failure {
    Failure::Passing(error.into())
}

fn unreachable(server: &str, error: ureq::Error) -> anyhow::Error {
    let context = format!("no flightboard answers at {server}: start one or name it with --to");
    Err::<(), _>(error).context(context).expect_err("it is one")
}
