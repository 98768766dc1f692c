//! Answers that a source pushes to a secret URL.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use crate::process::{ServerProcess, flightboard_command, run, start_server};
use crate::wait::{WAIT_TIMEOUT, wait_until};

const SECRET: &str = "0123456789abcdef01234567";

/// Posts to the URL with this secret, once the feed runs. Returns the status.
fn post(server: &ServerProcess, secret: &str, content_type: &str, body: &str) -> u16 {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let url = format!("{}/webhooks/{secret}", server.api().url());
    wait_until("an answer", WAIT_TIMEOUT, || {
        let answer = agent.post(&url).content_type(content_type).send(body).unwrap();
        let status = answer.status().as_u16();
        (status != 503).then_some(status)
    })
}

#[test]
fn deliveries_change_rows() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("secret");
    fs::write(&file, format!("{SECRET}\n")).unwrap();
    let feed = format!("aerodatabox/DUB,kind=arrivals,webhook-file={}", file.display());
    let server = start_server(folder.path(), &["--feed", &feed]);
    let flight = json!({
        "number": "QX 2", "status": 2, "codeshareStatus": 1, "lastUpdatedUtc": "2031-08-01 21:00",
        "departure": {
            "airport": {"iata": "MAD"}, "scheduledTime": {"utc": "2031-08-01 20:40Z"},
        },
        "arrival": {
            "airport": {"iata": "DUB"}, "scheduledTime": {"utc": "2031-08-01 23:30Z"}, "gate": "109",
        },
    });
    let body =
        json!({"id": "1", "flights": [flight], "subscription": {}, "balance": {}}).to_string();

    assert_eq!(post(&server, SECRET, "application/json", &body), 204);
    let rows = server.api().rows("dub-arrivals");
    assert_eq!((&rows[0]["flight"], &rows[0]["gate"]), (&json!("QX2"), &json!("109")));
    let mut wrong = SECRET.to_owned();
    wrong.replace_range(23.., "8");
    assert_eq!(post(&server, &wrong, "application/json", &body), 404);
    assert_eq!(post(&server, SECRET, "text/plain", &body), 415);
    assert_eq!(post(&server, SECRET, "application/json", "{"), 422);
    assert_eq!(post(&server, SECRET, "application/json", &" ".repeat(1_100_000)), 413);
}

#[test]
fn weak_secrets_are_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("secret");
    let serve = |feed: &str| {
        let feed = format!("{feed},webhook-file={}", file.display());
        let args = ["serve", "--memory", "--listen", "127.0.0.1:0", "--feed", &feed];
        run(&mut flightboard_command(args), "").stderr
    };
    let error = serve("aerodatabox/DUB");
    assert!(error.contains("webhook-file") && error.contains("No such file"), "{error}");
    for secret in ["short", "0123456789ABCDEF01234567"] {
        fs::write(&file, secret).unwrap();
        let error = serve("aerodatabox/DUB");
        assert!(error.contains("webhook-file has a secret that must be 24 to 128"), "{error}");
    }
    fs::write(&file, SECRET).unwrap();
    assert!(serve("avinor/OSL").contains("only aerodatabox pushes"));
}
