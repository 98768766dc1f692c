//! Bodies that come slowly, or not to their end.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use futures_util::stream::{self, Stream, StreamExt};
use http::StatusCode;
use tokio::time::{Instant, timeout};

use crate::house::{Answer, House};

/// Longer than any body that is taken.
const LONG: Duration = Duration::from_secs(2 * 60 * 60);

/// The answer to a body of these pieces, of which one comes each second, and how long it took. After
/// the last one the body does not end unless `ends`.
async fn post(
    pieces: impl Iterator<Item = String> + Send + 'static,
    ends: bool,
) -> (Answer, Duration) {
    let house = House::new().await;
    let request = Request::post("/boards/main/flights");
    let request = request.header("content-type", "application/x-ndjson");
    let body = Body::from_stream(each_second(pieces, ends));
    let start = Instant::now();
    let answer = timeout(LONG, house.ask(request.body(body).unwrap())).await;
    let answer = answer.expect("it is not waited for for ever");
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

/// Lines of somewhat more than so many bytes.
fn lines(bytes: usize) -> String {
    let line = r#"{"event":"flightAddition","data":{"flight":"A1","remark":"REMARK"}}"#;
    let line = line.replace("REMARK", &"x".repeat(150)) + "\n";
    line.repeat(bytes.div_ceil(line.len()))
}

fn is_refused((answer, took): &(Answer, Duration), after: Duration) {
    assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.json()["detail"], "body did not arrive in time");
    assert_eq!(took.as_secs(), after.as_secs());
}

#[tokio::test(start_paused = true)]
async fn one_that_stops_is_refused_after_a_while() {
    let wait = Duration::from_secs(30);
    is_refused(&post(std::iter::empty(), false).await, wait);
    let minute = 60;
    let pieces = std::iter::repeat_with(|| lines(2_000)).take(minute);
    is_refused(&post(pieces, false).await, Duration::from_secs(minute as u64) + wait);
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_at_a_fair_pace_is_taken_however_long_it_takes() {
    let pieces = std::iter::repeat_with(|| lines(1_200)).take(600);
    let (answer, took) = post(pieces, true).await;
    assert_eq!((answer.status, took.as_secs()), (StatusCode::OK, 600));
    assert!(answer.body.lines().all(|line| line.contains(r#""status":200"#)));
}

#[tokio::test(start_paused = true)]
async fn one_that_comes_byte_by_byte_is_refused_though_it_never_stops() {
    let bytes = std::iter::repeat_with(|| " ".to_owned());
    is_refused(&post(bytes, true).await, Duration::from_secs(30));
    // Nor is one waited for that is too large already.
    let large = std::iter::once(" ".repeat(5_000_000));
    let bytes = std::iter::repeat_with(|| " ".to_owned());
    let (answer, _) = post(large.chain(bytes), true).await;
    assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT);
}
