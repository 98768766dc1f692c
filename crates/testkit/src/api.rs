//! A client of the HTTP API. It panics on any answer that the test does not expect.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Response;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

pub struct ApiClient {
    agent: Agent,
    base: String,
}

impl ApiClient {
    pub fn new(address: SocketAddr) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(REQUEST_TIMEOUT));
        Self { agent: Agent::new_with_config(config.build()), base: format!("http://{address}") }
    }

    pub fn url(&self) -> &str {
        &self.base
    }

    pub fn get(&self, path: &str) -> Value {
        serde_json::from_str(&self.get_text(path)).unwrap()
    }

    pub fn get_text(&self, path: &str) -> String {
        let mut response = self.agent.get(format!("{}{path}", self.base)).call().unwrap();
        assert_eq!(response.status(), 200, "GET {path}");
        response.body_mut().read_to_string().unwrap()
    }

    pub fn get_status(&self, path: &str) -> u16 {
        self.agent.get(format!("{}{path}", self.base)).call().unwrap().status().as_u16()
    }

    /// Publishes lines of NDJSON and returns the outcome lines.
    pub fn publish_lines(&self, board: &str, lines: &str) -> String {
        let url = format!("{}/boards/{board}/flights", self.base);
        let request = self.agent.post(url).content_type("application/x-ndjson");
        request.send(lines).unwrap().body_mut().read_to_string().unwrap()
    }

    /// Puts a row on board `main` and returns the id of its event.
    pub fn put_flight(&self, flight: &str, row: &Value) -> String {
        let url = format!("{}/boards/main/flights/{flight}", self.base);
        event_id(&self.agent.put(url).send_json(row).unwrap())
    }

    /// Patches a row of board `main` and returns the id of its event.
    pub fn patch_flight(&self, flight: &str, changes: &Value) -> String {
        let url = format!("{}/boards/main/flights/{flight}", self.base);
        event_id(&self.agent.patch(url).send_json(changes).unwrap())
    }

    /// Opens a board or changes its settings.
    pub fn put_board(&self, board: &str, settings: &Value) {
        let url = format!("{}/boards/{board}", self.base);
        event_id(&self.agent.put(url).send_json(settings).unwrap());
    }

    /// Removes a row or closes a board.
    pub fn delete(&self, path: &str) {
        event_id(&self.agent.delete(format!("{}{path}", self.base)).call().unwrap());
    }

    /// Puts a row on board `main`, expects a problem with this status and returns its detail.
    pub fn put_rejected(&self, flight: &str, row: &Value, status: u16) -> String {
        let url = format!("{}/boards/main/flights/{flight}", self.base);
        let mut response = self.agent.put(url).send_json(row).unwrap();
        assert_eq!(response.status(), status, "PUT {flight}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let problem: Value = response.body_mut().read_json().unwrap();
        assert_eq!(problem["status"], status);
        problem["detail"].as_str().unwrap().to_owned()
    }

    /// The reason that `/readyz` gives, `None` if the server is ready.
    pub fn unready_reason(&self) -> Option<String> {
        let Ok(mut response) = self.agent.get(format!("{}/readyz", self.base)).call() else {
            return Some("no server listens".to_owned());
        };
        let body: Value = response.body_mut().read_json().unwrap();
        let reason = body["reason"].as_str().map(str::to_owned);
        assert_eq!(response.status(), if reason.is_some() { 503 } else { 200 }, "{body}");
        reason
    }

    pub fn is_ready(&self) -> bool {
        let response = self.agent.get(format!("{}/readyz", self.base)).call();
        response.is_ok_and(|response| response.status() == 200)
    }

    /// Gives a row of board `main` these remarks, one request each, and returns the ids of the events.
    pub fn patch_remarks(&self, flight: &str, remarks: &[String]) -> Vec<String> {
        let patch = |remark| self.patch_flight(flight, &json!({ "remark": remark }));
        remarks.iter().map(patch).collect()
    }

    /// Gives a row of board `main` these remarks with one request and returns the ids of the events.
    pub fn publish_remarks(&self, flight: &str, remarks: &[String]) -> Vec<String> {
        let line = |remark| {
            let data = json!({ "flight": flight, "remark": remark });
            json!({ "event": "flightStateUpdate", "data": data }).to_string()
        };
        let lines: Vec<_> = remarks.iter().map(line).collect();
        let outcomes = self.publish_lines("main", &lines.join("\n"));
        let outcomes = outcomes.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        outcomes.map(|outcome| outcome["id"].as_str().unwrap().to_owned()).collect()
    }

    pub fn rows(&self, board: &str) -> Vec<Value> {
        let snapshot = self.get(&format!("/boards/{board}/flights"));
        snapshot["flights"].as_array().unwrap().clone()
    }

    pub fn follower_count(&self, board: &str) -> u64 {
        let listing = self.get("/boards");
        let boards = listing["boards"].as_array().unwrap();
        let board = boards.iter().find(|listed| listed["name"] == board).unwrap();
        board["followers"].as_u64().unwrap()
    }

    /// The number of updates with this outcome since the server started, recorded or not.
    pub fn update_count(&self, outcome: &str) -> u64 {
        let metrics = self.get_text("/metrics");
        let names = ["flightboard_updates_total", "flightboard_updates_not_written_total"];
        let names = names.map(|name| format!("{name}{{outcome=\"{outcome}\"}} "));
        let values = names
            .iter()
            .flat_map(|name| metrics.lines().filter_map(|line| line.strip_prefix(&**name)));
        values.map(|value| value.parse::<u64>().unwrap()).sum()
    }
}

fn event_id<B>(response: &Response<B>) -> String {
    assert!(response.status().is_success(), "{}", response.status());
    response.headers()["event-id"].to_str().unwrap().to_owned()
}
