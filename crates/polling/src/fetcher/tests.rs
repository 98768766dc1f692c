//! Answers of an HTTP server, good and bad.

use std::io::Write;
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;

use feeds::SourceKey;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection};
use testkit::fake_upstream::{BodyEnding, FakeUpstream, UpstreamAnswer};

use super::*;
use crate::api_key::ApiKey;

const TERMS: SourceTerms = SourceTerms {
    name: "test",
    title: "Test",
    owner: "Test",
    key: SourceKey::Header("X-Test-Key"),
    least_interval: Duration::from_secs(60),
    monthly_requests: None,
    terms: "none",
    attribution: "Test",
    link: None,
    board_note: None,
};

const LIMITS: FetchLimits = FetchLimits {
    answer_bytes: 100_000,
    remembered_bytes: 1_000,
    read_timeout: Duration::from_secs(2),
    request_timeout: Duration::from_secs(3),
};

fn fetcher(source_url: &str) -> Fetcher {
    let options = FeedOptions {
        source_url: Some(source_url.parse().unwrap()),
        api_key: Some(ApiKey::parse("secret").unwrap()),
        ..FeedOptions::default()
    };
    Fetcher::new(&TERMS, &options, LIMITS).unwrap()
}

fn request(path: &str) -> SourceRequest {
    SourceRequest::get(format!("https://source.example{path}"))
}

async fn fetch(upstream: &FakeUpstream) -> FetchedAnswers {
    fetcher(&upstream.url()).fetch(&[request("/flights?airport=OSL")]).await
}

