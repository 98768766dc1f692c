//! Bodies with many lines, or slow ones.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{Finding, Target, bulk_path, line};
use crate::client::{ATTACKER, SiegeAnswer, connect, request, send};

/// Largest body of a bulk request.
const BULK_BYTES: usize = 4 * 1024 * 1024;

/// Most lines of a bulk request, by default. Longer ones are refused whole.
const BULK_LINES: usize = 50_000;

/// Longest answer, which is that of the longest body: a short line needs a longer one in the answer.
const ANSWER_BYTES: usize = BULK_BYTES;

/// Lines that name one flight of twenty thousand dates.
pub(super) async fn ambiguous_lines(target: Target) -> Result<Vec<Finding>> {
    const LINES: usize = 5_000;
    let patch = line("flightStateUpdate", &json!({ "flight": "A", "state": "landed" }));
    let body = patch.repeat(LINES);
    let largest = post_repeatedly(target, 2, &body).await?;
    let read = request("GET", &format!("{}/A", bulk_path()), "", "");
    let answer = send(target.address, ATTACKER, &read).await?;
    Ok(vec![
        Finding::new(
            largest <= ANSWER_BYTES,
            format!("{} kB of lines, answer {} kB", body.len() / 1_000, largest / 1_000),
        ),
        Finding::new(
            answer.body_bytes <= 4_096,
            format!("GET of one flight: status {}, {} bytes", answer.status, answer.body_bytes),
        ),
    ])
}

/// Bodies of the shortest invalid lines, as many as fit and as many as are allowed, each two at once.
pub(super) async fn bad_lines(target: Target) -> Result<Vec<Finding>> {
    let bodies = [BULK_BYTES / 2, BULK_LINES].map(|lines| "1\n".repeat(lines));
    let [most, allowed] = &bodies;
    let (of_most, of_allowed) =
        tokio::try_join!(post_repeatedly(target, 2, most), post_repeatedly(target, 2, allowed))?;
    let findings = [(most, of_most), (allowed, of_allowed)].map(|(body, largest)| {
        Finding::new(
            largest <= ANSWER_BYTES,
            format!("{} kB of lines, answer {} kB", body.len() / 1_000, largest / 1_000),
        )
    });
    Ok(findings.into())
}

/// One publisher with many valid lines.
pub(super) async fn million_lines(target: Target) -> Result<Vec<Finding>> {
    const ROWS: usize = 10_000;
    let mut body = String::new();
    for number in 0..BULK_LINES {
        let row = json!({ "flight": format!("F{}", number % ROWS), "remark": number.to_string() });
        let next = line("flightAddition", &row);
        if body.len() + next.len() > BULK_BYTES {
            break;
        }
        body += &next;
    }
    let lines = body.lines().count();
    let answers = post_all(target, 1, &body).await?;
    let is_carried_out = answers.iter().all(|answer| answer.status == 200);
    let text = format!("{} requests of {lines} lines answered", answers.len());
    Ok(vec![Finding::new(is_carried_out, text)])
}

/// Updates of rows that do not exist: the journal should not grow with them.
pub(super) async fn refused_updates(target: Target) -> Result<Vec<Finding>> {
    let before = journal_seq(target).await?;
    let patch = line("flightStateUpdate", &json!({ "flight": "GHOST", "state": "landed" }));
    let body = patch.repeat(BULK_LINES.min(BULK_BYTES / patch.len()));
    let answers = post_all(target, 2, &body).await?;
    let judged = answers.iter().filter(|answer| answer.status == 200).count();
    let lines = judged * body.lines().count();
    let recorded = journal_seq(target).await? - before;
    Ok(vec![Finding::new(
        recorded <= lines as u64 / 100,
        format!("{lines} lines refused; the journal grew by {recorded} records of all publishers"),
    )])
}

/// Bodies that are nearly complete and then stop.
pub(super) async fn slow_bodies(target: Target) -> Result<Vec<Finding>> {
    const CONNECTIONS: usize = 300;
    const MISSING_BYTES: usize = 1_000;
    const BYTE_INTERVAL: Duration = Duration::from_secs(1);
    let body = "\n".repeat(BULK_BYTES);
    let whole: Arc<[u8]> = request("POST", &bulk_path(), "", &body).into();
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let whole = Arc::clone(&whole);
        connections.spawn(async move {
            let Ok(mut socket) = connect(target.address, ATTACKER).await else { return };
            let sent = whole.len() - MISSING_BYTES;
            if timeout(target.duration, socket.write_all(&whole[..sent])).await.is_ok() {
                while !target.is_over() && socket.write_all(b"\n").await.is_ok() {
                    sleep(BYTE_INTERVAL).await;
                }
            }
        });
    }
    connections.join_all().await;
    Ok(Vec::new())
}

/// Sends a body again and again, and returns the bytes of the longest answer.
async fn post_repeatedly(target: Target, workers: usize, body: &str) -> Result<usize> {
    let answers = post_all(target, workers, body).await?;
    Ok(answers.iter().map(|answer| answer.body_bytes).max().unwrap_or(0))
}

/// Sends a body again and again, and returns the answers.
async fn post_all(target: Target, workers: usize, body: &str) -> Result<Vec<SiegeAnswer>> {
    let request: Arc<[u8]> = request("POST", &bulk_path(), "", body).into();
    let mut posts = JoinSet::new();
    for _ in 0..workers {
        let request = Arc::clone(&request);
        posts.spawn(async move {
            let mut answers = Vec::new();
            while !target.is_over() {
                // A refusal of the connection is no harm.
                match send(target.address, ATTACKER, &request).await {
                    Ok(answer) => answers.push(answer),
                    Err(_) => sleep(Duration::from_millis(100)).await,
                }
            }
            answers
        });
    }
    Ok(posts.join_all().await.into_iter().flatten().collect())
}

/// The sequence number of the newest record, found by writing one.
async fn journal_seq(target: Target) -> Result<u64> {
    let row = r#"{"origin":"Rome"}"#;
    let path = format!("{}/PROBE", bulk_path());
    let length = row.len();
    let head = format!("Content-Type: application/json\r\nContent-Length: {length}\r\n");
    let delete = request("DELETE", &path, "", "");
    send(target.address, ATTACKER, &delete).await?;
    let put = [request("PUT", &path, &head, ""), row.as_bytes().to_vec()].concat();
    let answer = send(target.address, ATTACKER, &put).await?;
    let id = answer.head.lines().find_map(|line| line.strip_prefix("event-id: "));
    let seq = id.and_then(|id| id.trim().rsplit('-').next()?.parse().ok());
    seq.with_context(|| format!("no event id: {}", answer.head))
}
