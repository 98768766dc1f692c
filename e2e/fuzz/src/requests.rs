//! Requests to a router, and bytes to connections.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::LazyLock;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode};
use engine::Engine;
use http_body_util::BodyExt;
use journal::{JournalOptions, MemoryJournal};
use server::{App, Listener, Settings};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// Journals of long runs stay within this.
const KEPT_BYTES: u64 = 1024 * 1024;

/// A response takes longer only if the server waits for something.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

static ROUTER: LazyLock<Router> = LazyLock::new(|| {
    RUNTIME.block_on(async { server::routes(new_app(Settings::default()).await) })
});

/// Servers with and without threads for followers: the first takes the fast path.
static SERVERS: LazyLock<[SocketAddr; 2]> = LazyLock::new(|| {
    [1, 0].map(|reactor_threads| {
        RUNTIME.block_on(async {
            let settings = Settings { reactor_threads, ..Settings::default() };
            let app = new_app(settings).await;
            let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let listener = Listener::plain(socket).unwrap();
            let address = listener.address();
            tokio::spawn(server::serve(vec![listener], app, std::future::pending()));
            address
        })
    })
});

async fn new_app(settings: Settings) -> App {
    let options = JournalOptions { keep_bytes: Some(KEPT_BYTES), ..JournalOptions::default() };
    let journal = MemoryJournal::new(options);
    App::new(Engine::start(journal, settings.window_bytes).await.unwrap(), settings)
}

/// The body of a bulk request. Each line that is not empty has an outcome.
pub(crate) fn bulk(bytes: &[u8]) {
    let request = Request::post("/boards/main/flights")
        .header("host", "localhost")
        .header("content-type", "application/x-ndjson")
        .body(Body::from(bytes.to_vec()))
        .unwrap();
    let router = ROUTER.clone();
    let outcomes = RUNTIME.block_on(async {
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body().collect().await.unwrap().to_bytes()
    });
    let is_blank =
        |line: &&[u8]| line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii().is_empty();
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !is_blank(line)).count();
    let outcomes: Vec<_> =
        outcomes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    assert_eq!(outcomes.len(), lines, "{}", String::from_utf8_lossy(bytes));
    for outcome in outcomes {
        let outcome: serde_json::Value = serde_json::from_slice(outcome).unwrap();
        assert!(outcome["status"].as_u64().unwrap() < 500, "{outcome}");
    }
}

/// The header `Last-Event-ID`, and the same as a parameter. A stream always opens.
pub(crate) fn last_event_id(bytes: &[u8]) {
    let Ok(header) = HeaderValue::from_bytes(bytes) else { return };
    let in_header = Request::get("/events").header("last-event-id", header);
    let escaped: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
    let in_query = Request::get(format!("/events?lastEventId={escaped}"));
    for request in [in_header, in_query] {
        let request = request.header("host", "localhost").body(Body::empty()).unwrap();
        let router = ROUTER.clone();
        let status = RUNTIME.block_on(async {
            let response = router.oneshot(request).await.unwrap();
            let status = response.status();
            let first = response.into_body().frame().await;
            assert!(first.unwrap().unwrap().into_data().is_ok_and(|bytes| !bytes.is_empty()));
            status
        });
        assert_eq!(status, StatusCode::OK);
    }
}

/// The bytes of a connection. Both ways in which the server reads them lead to the same status.
pub(crate) fn connection(bytes: &[u8]) {
    let [fast, ordinary] = SERVERS.map(|address| first_status(address, bytes));
    assert_eq!(fast, ordinary, "{}", String::from_utf8_lossy(bytes));
    let is_server_error = fast.as_deref().is_some_and(|status| status.starts_with('5'));
    assert!(!is_server_error || fast.as_deref() == Some("501"), "{fast:?}");
}

/// Sends the bytes and returns the status of the first response in HTTP/1; `None` without one.
fn first_status(address: SocketAddr, bytes: &[u8]) -> Option<String> {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(RESPONSE_TIMEOUT)).unwrap();
    // The server may already have closed the connection.
    let _ = socket.write_all(bytes);
    let _ = socket.shutdown(Shutdown::Write);
    let mut start = Vec::new();
    let mut buffer = [0; 256];
    while start.len() < b"HTTP/1.1 200".len() {
        match socket.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => start.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            // By the timer of libFuzzer.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(bytes)),
        }
    }
    let text = String::from_utf8_lossy(&start).into_owned();
    text.strip_prefix("HTTP/1.").map(|rest| rest.chars().skip(2).take(3).collect())
}
