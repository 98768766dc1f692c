//! The response to a stream's request: redirects, status, headers, first event.

use std::time::Duration;

use reqwest::header::{
    AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION,
};
use reqwest::{Method, Response, StatusCode, Url, Version};
use serde_json::Value;
use tokio::time::Instant;

use crate::fault::PathFault;
use crate::probe_client::{HEAD_TIMEOUT, ProbeClient, StreamCoding, describe, send, short_text};
use crate::probed_stream::{ProbedStream, StreamStep};
use crate::proxy::ProxyKind;
use crate::report::{ExamFinding, ExamReport};
use flightboard_client::BoardUrl;

/// Time for the first event. With thousands of followers at once the server delays it by some seconds.
pub(crate) const FIRST_EVENT_TIMEOUT: Duration = Duration::from_secs(10);

/// A head that takes longer has waited for a part of the body: the server sends it at once.
const LATE_HEAD: Duration = Duration::from_secs(3);

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 5;

/// Shortest `retry:` of a server that has no room for a stream; one without a journal asks for less.
const RETRY_WHEN_FULL: Duration = Duration::from_secs(30);

/// A stream that works far enough for the other checks.
pub(crate) struct OpenedBoard {
    /// The board, where its stream was found.
    pub(crate) url: BoardUrl,
    pub(crate) stream: ProbedStream,
    /// The id of the first `timetable`.
    pub(crate) first_id: String,
    pub(crate) is_compressed: bool,
}

/// Opens the stream of a board. `None` if it does not work far enough; the report says why.
pub(crate) async fn open(
    client: &ProbeClient,
    url: &BoardUrl,
    report: &mut ExamReport,
) -> Option<OpenedBoard> {
    let StreamHead { url, response, requested_at } = follow_redirects(client, url, report).await?;
    report.proxies = ProxyKind::named_by(response.headers());
    let head_delay = requested_at.elapsed();
    if response.status() != StatusCode::OK {
        report.findings.push(explain_status(response, &url).await);
        return None;
    }
    let version = response.version();
    report.findings.extend(check_headers(response.headers()));
    let is_compressed = coding_of(response.headers()).is_some();
    let mut stream = match is_compressed {
        false => ProbedStream::new(response, requested_at),
        true => {
            drop(response);
            open_stream(client, &url, StreamCoding::Decoded, None).await?
        }
    };
    let deadline = requested_at + head_delay + FIRST_EVENT_TIMEOUT;
    let first = first_timetable(&mut stream, deadline).await;
    let is_late = head_delay >= LATE_HEAD;
    let finding = match &first {
        Ok(first) if !is_late => good_answer(version, first, stream.age()),
        Ok(_) => late_head(head_delay),
        Err(FirstEventError::Late) if is_compressed && comes_plain(client, &url).await => {
            held_back_by_compression()
        }
        Err(error) => error.finding(stream.retry()),
    };
    report.findings.push(finding);
    let first = first.ok()?;
    report.findings.push(check_version(version, &url));
    Some(OpenedBoard { url, stream, first_id: first.id, is_compressed })
}

/// Requests a stream; `None` if there is no response in time.
pub(crate) async fn open_stream(
    client: &ProbeClient,
    url: &BoardUrl,
    coding: StreamCoding,
    last_id: Option<&str>,
) -> Option<ProbedStream> {
    let requested_at = Instant::now();
    let response = send(client.stream(&url.at("/events"), coding, last_id)).await.ok()?.ok()?;
    (response.status() == StatusCode::OK).then(|| ProbedStream::new(response, requested_at))
}

/// A response that is no redirect.
struct StreamHead {
    url: BoardUrl,
    response: Response,
    requested_at: Instant,
}

