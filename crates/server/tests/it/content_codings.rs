//! Compressed responses and request bodies (RFC 9110, section 8.4), and the formats of responses.

use std::io::{Read, Write};

use axum::body::Body;
use axum::extract::Request;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;

use crate::test_server::TestServer;

const ROW: &str = "/boards/main/flights/A1";

/// Sends a request. Returns the body as bytes.
async fn send(server: &TestServer, request: http::request::Builder, body: Vec<u8>) -> Answer {
    let request: Request = request.body(Body::from(body)).unwrap();
    let response = server::routes(server.app.clone()).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn decoded(answer: &Answer) -> Vec<u8> {
    let mut content = Vec::new();
    match answer.header("content-encoding") {
        "" => content.clone_from(&answer.body),
        "gzip" => drop(GzDecoder::new(&answer.body[..]).read_to_end(&mut content).unwrap()),
        "zstd" => content = zstd::decode_all(&answer.body[..]).unwrap(),
        other => panic!("{other}"),
    }
    content
}

#[tokio::test]
async fn large_answers_are_compressed() {
    let server = TestServer::new().await;
    server.put_rows(0..100).await;
    let plain = server.get("/boards/main/flights").await;
    let tag = plain.header("etag").trim_matches('"').to_owned();
    for (accepted, coding) in [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("*", "zstd"),
        ("zstd;q=0.1, gzip;q=0.2", "gzip"),
        ("gzip;q=0", ""),
        ("identity, gzip;q=0.9", ""),
        ("", ""),
    ] {
        let request = |method: &str| {
            let request = Request::builder().method(method).uri("/boards/main/flights");
            request.header("accept-encoding", accepted)
        };
        let got = send(&server, request("GET"), Vec::new()).await;
        assert_eq!(got.header("content-encoding"), coding, "{accepted}");
        assert_eq!(decoded(&got), plain.body.as_bytes(), "{accepted}");
        assert_eq!(got.header("vary"), "accept-encoding", "{accepted}");
        assert_eq!(got.header("content-length"), got.body.len().to_string(), "{accepted}");
        let suffix = if coding.is_empty() { String::new() } else { format!("-{coding}") };
        assert_eq!(got.header("etag"), format!("\"{tag}{suffix}\""), "{accepted}");
        let head = send(&server, request("HEAD"), Vec::new()).await;
        assert_eq!((&head.headers, head.body.len()), (&got.headers, 0), "{accepted}");
        let known = request("GET").header("if-none-match", got.header("etag"));
        let known = send(&server, known, Vec::new()).await;
        assert_eq!(known.status, StatusCode::NOT_MODIFIED, "{accepted}");
        assert_eq!(known.header("etag"), got.header("etag"), "{accepted}");
    }
}

#[tokio::test]
async fn small_answers_and_streams_stay_plain() {
    let server = TestServer::new().await;
    server.put_rows(0..100).await;
    for path in ["/boards/main/flights/T0", "/healthz", "/boards/main"] {
        let request = Request::get(path).header("accept-encoding", "gzip");
        let got = send(&server, request, Vec::new()).await;
        assert_eq!(got.header("content-encoding"), "", "{path}");
        assert!(serde_json::from_slice::<serde_json::Value>(&got.body).is_ok(), "{path}");
    }
    let request = Request::get("/events").header("accept-encoding", "gzip, *");
    let request = request.body(Body::empty()).unwrap();
    let (_, headers, mut stream) = server.open_stream(request).await;
    assert!(!headers.contains_key("content-encoding"));
    assert!(headers.get_all("vary").iter().all(|name| name != "accept-encoding"));
    assert_eq!(stream.event().await.unwrap().0, "timetable");
}

#[tokio::test]
async fn large_assets_are_compressed_ahead() {
    let server = TestServer::new().await;
    let index = server.get("/").await.body;
    let is_script = |text: &&str| text.starts_with("/assets/page-") && text.ends_with(".js");
    let asset = index.split('"').find(is_script).unwrap();
    let plain = server.get(asset).await;
    let request = |accepted| Request::get(asset).header("accept-encoding", accepted);
    let br = send(&server, request("gzip, deflate, br, zstd"), Vec::new()).await;
    assert_eq!(br.header("content-encoding"), "br");
    assert_eq!(br.header("content-type"), plain.header("content-type"));
    assert_eq!(br.header("cache-control"), plain.header("cache-control"));
    assert_eq!(br.header("vary"), "accept-encoding");
    assert!(br.body.len() * 2 < plain.body.len(), "{} of {}", br.body.len(), plain.body.len());
    let gzip = send(&server, request("gzip, br;q=0"), Vec::new()).await;
    assert_eq!(gzip.header("content-encoding"), "gzip");
    assert_eq!(decoded(&gzip), plain.body.as_bytes());
}

#[tokio::test]
async fn request_bodies_may_be_compressed() {
    let server = TestServer::new().await;
    let body = br#"{"gate":"1"}"#.to_vec();
    let zstd = zstd::encode_all(&body[..], 1).unwrap();
    let bomb = gzip(&vec![b' '; 10_000_000]);
    let zstd_bomb = zstd::encode_all(&vec![b' '; 10_000_000][..], 1).unwrap();
    let cases: &[(&[&str], &[u8], u16, &str)] = &[
        (&["gzip"], &gzip(&body), 200, ""),
        (&["X-GZIP"], &gzip(&body), 200, ""),
        (&["zstd"], &zstd, 200, ""),
        (&["identity"], &body, 200, ""),
        (&["", "identity, gzip"], &gzip(&body), 200, ""),
        (&["gzip"], &body, 400, "body"),
        (&["zstd"], &zstd[..zstd.len() - 1], 400, "body"),
        (&["gzip"], &gzip(b"{"), 400, "body"),
        (&["gzip"], &bomb, 413, "body"),
        (&["zstd"], &zstd_bomb, 413, "body"),
        (&["br"], &body, 415, "Content-Encoding"),
        (&["deflate"], &body, 415, "Content-Encoding"),
        (&["gzip, gzip"], &gzip(&gzip(&body)), 415, "Content-Encoding"),
        (&["gzip", "zstd"], &body, 415, "Content-Encoding"),
        (&["*"], &body, 415, "Content-Encoding"),
    ];
    server.send("PUT", ROW, json!({})).await;
    for (codings, body, expected, field) in cases {
        let mut request = Request::patch(ROW).header("content-type", "application/json");
        for coding in *codings {
            request = request.header("content-encoding", *coding);
        }
        let answer = send(&server, request, body.to_vec()).await;
        assert_eq!(answer.status, *expected, "{codings:?}");
        let is_coding = *field == "Content-Encoding";
        let supported = if is_coding { "gzip, zstd" } else { "" };
        assert_eq!(answer.header("accept-encoding"), supported, "{codings:?}");
        if !field.is_empty() {
            let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(problem["field"], *field, "{codings:?}");
        }
    }
    let line = br#"{"event":"flightRemoval","data":{"flight":"A1"}}"#;
    let request = Request::post("/boards/main/flights").header("content-encoding", "gzip");
    let request = request.header("content-type", "application/x-ndjson");
    let answer = send(&server, request, gzip(line)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(server.get(ROW).await.status, 404);
}

#[tokio::test]
async fn formats_follow_the_weights() {
    let server = TestServer::new().await;
    for (accept, content_type) in [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/json;q=0.5, TEXT/HTML", "text/html"),
        ("text/*", "text/html"),
        ("application/json, text/html;q=0.9", "application/json"),
        ("text/html;q=0, */*", "application/json"),
        ("application/x;y=\"text/html\", */*", "application/json"),
        ("*/*", "application/json"),
        ("image/png", "application/json"),
    ] {
        let answer = server.request(
            Request::get("/boards/main/").header("accept", accept).body(Body::empty()).unwrap(),
        );
        let answer = answer.await;
        assert!(answer.header("content-type").starts_with(content_type), "{accept}");
        let vary: Vec<_> = answer.headers.get_all("vary").iter().collect();
        assert!(vary.iter().any(|name| *name == "accept"), "{accept}: {vary:?}");
    }
}
