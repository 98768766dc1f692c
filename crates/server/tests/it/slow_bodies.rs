//! Bodies that arrive slowly or incompletely.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use futures_util::stream::{self, Stream, StreamExt};
use http::StatusCode;
use tokio::time::{Instant, timeout};

use crate::test_server::{TestResponse, TestServer};

/// Longer than any body may take.
const TEST_TIMEOUT: Duration = Duration::from_secs(2 * 60 * 60);

/// Sends the pieces of a body one second apart, and ends the body after the last if `ends`. Returns
/// the response and the time until it arrived.
async fn post(
    pieces: impl Iterator<Item = String> + Send + 'static,
    ends: bool,
) -> (TestResponse, Duration) {
    let server = TestServer::new().await;
    let request = Request::post("/boards/main/flights");
    let request = request.header("content-type", "application/x-ndjson");
    let body = Body::from_stream(each_second(pieces, ends));
    let start = Instant::now();
    let answer = timeout(TEST_TIMEOUT, server.request(request.body(body).unwrap())).await;
    let answer = answer.expect("the server responds in time");
    (answer, start.elapsed())
}

fn each_second(
    pieces: impl Iterator<Item = String> + Send + 'static,
    ends: bool,
) -> impl Stream<Item = Result<String, Infallible>> + Send + 'static {
    let pieces = stream::iter(pieces).then(|piece| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(piece)
    });
    pieces.chain(stream::once(async move {
        if !ends {
            std::future::pending::<()>().await;
        }
        Ok(String::new())
    }))
}

/// Returns lines of at least that many bytes in total.
fn lines(bytes: usize) -> String {
    let line = r#"{"event":"flightAddition","data":{"flight":"A1","remark":"REMARK"}}"#;
    let line = line.replace("REMARK", &"x".repeat(150)) + "\n";
    line.repeat(bytes.div_ceil(line.len()))
}

fn assert_timed_out((answer, took): &(TestResponse, Duration), after: Duration) {
    assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.json()["detail"], "body did not arrive in time");
    assert_eq!(took.as_secs(), after.as_secs());
}

#[tokio::test(start_paused = true)]
async fn paused_bodies_time_out() {
    let wait = Duration::from_secs(30);
    assert_timed_out(&post(std::iter::empty(), false).await, wait);
    let minute = 60;
    let pieces = std::iter::repeat_with(|| lines(2_000)).take(minute);
    assert_timed_out(&post(pieces, false).await, Duration::from_secs(minute as u64) + wait);
}

#[tokio::test(start_paused = true)]
async fn steady_bodies_are_accepted() {
    let pieces = std::iter::repeat_with(|| lines(1_200)).take(600);
    let (answer, took) = post(pieces, true).await;
    assert_eq!((answer.status, took.as_secs()), (StatusCode::OK, 600));
    assert!(answer.body.lines().all(|line| line.contains(r#""status":200"#)));
}

#[tokio::test(start_paused = true)]
async fn trickled_bodies_time_out() {
    let bytes = std::iter::repeat_with(|| " ".to_owned());
    assert_timed_out(&post(bytes, true).await, Duration::from_secs(30));
    // All but the end has arrived, at once.
    let most = std::iter::once(" ".repeat(4_000_000));
    let bytes = std::iter::repeat_with(|| " ".to_owned());
    assert_timed_out(&post(most.chain(bytes), true).await, Duration::from_secs(31));
}

#[tokio::test(start_paused = true)]
async fn too_large_bodies_are_not_awaited() {
    let pieces = std::iter::once(" ".repeat(5_000_000)).chain(std::iter::repeat_with(String::new));
    let (answer, took) = post(pieces, false).await;
    assert_eq!((answer.status, took.as_secs()), (StatusCode::PAYLOAD_TOO_LARGE, 1));
}
