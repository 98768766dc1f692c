//! The boards of a running server, for `flightboard feed`.

use std::sync::Arc;
use std::time::Duration;

use flight::{BoardName, BoardSettings, Change, Flight};
use jiff::Timestamp;
use polling::{BoardContents, FeedTarget, PublishReport, TargetError};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::client::{LineOutcome, MAX_LINES, PublishClient};
use crate::engine_target::counted_changes;

const _: () = assert!(polling::MAX_BATCH_CHANGES <= MAX_LINES, "one request must take a batch");

/// The boards of a server, by its HTTP API.
pub(crate) struct HttpTarget {
    client: Arc<PublishClient>,
}

/// The answer to `GET /boards/{board}/flights`.
#[derive(Deserialize)]
struct BoardAnswer {
    board: BoardMembers,
    flights: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
struct BoardMembers {
    #[serde(default)]
    source: Option<SourceTimes>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SourceTimes {
    #[serde(default)]
    last_answer: Option<Timestamp>,
    #[serde(default)]
    last_change: Option<Timestamp>,
}

impl HttpTarget {
    pub(crate) fn new(client: PublishClient) -> Self {
        Self { client: Arc::new(client) }
    }

    /// Runs a request, which blocks, beside the feed.
    async fn request<T: Send + 'static>(
        &self,
        request: impl FnOnce(&PublishClient) -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T, TargetError> {
        let client = Arc::clone(&self.client);
        let answer = tokio::task::spawn_blocking(move || request(&client)).await;
        let answer = answer.map_err(|error| TargetError(error.to_string()))?;
        answer.map_err(|error| TargetError(format!("{error:#}")))
    }
}

impl FeedTarget for HttpTarget {
    async fn open_board(&self, settings: &BoardSettings) -> Result<(), TargetError> {
        let (name, settings) = (settings.name.clone(), json!(settings));
        self.request(move |client| client.open_board(&name, &settings)).await
    }

    async fn read_board(&self, board: &BoardName) -> Result<Option<BoardContents>, TargetError> {
        let board = board.clone();
        let text = self.request(move |client| client.get_flights(&board)).await?;
        text.map(|text| parse_board(&text)).transpose()
    }

    async fn publish(
        &self,
        board: &BoardName,
        changes: Vec<Change>,
    ) -> Result<PublishReport, TargetError> {
        // Each line has its own key, so that a retry of the request repeats nothing.
        let key_prefix = format!("feed-{:016x}", rand::random::<u64>());
        let lines: Vec<_> = changes
            .iter()
            .enumerate()
            .map(|(number, change)| {
                let mut line = json!(change);
                line["feed"] = true.into();
                line["idempotencyKey"] = format!("{key_prefix}/{number}").into();
                line.to_string()
            })
            .collect();
        let weights: Vec<_> = changes.iter().map(counted_changes).collect();
        let board = board.clone();
        let outcomes = self.request(move |client| client.publish(&board, &lines)).await?;
        let mut report = PublishReport::default();
        for (LineOutcome { status, detail }, weight) in outcomes.into_iter().zip(weights) {
            match status {
                200 => report.changed += weight,
                _ => report.rejected.push(detail.unwrap_or_else(|| format!("status {status}"))),
            }
        }
        Ok(report)
    }

    /// A feed into a server that is elsewhere runs once.
    async fn may_poll(&self, _board: &BoardName, _lease: Duration) -> Result<bool, TargetError> {
        Ok(true)
    }
}

fn parse_board(text: &str) -> Result<BoardContents, TargetError> {
    let malformed = |error: String| TargetError(format!("malformed board: {error}"));
    let answer: BoardAnswer =
        serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
    let mut flights = Vec::with_capacity(answer.flights.len());
    for fields in answer.flights {
        flights.push(Flight::try_from(fields).map_err(|error| malformed(error.to_string()))?);
    }
    let source = answer.board.source;
    Ok(BoardContents {
        flights,
        last_answer: source.as_ref().and_then(|source| source.last_answer),
        last_change: source.as_ref().and_then(|source| source.last_change),
    })
}
