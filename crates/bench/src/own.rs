//! Boards of its own on a flightboard, opened for a measurement and closed after it, whatever becomes of
//! it. No board of others is touched.

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use ureq::Agent;

use crate::stamps::Stamp;
use crate::target::{agent, unreachable};

/// Most boards; a server has places for twice as many.
pub(crate) const MOST_BOARDS: u64 = 500;

/// Names of the first board, of which that one is taken that nobody has open: others may measure at the
/// same time. A closed one is opened again, so that not each measurement leaves others behind.
const NAMES: [&str; 4] = ["bench", "bench-2", "bench-3", "bench-4"];

/// The flight that changes, on each of them.
const FLIGHT: &str = "BENCH1";

pub(crate) struct OwnBoards {
    agent: Agent,
    /// Of those that are open.
    urls: Vec<String>,
}

impl OwnBoards {
    /// Opens so many on the flightboard at `server`, with one flight each.
    pub(crate) fn open(server: &str, count: usize) -> Result<Self> {
        let mut boards = Self { agent: agent(), urls: Vec::new() };
        let first = boards.free(server)?;
        for number in 1..=count {
            // The others are of whoever has the first one.
            let url = if number == 1 { first.clone() } else { format!("{first}-board-{number}") };
            boards.open_one(server, url)?;
        }
        Ok(boards)
    }

    fn free(&self, server: &str) -> Result<String> {
        let urls = NAMES.map(|name| format!("{server}/boards/{name}"));
        for url in &urls {
            let asked = self.agent.get(url).header("accept", "application/json").call();
            let mut found = asked.map_err(|error| unreachable(server, error))?;
            let board: Option<Value> = found.body_mut().read_json().ok();
            let is_open = board.is_some_and(|board| board["closed"] == false);
            if !(found.status().is_success() && is_open) {
                return Ok(url.clone());
            }
        }
        bail!("{} are all open: close with DELETE those that nobody needs", urls.join(", "))
    }

    fn open_one(&mut self, server: &str, url: String) -> Result<()> {
        let settings = json!({ "title": "flightboard bench" });
        let opened = self.agent.put(&url).send_json(settings);
        let status = opened.map_err(|error| unreachable(server, error))?.status();
        ensure!(
            status.is_success(),
            "{url} answers {status} instead of opening a board: if this is no flightboard, say how to \
             publish with --publish-url"
        );
        let flight = flight(&url);
        self.urls.push(url);
        // With a number, so that the first message is not missed unseen.
        let before = Stamp { nanos: 0, number: 0 }.to_string();
        let put = self.agent.put(&flight).send_json(json!({ "remark": before }));
        let status = put.with_context(|| format!("{flight} cannot be put"))?.status();
        ensure!(status.is_success(), "{flight} cannot be put: {status}");
        Ok(())
    }

    pub(crate) fn events(&self) -> Vec<String> {
        self.urls.iter().map(|url| format!("{url}/events")).collect()
    }

    pub(crate) fn flights(&self) -> Vec<String> {
        self.urls.iter().map(|url| flight(url)).collect()
    }
}

impl Drop for OwnBoards {
    fn drop(&mut self) {
        // The first one last: as long as it is open nobody else takes the others.
        for url in self.urls.iter().rev() {
            match self.agent.delete(url).call().map(|answer| answer.status()) {
                Ok(status) if status.is_success() => {}
                Ok(status) => tracing::warn!("{url} is still open: it answers {status}"),
                Err(error) => tracing::warn!("{url} is still open: {error}"),
            }
        }
    }
}

fn flight(board: &str) -> String {
    format!("{board}/flights/{FLIGHT}")
}
