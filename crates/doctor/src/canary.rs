//! Events on a board of the doctor's own, from publish to arrival. No screen follows that board, and no other board
//! changes.

use reqwest::header::{IF_NONE_MATCH, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::canary_round::{CanaryRound, CanaryTimes};
use crate::fault::PathFault;
use crate::opening::{FIRST_EVENT_TIMEOUT, first_timetable, held_back_by_compression, open_stream};
use crate::options::DoctorOptions;
use crate::probe_client::{ProbeClient, StreamCoding, describe, short_text};
use crate::probed_stream::ProbedStream;
use crate::report::ExamFinding;
use crate::watch::{WatchRecord, watch};
use flightboard_client::BoardUrl;

/// By its title a later examination recognises a board that an earlier one could not close.
const CANARY_TITLE: &str = "flightboard doctor";

/// Load delays events for a moment; a proxy that holds them back does so again.
const ROUNDS: usize = 2;

/// Times canaries, then watches their stream, which is quiet. The record is `None` where nothing could be published.
pub(crate) async fn check(
    client: &ProbeClient,
    options: &DoctorOptions,
    url: &BoardUrl,
    is_compressed: bool,
) -> (Vec<ExamFinding>, Option<WatchRecord>) {
    let publish_to = options.publish_to.as_ref().unwrap_or(url);
    let publish_at = publish_to.with_board(&options.canary_board);
    if let Err(note) = open_board(client, &publish_at).await {
        return (vec![note], None);
    }
    let follow_at = url.with_board(&options.canary_board);
    let outcome = time_canaries(client, &follow_at, &publish_at, is_compressed).await;
    let (findings, record) = match outcome {
        (findings, Some(mut stream)) => {
            let record = watch(&mut stream, options.watch).await;
            (findings, Some(record))
        }
        (findings, None) => (findings, None),
    };
    // The board's title lets the next examination close it if this fails.
    let _ = client.request(Method::DELETE, &publish_at.at("?reason=examined")).send().await;
    (findings, record)
}

async fn time_canaries(
    client: &ProbeClient,
    follow_at: &BoardUrl,
    publish_at: &BoardUrl,
    is_compressed: bool,
) -> (Vec<ExamFinding>, Option<ProbedStream>) {
    let Some(mut stream) = follow(client, follow_at, StreamCoding::Decoded).await else {
        // The board is quiet, so nothing pushes on what a compressor keeps of the first event.
        let is_held_back =
            is_compressed && follow(client, follow_at, StreamCoding::Identity).await.is_some();
        if is_held_back {
            return (vec![held_back_by_compression()], None);
        }
        let text =
            format!("No canary: the stream of its board {} did not begin.", follow_at.board());
        return (vec![ExamFinding::note("delivery", text)], None);
    };
    let mut times = CanaryTimes::default();
    for _ in 0..ROUNDS {
        match CanaryRound::new(client, publish_at).run(&mut stream).await {
            Ok(measured) => times = measured,
            Err(reason) => {
                let text = format!("No canary: publishing has failed: {reason}.");
                return (vec![ExamFinding::note("delivery", text)], Some(stream));
            }
        }
        if !times.are_late() {
            return (on_time(&times, is_compressed), Some(stream));
        }
    }
    let blames_compression = is_compressed && {
        let plain = follow(client, follow_at, StreamCoding::Identity).await;
        match plain {
            Some(mut plain) => {
                let round = CanaryRound::new(client, publish_at).run(&mut plain).await;
                round.is_ok_and(|times| !times.are_late())
            }
            None => false,
        }
    };
    let finding = if blames_compression {
        held_back_by_compression()
    } else {
        let text = format!("{times}: events are held back.");
        ExamFinding::wrong("delivery", text).with_fault(PathFault::Buffering)
    };
    (vec![finding], Some(stream))
}

fn on_time(times: &CanaryTimes, is_compressed: bool) -> Vec<ExamFinding> {
    let mut findings = vec![match times.are_delayed() {
        false => ExamFinding::good("delivery", format!("{times}.")),
        true => {
            let text = format!("{times}: each event waits for a moment on its way.");
            ExamFinding::note("delivery", text).with_fault(PathFault::Delay)
        }
    }];
    if is_compressed {
        let text = "The stream is compressed. Events arrive in time, but the compressor of each screen costs memory.";
        findings.push(ExamFinding::note("compression", text).with_fault(PathFault::Compression));
    }
    findings
}

async fn follow(
    client: &ProbeClient,
    url: &BoardUrl,
    coding: StreamCoding,
) -> Option<ProbedStream> {
    let mut stream = open_stream(client, url, coding, None).await?;
    let deadline = Instant::now() + FIRST_EVENT_TIMEOUT;
    first_timetable(&mut stream, deadline).await.ok().map(|_| stream)
}

/// Opens the board for canaries; otherwise explains why there are none.
async fn open_board(client: &ProbeClient, board: &BoardUrl) -> Result<(), ExamFinding> {
    let settings = json!({ "title": CANARY_TITLE, "kind": "arrivals", "timeZone": "UTC" });
    let request = client.json_request(Method::PUT, &board.at(""), &settings);
    let text = match request.header(IF_NONE_MATCH, "*").send().await {
        Err(error) => format!("publishing gets no response: {}", describe(&error)),
        Ok(response) => match response.status() {
            status if status.is_success() => return Ok(()),
            StatusCode::PRECONDITION_FAILED => return check_own_board(client, board).await,
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => format!(
                "publishing is refused with {status}. Name a file with a token by --token-file, a board that it may \
                 publish by --canary-board, or the server behind the proxies by --publish-to"
            ),
            status => {
                let later = response.headers().contains_key(RETRY_AFTER);
                format!(
                    "publishing is refused with {status}{}",
                    if later { ", for now" } else { "" }
                )
            }
        },
    };
    let text = format!(
        "No canary: {text}. Without one, only the first rows and the heartbeats are timed."
    );
    Err(ExamFinding::note("delivery", text))
}

async fn check_own_board(client: &ProbeClient, board: &BoardUrl) -> Result<(), ExamFinding> {
    let response = client.request(Method::GET, &board.at("")).send().await;
    let text = match response {
        Ok(response) => short_text(response).await,
        Err(_) => String::new(),
    };
    let summary: Value = serde_json::from_str(&text).unwrap_or_default();
    if summary["title"] == CANARY_TITLE {
        return Ok(());
    }
    let text = format!(
        "No canary: the board {} is in use. Name another one by --canary-board.",
        board.board()
    );
    Err(ExamFinding::note("delivery", text))
}
