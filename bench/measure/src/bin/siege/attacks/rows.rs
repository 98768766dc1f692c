//! Large boards and many idempotency keys.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{ATTACKED_BOARD, Finding, Target, bulk_path, line};
use crate::client::{ATTACKER, SiegeAnswer, connect_deaf, request, send};

/// Wait of an attacker that opens connections faster than one address may.
const AFTER_REFUSED_CONNECTION: Duration = Duration::from_millis(100);

/// Streams and reads that keep different versions of a large board, since they read nothing.
pub(super) async fn pinned_snapshots(target: Target) -> Result<Vec<Finding>> {
    const CONNECTIONS: usize = 200;
    let stream = request("GET", &format!("/boards/{ATTACKED_BOARD}/events"), "", "");
    let rows = request("GET", &bulk_path(), "", "");
    let mut connections = Vec::new();
    for number in 0..CONNECTIONS {
        let patch =
            line("flightStateUpdate", &json!({ "flight": "F1", "remark": number.to_string() }));
        send(target.address, ATTACKER, &request("POST", &bulk_path(), "", &patch)).await?;
        let mut socket = connect_deaf(target.address).await?;
        socket.write_all(if number % 2 == 0 { &stream } else { &rows }).await?;
        connections.push(socket);
        // The server takes the snapshot before the next change.
        sleep(target.duration / 2 / CONNECTIONS as u32).await;
    }
    target.wait_for_end().await;
    Ok(Vec::new())
}

/// Reads of a full board while it changes.
pub(super) async fn board_reads(target: Target) -> Result<Vec<Finding>> {
    const READERS: usize = 8;
    let read: Arc<[u8]> = request("GET", &bulk_path(), "", "").into();
    let mut tasks = JoinSet::new();
    for _ in 0..READERS {
        let read = Arc::clone(&read);
        tasks.spawn(async move {
            let mut answered = 0;
            while !target.is_over() {
                match send(target.address, ATTACKER, &read).await {
                    Ok(answer) => answered += usize::from(answer.status == 200),
                    Err(_) => sleep(AFTER_REFUSED_CONNECTION).await,
                }
            }
            answered
        });
    }
    let mut changes = 0;
    while !target.is_over() {
        let patch =
            line("flightStateUpdate", &json!({ "flight": "F1", "remark": changes.to_string() }));
        match send(target.address, ATTACKER, &request("POST", &bulk_path(), "", &patch)).await {
            Ok(answer) => changes += usize::from(answer.status == 200),
            Err(_) => sleep(AFTER_REFUSED_CONNECTION).await,
        }
        sleep(Duration::from_millis(20)).await;
    }
    let answered: usize = tasks.join_all().await.into_iter().sum();
    let has_both = answered > 0 && changes > 0;
    Ok(vec![Finding::new(has_both, format!("{answered} reads answered during {changes} changes"))])
}

/// Boards of rows with the longest texts in every field.
pub(super) async fn largest_rows(target: Target) -> Result<Vec<Finding>> {
    const BOARDS: usize = 20;
    const ROWS_PER_BOARD: usize = 20_000;
    const ROWS_PER_REQUEST: usize = 400;
    let (mut accepted, mut refused) = (0, 0);
    for board in 0..BOARDS {
        put_board(target, &format!("large{board}")).await?;
        for first in (0..ROWS_PER_BOARD).step_by(ROWS_PER_REQUEST) {
            if target.is_over() {
                break;
            }
            let rows = (first..first + ROWS_PER_REQUEST).map(largest_row);
            let body: String = rows.map(|row| line("flightAddition", &row)).collect();
            let path = format!("/boards/large{board}/flights");
            let answer = send(target.address, ATTACKER, &request("POST", &path, "", &body)).await?;
            let failures = answer.start.matches("\"status\":4").count();
            ensure!(answer.status < 500, "status {}: {}", answer.status, answer.start);
            if failures == 0 && answer.status == 200 {
                accepted += ROWS_PER_REQUEST;
            } else {
                refused += ROWS_PER_REQUEST;
            }
        }
    }
    let has_both = accepted > 0 && refused > 0;
    Ok(vec![Finding::new(has_both, format!("about {accepted} rows accepted, {refused} refused"))])
}

fn largest_row(number: usize) -> serde_json::Value {
    let text = |chars: usize| "\u{1F6EB}".repeat(chars);
    json!({
        "flight": format!("F{number}"), "origin": text(64), "destination": text(64),
        "via": (0..8).map(|_| text(64)).collect::<Vec<_>>(),
        "codeshares": (0..20).map(|code| format!("CODESHARE{code:07}")).collect::<Vec<_>>(),
        "airline": text(64), "remark": text(200), "state": text(40),
    })
}

async fn put_board(target: Target, board: &str) -> Result<SiegeAnswer> {
    let body = r#"{"title":"Large"}"#;
    let length = body.len();
    let headers = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n");
    let head = request("PUT", &format!("/boards/{board}"), &headers, "");
    send(target.address, ATTACKER, &[head, body.as_bytes().to_vec()].concat()).await
}

/// A legitimate key among very many others must not be forgotten.
pub(super) async fn idempotency_keys(target: Target) -> Result<Vec<Finding>> {
    const REQUESTS: usize = 160;
    const LINES: usize = 1_000;
    let put = |remark: usize| {
        line("flightAddition", &json!({ "flight": "LEGIT", "remark": remark.to_string() }))
    };
    let with_key = |key: &str, body: &str| {
        request("POST", &bulk_path(), &format!("Idempotency-Key: {key}\r\n"), body)
    };
    let legitimate = with_key("legitimate", &put(0));
    let first = send(target.address, ATTACKER, &legitimate).await?;
    for number in 0..REQUESTS {
        let rows = (0..LINES).map(|line_number| put(number * LINES + line_number));
        let body: String = rows.collect();
        send(target.address, ATTACKER, &with_key(&format!("key{number}"), &body)).await?;
    }
    let repeated = send(target.address, ATTACKER, &legitimate).await?;
    Ok(vec![Finding::new(
        event_id(&first) == event_id(&repeated) && event_id(&first).is_some(),
        format!(
            "after {} keys the first update has the outcome {}",
            REQUESTS * LINES,
            repeated.start.trim()
        ),
    )])
}

/// The event id in the outcome of the first line.
fn event_id(answer: &SiegeAnswer) -> Option<&str> {
    answer.start.split_once("\"id\":\"")?.1.split('"').next()
}