async fn fetch_error(answer: UpstreamAnswer) -> String {
    let upstream = FakeUpstream::start(move |_| answer.clone());
    let fetched = fetch(&upstream).await;
    assert!(!fetched.all_not_modified);
    fetched.answers[0].clone().unwrap_err()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn requests_name_program_and_key() {
    let upstream = FakeUpstream::start(|_| UpstreamAnswer::json("[]"));
    let source_request =
        SourceRequest { headers: &[("X-Test-Host", "example")], ..request("/flights?airport=OSL") };
    let fetched = fetcher(&upstream.url()).fetch(&[source_request]).await;
    assert_eq!(fetched.answers, [Ok(HttpAnswer { status: 200, body: "[]".to_owned() })]);
    let sent = &upstream.requests()[0];
    assert_eq!(sent.target, "/flights?airport=OSL");
    assert!(sent.headers["user-agent"].starts_with("flightboard/"), "{sent:?}");
    assert_eq!(sent.headers["accept-encoding"], "zstd,gzip,br");
    assert_eq!(sent.headers["x-test-key"], "secret");
    assert_eq!(sent.headers["x-test-host"], "example");
}

#[test]
fn key_stays_with_the_source() {
    for (source_url, expected) in
        [(None, true), (Some("http://127.0.0.1:9"), true), (Some("https://mirror.example"), false)]
    {
        let source_url = source_url.map(|text| text.parse().unwrap());
        let api_key = Some(ApiKey::parse("secret").unwrap());
        let options = FeedOptions { source_url, api_key, ..FeedOptions::default() };
        let fetcher = Fetcher::new(&TERMS, &options, LIMITS).unwrap();
        assert_eq!(fetcher.key_header.is_some(), expected, "{options:?}");
    }
}

#[tokio::test]
async fn compressed_bodies_are_decoded() {
    let text = "ø".repeat(5_000);
    let mut brotli = Vec::new();
    let mut bytes = text.as_bytes();
    brotli::BrotliCompress(&mut bytes, &mut brotli, &brotli::enc::BrotliEncoderParams::default())
        .unwrap();
    let zstd = zstd::encode_all(text.as_bytes(), 0).unwrap();
    for (coding, body) in [("gzip", gzip(text.as_bytes())), ("br", brotli), ("zstd", zstd)] {
        let answer = UpstreamAnswer::json("").header("content-encoding", coding);
        let answer = UpstreamAnswer { body, ..answer };
        let upstream = FakeUpstream::start(move |_| answer.clone());
        let answer = fetch(&upstream).await.answers.remove(0);
        assert_eq!(answer.map(|answer| answer.body), Ok(text.clone()), "{coding}");
    }
}

#[tokio::test]
async fn sizes_are_limited() {
    let bomb = gzip(&vec![b' '; 50_000_000]);
    assert!(bomb.len() < LIMITS.answer_bytes);
    let bomb = UpstreamAnswer { body: bomb, ..UpstreamAnswer::json("") };
    for answer in [
        bomb.header("content-encoding", "gzip"),
        UpstreamAnswer::json("[").ending(BodyEnding::Endless),
        UpstreamAnswer::json(" ".repeat(LIMITS.answer_bytes + 1)),
    ] {
        let error = fetch_error(answer).await;
        assert_eq!(error, "the answer of 127.0.0.1 is larger than 97.7 KiB");
    }
}

#[tokio::test]
async fn times_are_limited() {
    let slow = UpstreamAnswer::json("[").ending(BodyEnding::Slow);
    assert_eq!(fetch_error(slow).await, "127.0.0.1 does not complete its answer in time");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = [request("/a"), request("/b"), request("/c")];
    let start = tokio::time::Instant::now();
    let fetched = fetcher(&url).fetch(&requests).await;
    // The source is away, so the other two are not tried.
    assert!(start.elapsed() < LIMITS.request_timeout * 3);
    let error = Err("127.0.0.1 does not complete its answer in time".to_owned());
    assert_eq!(fetched.answers, [error.clone(), error.clone(), error]);
}

#[tokio::test]
async fn failures_have_a_reason() {
    for (answer, expected) in [
        (UpstreamAnswer::none(), "cannot read the answer of 127.0.0.1: "),
        (
            UpstreamAnswer::json("[1, 2, 3]").ending(BodyEnding::Cut),
            "cannot read the answer of 127.0.0.1: ",
        ),
        (
            UpstreamAnswer::json("[]").header("content-encoding", "gzip"),
            "cannot read the answer of 127.0.0.1: ",
        ),
        (
            UpstreamAnswer::new(200, "text/plain", &b"\xc5rhus"[..]),
            "the answer is not text in UTF-8: set --charset",
        ),
        (
            UpstreamAnswer::new(500, "text/html", "<html>"),
            "127.0.0.1 answers 500 Internal Server Error",
        ),
        (UpstreamAnswer::new(404, "text/plain", ""), "127.0.0.1 answers 404 Not Found"),
        (
            UpstreamAnswer::new(403, "text/html", "<html>"),
            "127.0.0.1 refuses access (403 Forbidden); check the key",
        ),
    ] {
        let error = fetch_error(answer).await;
        assert!(error.starts_with(expected), "{error}");
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut fetcher = fetcher(&format!("http://127.0.0.1:{port}"));
    let error = fetcher.fetch(&[request("/?key=hidden")]).await.answers.remove(0).unwrap_err();
    assert!(error.starts_with("cannot connect to 127.0.0.1: Connection refused"), "{error}");
}

#[tokio::test]
async fn retry_after_ends_the_poll() {
    for status in [429, 503, 403] {
        let answer = UpstreamAnswer::new(status, "text/plain", "").header("retry-after", 120);
        let upstream = FakeUpstream::start(move |_| answer.clone());
        let requests = [request("/a"), request("/b")];
        let fetched = fetcher(&upstream.url()).fetch(&requests).await;
        assert_eq!(fetched.retry_after, Some(Duration::from_secs(120)));
        assert_eq!(fetched.answers.len(), 2);
        assert_eq!(fetched.answers[0], fetched.answers[1]);
        assert_eq!(upstream.request_count(), 1, "{status}");
    }
}

#[tokio::test]
async fn other_failures_do_not_end_it() {
    let upstream = FakeUpstream::start(|request| match request.target.as_str() {
        "/a" => UpstreamAnswer::new(404, "text/plain", ""),
        _ => UpstreamAnswer::json("[]"),
    });
    let fetched = fetcher(&upstream.url()).fetch(&[request("/a"), request("/b")]).await;
    assert!(fetched.answers[0].is_err() && fetched.answers[1].is_ok());
}

#[tokio::test]
async fn redirects_stay_within_the_host() {
    let other = FakeUpstream::start(|_| UpstreamAnswer::json("[]"));
    let port = other.address().port();
    for location in [format!("http://localhost:{port}/"), format!("http://127.0.0.1:{port}/")] {
        let answer = UpstreamAnswer::new(302, "text/plain", "").header("location", &location);
        let error = fetch_error(answer).await;
        assert!(error.contains("redirects to") && error.contains("302 Found"), "{error}");
    }
    assert_eq!(other.request_count(), 0);
    let upstream = FakeUpstream::start(|request| match request.target.as_str() {
        "/new" => UpstreamAnswer::json("[]"),
        _ => UpstreamAnswer::new(301, "text/plain", "").header("location", "/new"),
    });
    assert!(fetch(&upstream).await.answers[0].is_ok());
    let loops = UpstreamAnswer::new(301, "text/plain", "").header("location", "/again");
    assert!(fetch_error(loops).await.contains("301"));
}

#[tokio::test]
async fn unchanged_answers_are_repeated() {
    let upstream = FakeUpstream::start(|request| {
        let known = request.headers.get("if-none-match").map(String::as_str) == Some("\"1\"")
            && request.headers.contains_key("if-modified-since");
        match (known, request.target.as_str()) {
            (true, _) => UpstreamAnswer::new(304, "text/plain", ""),
            (false, "/large") => UpstreamAnswer::json(" ".repeat(LIMITS.remembered_bytes + 1))
                .header("etag", "\"1\""),
            (false, target) => UpstreamAnswer::json(target)
                .header("etag", "\"1\"")
                .header("last-modified", "Sat, 28 Nov 2026 12:00:00 GMT"),
        }
    });
    let mut fetcher = fetcher(&upstream.url());
    let requests = [request("/a"), request("/b")];
    let first = fetcher.fetch(&requests).await;
    let second = fetcher.fetch(&requests).await;
    assert!(!first.all_not_modified && second.all_not_modified);
    assert_eq!(second.answers, first.answers);
    assert_eq!(upstream.request_count(), 4);
    // One new answer among them, and one that is too large to be kept.
    for _ in 0..2 {
        let mixed = fetcher.fetch(&[request("/b"), request("/large")]).await;
        assert!(!mixed.all_not_modified);
        assert_eq!(mixed.answers[0], first.answers[1]);
        assert!(mixed.answers[1].is_ok());
    }
    assert_eq!(fetcher.remembered.len(), 1);
}

#[tokio::test]
async fn unasked_304_is_a_failure() {
    let error = fetch_error(UpstreamAnswer::new(304, "text/plain", "")).await;
    assert_eq!(error, "127.0.0.1 answers 304 Not Modified");
}

#[tokio::test]
async fn unknown_certificates_are_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key.into())
        .unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
        connection.complete_io(&mut stream).is_err()
    });
    let mut fetcher = fetcher(&format!("https://127.0.0.1:{port}"));
    let error = fetcher.fetch(&[request("/")]).await.answers.remove(0).unwrap_err();
    assert!(error.starts_with("cannot connect to 127.0.0.1: invalid peer certificate"), "{error}");
    assert!(server.join().unwrap());
}

#[test]
fn proxies_are_not_used_for_loopback() {
    let proxy = "http://127.0.0.1:1";
    let variables = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
    run_with(&variables.map(|variable| (variable, proxy)));
}

#[test]
fn machines_without_certificates_can_ask() {
    run_with(&[("SSL_CERT_FILE", "/nonexistent"), ("SSL_CERT_DIR", "/nonexistent")]);
}

/// Runs a test of a request in a process with these variables.
fn run_with(variables: &[(&str, &str)]) {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program);
    child.args(["--exact", "fetcher::tests::requests_name_program_and_key"]);
    child.envs(variables.iter().copied());
    let output = child.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}