async fn follow_redirects(
    client: &ProbeClient,
    url: &BoardUrl,
    report: &mut ExamReport,
) -> Option<StreamHead> {
    let mut url = url.clone();
    for _ in 0..=MAX_REDIRECTS {
        let requested_at = Instant::now();
        let request = client.stream(&url.at("/events"), StreamCoding::Encoded, None);
        let response = match send(request).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                report.findings.push(no_response(&url, &error));
                return None;
            }
            Err(_) => {
                report.findings.push(no_head(client, &url).await);
                return None;
            }
        };
        if !response.status().is_redirection() {
            return Some(StreamHead { url, response, requested_at });
        }
        report.proxies = ProxyKind::named_by(response.headers());
        report.findings.push(redirected(&response));
        url = redirect_target(&response)?;
    }
    report.findings.push(ExamFinding::wrong("redirect", "The redirects do not end."));
    None
}

fn redirect_target(response: &Response) -> Option<BoardUrl> {
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    let target = response.url().join(location).ok()?;
    is_same_server(response.url(), &target).then(|| BoardUrl::of_stream(&target)).flatten()
}

/// True if the server at `to` may have the token that `from` has got: at the same scheme, host and port, or by https at
/// the usual port instead of http at its usual one. Another port or host may belong to somebody else.
fn is_same_server(from: &Url, to: &Url) -> bool {
    let is_upgrade = from.scheme() == "http"
        && to.scheme() == "https"
        && (from.host(), from.port(), to.port()) == (to.host(), None, None);
    is_upgrade || from.origin() == to.origin()
}

fn redirected(response: &Response) -> ExamFinding {
    let status = response.status().as_u16();
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|value| value.to_str().ok()).unwrap_or("nowhere");
    let from = response.url();
    let is_upgrade = from.scheme() == "http"
        && from.join(location).is_ok_and(|to| {
            to.scheme() == "https" && is_same_server(from, &to) && to.path() == from.path()
        });
    if is_upgrade {
        let text = "HTTP is redirected to HTTPS: give pages and publishers the https URL.";
        return ExamFinding::note("redirect", text);
    }
    let text = format!(
        "The stream is redirected with {status} to {location}. Browsers disagree on the URL to which they return \
         after a disconnect: give them the last URL, and do not redirect streams."
    );
    ExamFinding::wrong("redirect", text).with_fault(PathFault::Redirect)
}

fn no_response(url: &BoardUrl, error: &reqwest::Error) -> ExamFinding {
    let cause = describe(error);
    let origin = url.origin();
    let text = if cause.contains("certificate") {
        format!(
            "The certificate of {origin} is not accepted ({cause}), so browsers refuse it too. If it is from an \
             authority of your own, name that with --ca."
        )
    } else if error.is_timeout() {
        format!("Nothing answers at {origin} within {} s.", HEAD_TIMEOUT.as_secs())
    } else if error.is_connect() {
        format!("Nothing answers at {origin}: {cause}.")
    } else {
        format!("{origin} closes the connection without a response: {cause}.")
    };
    ExamFinding::wrong("answer", text)
}

/// The head of the stream does not come: compares with a short response.
async fn no_head(client: &ProbeClient, url: &BoardUrl) -> ExamFinding {
    let secs = HEAD_TIMEOUT.as_secs();
    match client.request(Method::GET, &url.at("")).send().await {
        Ok(_) => {
            let text = format!(
                "The response to a stream does not begin within {secs} s, while short responses arrive: it is held \
                 back until it ends, which a stream does not."
            );
            ExamFinding::wrong("delivery", text).with_fault(PathFault::Buffering)
        }
        Err(_) => {
            let text = format!(
                "{} accepts connections, but does not answer within {secs} s.",
                url.origin()
            );
            ExamFinding::wrong("answer", text)
        }
    }
}

fn late_head(delay: Duration) -> ExamFinding {
    let text = format!(
        "The response to a stream begins after {:.1} s, while the server sends it at once: it is held back.",
        delay.as_secs_f64()
    );
    ExamFinding::wrong("delivery", text).with_fault(PathFault::Buffering)
}

