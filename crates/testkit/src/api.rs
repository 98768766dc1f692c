//! The HTTP API, as a test asks it.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Response;

pub struct Api {
    agent: Agent,
    base: String,
}

impl Api {
    pub fn new(address: SocketAddr) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)));
        Self { agent: Agent::new_with_config(config.build()), base: format!("http://{address}") }
    }

    pub fn url(&self) -> &str {
        &self.base
    }

    pub fn get(&self, path: &str) -> Value {
        serde_json::from_str(&self.text(path)).unwrap()
    }

    /// The bytes of an answer.
    pub fn text(&self, path: &str) -> String {
        let mut answer = self.agent.get(format!("{}{path}", self.base)).call().unwrap();
        assert_eq!(answer.status(), 200, "GET {path}");
        answer.body_mut().read_to_string().unwrap()
    }

    pub fn status(&self, path: &str) -> u16 {
        self.agent.get(format!("{}{path}", self.base)).call().unwrap().status().as_u16()
    }

    /// Publishes lines of NDJSON, and answers with what became of them.
    pub fn publish(&self, board: &str, lines: &str) -> String {
        let url = format!("{}/boards/{board}/flights", self.base);
        let request = self.agent.post(url).content_type("application/x-ndjson");
        request.send(lines).unwrap().body_mut().read_to_string().unwrap()
    }

    /// Puts a row on board `main` and answers with the id of its event.
    pub fn put(&self, flight: &str, row: &Value) -> String {
        let url = format!("{}/boards/main/flights/{flight}", self.base);
        event_id(&self.agent.put(url).send_json(row).unwrap())
    }

    /// Patches a row of board `main` and answers with the id of its event.
    pub fn patch(&self, flight: &str, changes: &Value) -> String {
        let url = format!("{}/boards/main/flights/{flight}", self.base);
        event_id(&self.agent.patch(url).send_json(changes).unwrap())
    }

    /// Opens a board, or changes its settings.
    pub fn put_board(&self, board: &str, settings: &Value) {
        let url = format!("{}/boards/{board}", self.base);
        event_id(&self.agent.put(url).send_json(settings).unwrap());
    }

    /// Puts a row on board `main` that is refused with a problem, and answers with its detail.
    pub fn put_refused(&self, flight: &str, row: &Value, status: u16) -> String {
        let url = format!("{}/boards/main/flights/{flight}", self.base);
        let mut answer = self.agent.put(url).send_json(row).unwrap();
        assert_eq!(answer.status(), status, "PUT {flight}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        let problem: Value = answer.body_mut().read_json().unwrap();
        assert_eq!(problem["status"], status);
        problem["detail"].as_str().unwrap().to_owned()
    }

    /// Why the server is not ready, if it is not.
    pub fn unready(&self) -> Option<String> {
        let Ok(mut answer) = self.agent.get(format!("{}/readyz", self.base)).call() else {
            return Some("nobody listens".to_owned());
        };
        let answered: Value = answer.body_mut().read_json().unwrap();
        let reason = answered["reason"].as_str().map(str::to_owned);
        assert_eq!(answer.status(), if reason.is_some() { 503 } else { 200 }, "{answered}");
        reason
    }

    /// Gives a row of board `main` as many remarks in turn and answers with the ids of the events.
    pub fn remarks(&self, flight: &str, remarks: &[String]) -> Vec<String> {
        remarks.iter().map(|remark| self.patch(flight, &json!({ "remark": remark }))).collect()
    }

    /// The same with one request for all.
    pub fn remark_many(&self, flight: &str, remarks: &[String]) -> Vec<String> {
        let line = |remark| {
            let data = json!({ "flight": flight, "remark": remark });
            json!({ "event": "flightStateUpdate", "data": data }).to_string()
        };
        let lines: Vec<_> = remarks.iter().map(line).collect();
        let outcomes = self.publish("main", &lines.join("\n"));
        let outcomes = outcomes.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        outcomes.map(|outcome| outcome["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Whether somebody answers, and is ready.
    pub fn is_ready(&self) -> bool {
        let answer = self.agent.get(format!("{}/readyz", self.base)).call();
        answer.is_ok_and(|answer| answer.status() == 200)
    }

    pub fn rows(&self, board: &str) -> Vec<Value> {
        let answer = self.get(&format!("/boards/{board}/flights"));
        answer["flights"].as_array().unwrap().clone()
    }

    pub fn followers(&self, board: &str) -> u64 {
        let answer = self.get("/boards");
        let boards = answer["boards"].as_array().unwrap();
        let board = boards.iter().find(|listed| listed["name"] == board).unwrap();
        board["followers"].as_u64().unwrap()
    }

    /// How many updates have been applied with this outcome since the server's start.
    pub fn updates(&self, outcome: &str) -> u64 {
        let mut answer = self.agent.get(format!("{}/metrics", self.base)).call().unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        let name = format!("flightboard_updates_total{{outcome=\"{outcome}\"}} ");
        let mut values = text.lines().filter_map(|line| line.strip_prefix(&name));
        values.next().map_or(0, |value| value.parse().unwrap())
    }
}

fn event_id<B>(answer: &Response<B>) -> String {
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.headers()["event-id"].to_str().unwrap().to_owned()
}
