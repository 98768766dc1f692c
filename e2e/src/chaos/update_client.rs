//! HTTP requests that publish updates.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Map, Value};
use ureq::Agent;

use super::update::{KeyedUpdate, UpdateKind};

/// A server that is frozen, or waits for its disk, does not answer within this time.
const RESPONSE_TIMEOUT: Duration = Duration::from_millis(1_500);

/// The id of the event, or the HTTP status of the refusal.
pub(super) type UpdateOutcome = Result<String, u64>;

/// The answer to one request.
pub(super) enum PublishResponse {
    /// One outcome per update, in the order of the updates.
    Answered(Vec<UpdateOutcome>),
    /// A server error for at least one of the updates. All must be requested again, under the same keys.
    Refused,
}

pub(super) struct UpdateClient {
    agent: Agent,
}

impl UpdateClient {
    pub(super) fn new() -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(RESPONSE_TIMEOUT));
        Self { agent: Agent::new_with_config(config.build()) }
    }

    /// Publishes a single update of a row by the row's URL, and anything else as NDJSON.
    ///
    /// # Errors
    /// The request failed without an answer, so that the updates are indeterminate.
    pub(super) fn publish(
        &self,
        server: SocketAddr,
        board: &str,
        updates: &[KeyedUpdate],
    ) -> Result<PublishResponse, ureq::Error> {
        match updates {
            [update] if update.flight().is_some() => self.publish_row(server, board, update),
            _ => self.publish_ndjson(server, board, updates),
        }
    }

    fn publish_row(
        &self,
        server: SocketAddr,
        board: &str,
        update: &KeyedUpdate,
    ) -> Result<PublishResponse, ureq::Error> {
        let flight = update.flight().unwrap_or_default();
        let url = format!("http://{server}/boards/{board}/flights/{flight}");
        let (name, key) = ("idempotency-key", &update.key);
        let response = match &update.kind {
            UpdateKind::Put(row) => {
                self.agent.put(url).header(name, key).send_json(without_flight(row))
            }
            UpdateKind::Patch(fields) => {
                self.agent.patch(url).header(name, key).send_json(without_flight(fields))
            }
            UpdateKind::Remove(_) | UpdateKind::Title(_) => {
                self.agent.delete(url).header(name, key).call()
            }
        }?;
        let id = response.headers().get("event-id").and_then(|id| id.to_str().ok());
        Ok(match (response.status().as_u16(), id) {
            (500.., _) => PublishResponse::Refused,
            (200..300, Some(id)) => PublishResponse::Answered(vec![Ok(id.to_owned())]),
            (status, _) => PublishResponse::Answered(vec![Err(status.into())]),
        })
    }

    fn publish_ndjson(
        &self,
        server: SocketAddr,
        board: &str,
        updates: &[KeyedUpdate],
    ) -> Result<PublishResponse, ureq::Error> {
        let url = format!("http://{server}/boards/{board}/flights");
        let lines: Vec<_> = updates.iter().map(KeyedUpdate::ndjson_line).collect();
        let request = self.agent.post(url).content_type("application/x-ndjson");
        let mut response = request.send(lines.join("\n"))?;
        let text = response.body_mut().read_to_string()?;
        let outcomes: Vec<_> = match response.status().as_u16() {
            200 => text.lines().map(parse_outcome).collect(),
            500.. => return Ok(PublishResponse::Refused),
            status => vec![Err(status.into()); updates.len()],
        };
        // Some updates may be acknowledged and others refused.
        if outcomes.len() == updates.len() && !outcomes.contains(&Err(503)) {
            Ok(PublishResponse::Answered(outcomes))
        } else {
            Ok(PublishResponse::Refused)
        }
    }
}

fn parse_outcome(line: &str) -> UpdateOutcome {
    let line: Value = serde_json::from_str(line).unwrap_or_default();
    match line["id"].as_str() {
        Some(id) => Ok(id.to_owned()),
        None => Err(line["status"].as_u64().unwrap_or_default()),
    }
}

/// A request for a row names the flight in its URL only.
fn without_flight(fields: &Map<String, Value>) -> Map<String, Value> {
    let mut fields = fields.clone();
    fields.remove("flight");
    fields
}
