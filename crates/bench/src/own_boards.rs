//! Boards opened on a flightboard for a measurement, and closed after it even if it fails. Other boards are
//! not touched.

use anyhow::{Context, Result, bail, ensure};
use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Value, json};
use ureq::Agent;

use crate::endpoint::{agent, no_answer};
use crate::timestamps::Timestamp;

/// Maximum number of boards; a server has room for twice as many.
pub(crate) const MAX_BOARDS: u64 = 500;

/// Candidate names for the first board. The first closed or missing one is used, since other measurements may
/// run on the same server. Reusing closed boards keeps a server from filling up with them.
const NAMES: [&str; 4] = ["bench", "bench-2", "bench-3", "bench-4"];

/// The flight that changes on each board.
const FLIGHT: &str = "BENCH1";

/// The streams that are measured.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ValueEnum, derive_more::Display,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MeasuredStream {
    /// Those of whole boards.
    #[default]
    #[display("board")]
    Board,
    /// Those of the flights that change.
    #[display("flight")]
    Flight,
}

pub(crate) struct OwnBoards {
    agent: Agent,
    /// URLs of the open boards.
    urls: Vec<String>,
}

impl OwnBoards {
    /// Opens `count` boards with one flight each on the flightboard at `server`.
    pub(crate) fn open(server: &str, count: usize) -> Result<Self> {
        let mut boards = Self { agent: agent(), urls: Vec::new() };
        let first = boards.find_unused_url(server)?;
        for number in 1..=count {
            // The first board's name reserves the names of the others.
            let url = if number == 1 { first.clone() } else { format!("{first}-board-{number}") };
            boards.open_board(server, url)?;
        }
        Ok(boards)
    }

    fn find_unused_url(&self, server: &str) -> Result<String> {
        let urls = NAMES.map(|name| format!("{server}/boards/{name}"));
        for url in &urls {
            let response = self.agent.get(url).header("accept", "application/json").call();
            let mut response = response.map_err(|error| no_answer(server, error))?;
            let board: Option<Value> = response.body_mut().read_json().ok();
            let is_open = board.is_some_and(|board| board["closed"] == false);
            if !(response.status().is_success() && is_open) {
                return Ok(url.clone());
            }
        }
        bail!("{} are all open: close an unused one with DELETE", urls.join(", "))
    }

    fn open_board(&mut self, server: &str, url: String) -> Result<()> {
        let settings = json!({ "title": "flightboard-bench" });
        let response = self.agent.put(&url).send_json(settings);
        let status = response.map_err(|error| no_answer(server, error))?.status();
        ensure!(
            status.is_success(),
            "{url} answers {status} to opening a board: if this is not a flightboard, pass --publish-url"
        );
        let flight = flight_url(&url);
        self.urls.push(url);
        // Number 0 in the initial row lets a follower notice that it missed the first message.
        let initial = Timestamp { nanos: 0, number: 0 }.to_string();
        let response = self.agent.put(&flight).send_json(json!({ "remark": initial }));
        let status = response.with_context(|| format!("cannot put {flight}"))?.status();
        ensure!(status.is_success(), "cannot put {flight}: {status}");
        Ok(())
    }

    pub(crate) fn stream_urls(&self, subject: MeasuredStream) -> Vec<String> {
        let urls = match subject {
            MeasuredStream::Board => self.urls.clone(),
            MeasuredStream::Flight => self.flight_urls(),
        };
        urls.into_iter().map(|url| url + "/events").collect()
    }

    pub(crate) fn flight_urls(&self) -> Vec<String> {
        self.urls.iter().map(|url| flight_url(url)).collect()
    }
}

impl Drop for OwnBoards {
    fn drop(&mut self) {
        // The first board last: while it is open, no other measurement takes the names of the others.
        for url in self.urls.iter().rev() {
            match self.agent.delete(url).call().map(|response| response.status()) {
                Ok(status) if status.is_success() => {}
                Ok(status) => tracing::warn!("cannot close {url}: the server answers {status}"),
                Err(error) => tracing::warn!("cannot close {url}: {error}"),
            }
        }
    }
}

fn flight_url(board: &str) -> String {
    format!("{board}/flights/{FLIGHT}")
}
