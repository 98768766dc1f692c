//! `GET /boards/{board}/punctuality` through a crash.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::api::ApiClient;
use crate::process::{start_server, start_server_at};

/// The time at a number of minutes from now.
fn minutes_from_now(minutes: i64) -> String {
    format!("{:.0}", Timestamp::now() + SignedDuration::from_mins(minutes))
}

/// The query of some time ahead, and three flights in it: one late, one cancelled, one unknown.
pub(crate) fn publish_flights(api: &ApiClient) -> String {
    let query = format!("from={}&to={}", minutes_from_now(30), minutes_from_now(120));
    let scheduled = minutes_from_now(60);
    let late = json!({"arrival": scheduled, "actual": minutes_from_now(80), "airline": "Alpha"});
    api.put_flight("A1", &late);
    api.put_flight("A2", &json!({"arrival": scheduled, "state": "cancelled", "airline": "Alpha"}));
    api.put_flight("A3", &json!({"arrival": scheduled, "airline": "Alpha"}));
    query
}

/// The figures of a query, whenever it is asked.
pub(crate) fn figures(api: &ApiClient, query: &str) -> Value {
    let mut answer = api.get(&format!("/boards/main/punctuality?{query}"));
    answer.as_object_mut().unwrap().remove("asOf").unwrap();
    answer
}

#[test]
fn figures_survive_a_crash() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let query = publish_flights(&server.api());
    server.api().delete("/boards/main/flights/A1");
    let before = figures(&server.api(), &query);
    let overall = json!({
        "flights": 3, "onTime": 0, "late": 1, "cancelled": 1, "diverted": 0, "unknown": 1,
        "onTimeShare": 0.0, "medianDelay": 20, "p90Delay": 20,
    });
    assert_eq!(before["overall"], overall);
    assert_eq!(before["byAirline"][0]["airline"], "Alpha");
    let address = server.kill();
    let server = start_server_at(&address, folder.path(), &[]);
    assert_eq!(figures(&server.api(), &query), before);
    server.api().patch_flight("A3", &json!({"actual": minutes_from_now(60)}));
    assert_eq!(figures(&server.api(), &query)["overall"]["onTime"], 1);
}