/// Explains a status other than 200.
async fn explain_status(response: Response, url: &BoardUrl) -> ExamFinding {
    let status = response.status();
    let content_type = text_of(response.headers(), CONTENT_TYPE).to_owned();
    let is_problem = content_type.starts_with("application/problem+json");
    let problem = if is_problem { short_text(response).await } else { String::new() };
    let problem: Value = serde_json::from_str(&problem).unwrap_or_default();
    let board = url.board();
    let text = match status.as_u16() {
        204 => format!("The board {board} is closed: 204 tells browsers not to come back."),
        401 | 403 => format!(
            "Reading the board {board} is refused with {status}: name a file with a token by --token-file."
        ),
        404 if problem["field"] == "board" => {
            format!("The server has no board {board}: name one in the URL.")
        }
        429 => {
            format!("{status}: a limit on requests refuses the stream, and browsers give up on it.")
        }
        502..=504 if !is_problem => format!(
            "{status}: the proxy reaches no server. Browsers give up on such a stream; check that flightboard runs, \
             and the address in the proxy's settings."
        ),
        _ => {
            let text = format!(
                "{status} with the content type {content_type:?} instead of a stream: flightboard does not get the \
                 request as it should. If a proxy serves it below a path, see --base-path of flightboard serve."
            );
            return ExamFinding::wrong("answer", text).with_fault(PathFault::ContentType);
        }
    };
    ExamFinding::wrong("answer", text)
}

fn check_headers(headers: &HeaderMap) -> Vec<ExamFinding> {
    let mut findings = Vec::new();
    let content_type = text_of(headers, CONTENT_TYPE).to_ascii_lowercase();
    let (essence, parameters) = content_type.split_once(';').unwrap_or((&content_type, ""));
    let charset = parameters.split(';').find_map(|one| one.trim().strip_prefix("charset="));
    let is_utf8 = charset.is_none_or(|charset| charset.trim_matches('"') == "utf-8");
    if essence.trim() != "text/event-stream" {
        let text = format!(
            "The stream has the content type {content_type:?} instead of text/event-stream, so browsers give up on it."
        );
        findings.push(ExamFinding::wrong("content type", text).with_fault(PathFault::ContentType));
    } else if !is_utf8 {
        let text =
            format!("The content type is {content_type:?}: Chromium accepts no charset but utf-8.");
        findings.push(ExamFinding::wrong("content type", text).with_fault(PathFault::ContentType));
    }
    let control = text_of(headers, CACHE_CONTROL).to_ascii_lowercase();
    let may_be_cached = !control.contains("no-cache") && !control.contains("no-store");
    if may_be_cached || headers.contains_key(AGE) {
        let text = "A cache may keep the stream, so that screens get the past of others: the response must have \
                    `Cache-Control: no-cache` and no `Age`.";
        findings.push(ExamFinding::wrong("caching", text).with_fault(PathFault::Caching));
    }
    if headers.contains_key(CONTENT_LENGTH) {
        let text = "The response has a Content-Length, so it was complete before it was sent.";
        findings.push(ExamFinding::wrong("delivery", text).with_fault(PathFault::Buffering));
    }
    findings
}

fn check_version(version: Version, url: &BoardUrl) -> ExamFinding {
    if version >= Version::HTTP_2 {
        let text = "HTTP/2: tabs with boards share one connection.";
        return ExamFinding::good("connections", text);
    }
    let limit = "a browser opens six connections to one host for all its tabs together, so a seventh tab with a \
                 board stays empty";
    if url.is_https() {
        let text = format!("HTTP/1.1: {limit}. HTTP/2 has no such limit.");
        return ExamFinding::note("connections", text).with_fault(PathFault::HttpVersion);
    }
    let text =
        format!("Without TLS browsers use HTTP/1.1, where {limit}. HTTP/2 has no such limit.");
    let note = ExamFinding::note("connections", text);
    if url.is_loopback() { note } else { note.with_fault(PathFault::HttpVersion) }
}

/// The first timetable of a stream.
pub(crate) struct FirstTimetable {
    pub(crate) id: String,
    rows: usize,
}

/// A stream whose first event is no timetable.
pub(crate) enum FirstEventError {
    Late,
    Ended,
    /// Another event than flightboard's.
    Unknown(String),
}

/// Reads the first event. Heartbeats of a server that is behind may come before it.
pub(crate) async fn first_timetable(
    stream: &mut ProbedStream,
    deadline: Instant,
) -> Result<FirstTimetable, FirstEventError> {
    loop {
        let event = match stream.next(deadline).await {
            StreamStep::Event(arrived) => arrived.event,
            StreamStep::Ended => return Err(FirstEventError::Ended),
            StreamStep::Timeout => return Err(FirstEventError::Late),
        };
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        match (event.event.as_str(), data["flights"].as_array()) {
            ("heartbeat", _) => {}
            ("timetable", Some(rows)) => {
                let id = event.last_event_id.to_string();
                return Ok(FirstTimetable { id, rows: rows.len() });
            }
            (name, _) => return Err(FirstEventError::Unknown(name.to_owned())),
        }
    }
}

impl FirstEventError {
    fn finding(&self, retry: Option<Duration>) -> ExamFinding {
        match (self, retry) {
            (Self::Late, _) => {
                let text = format!(
                    "The response begins, but no event arrives within {} s: events are held back.",
                    FIRST_EVENT_TIMEOUT.as_secs()
                );
                ExamFinding::wrong("delivery", text).with_fault(PathFault::Buffering)
            }
            (Self::Ended, Some(retry)) => {
                let cause = if retry >= RETRY_WHEN_FULL {
                    "as many streams as it allows are open (--max-followers)"
                } else {
                    "it has no journal yet, or stops"
                };
                let secs = retry.as_secs();
                let text = format!(
                    "The server asks to come back in {secs} s: {cause}. Its log says more."
                );
                ExamFinding::wrong("answer", text)
            }
            (Self::Ended, None) => {
                ExamFinding::wrong("answer", "The stream ends before its first event.")
            }
            (Self::Unknown(name), _) => {
                let text =
                    format!("The first event is {name:?}: this stream is not flightboard's.");
                ExamFinding::wrong("answer", text).with_fault(PathFault::ContentType)
            }
        }
    }
}

fn good_answer(version: Version, first: &FirstTimetable, age: Duration) -> ExamFinding {
    let rows = first.rows;
    let millis = age.as_millis();
    ExamFinding::good("answer", format!("{version:?}, {rows} rows after {millis} ms."))
}

/// Returns true if the first event arrives without compression.
async fn comes_plain(client: &ProbeClient, url: &BoardUrl) -> bool {
    let Some(mut stream) = open_stream(client, url, StreamCoding::Identity, None).await else {
        return false;
    };
    first_timetable(&mut stream, Instant::now() + FIRST_EVENT_TIMEOUT).await.is_ok()
}

pub(crate) fn held_back_by_compression() -> ExamFinding {
    let text = "The stream is compressed, and the compressor holds events back: without compression they arrive in \
                time.";
    ExamFinding::wrong("compression", text).with_fault(PathFault::Compression)
}

fn coding_of(headers: &HeaderMap) -> Option<&str> {
    let coding = headers.get(CONTENT_ENCODING)?.to_str().ok()?;
    (!coding.eq_ignore_ascii_case("identity")).then_some(coding)
}

fn text_of(headers: &HeaderMap, name: reqwest::header::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_stay_with_their_server() {
        let check = |from: &str, to: &str, expected: bool| {
            let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
            assert_eq!(is_same_server(&from, &to), expected, "{from} {to}");
        };
        check("http://a.example/old/events", "http://a.example/events", true);
        check("http://a.example:5000/a", "http://a.example:5000/b", true);
        check("http://a.example/a", "https://a.example/a", true);
        check("https://a.example/a", "http://a.example/a", false);
        check("http://a.example/a", "http://a.example:5000/a", false);
        check("http://a.example:5000/a", "https://a.example:5001/a", false);
        check("http://a.example/a", "https://a.example:5001/a", false);
        check("https://a.example/a", "https://b.example/a", false);
    }
}
