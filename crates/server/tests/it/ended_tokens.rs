//! Changes with a token that ends while their body arrives, or while they are applied.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use access::BoardSet;
use axum::body::Body;
use axum::extract::Request;
use engine::MAX_PUBLISHED_AT_ONCE;
use futures_util::stream;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use journal::{Journal, MemoryJournal};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::aidx::message;
use crate::aidx_rights::leg;
use crate::private_boards::{TokenFile, bearer};
use crate::shared_journal::SharedJournal;
use crate::test_server::{TestResponse, TestServer};

/// Upper bound for anything that a test waits for.
const TIMEOUT: Duration = Duration::from_secs(60);

const BOARD: &str = "/boards/osl";
const ROWS: &str = "/boards/osl/flights";

/// The only row at the start.
const ROW: &str = "/boards/osl/flights/I768";

/// A change that needs a token.
#[derive(Clone)]
struct Upload {
    method: &'static str,
    path: &'static str,
    content_type: &'static str,
    is_conditional: bool,
    body: String,
}

impl Upload {
    fn new(method: &'static str, path: &'static str, body: impl Into<String>) -> Self {
        let content_type = match path {
            ROWS => "application/x-ndjson",
            "/aidx" => "application/xml",
            _ => "application/json",
        };
        Self { method, path, content_type, is_conditional: false, body: body.into() }
    }

    fn lines(numbers: std::ops::Range<usize>) -> Self {
        let line = |number| {
            let data = json!({ "flight": format!("F{number}") });
            json!({ "event": "flightAddition", "data": data }).to_string()
        };
        Self::new("POST", ROWS, numbers.map(line).collect::<Vec<_>>().join("\n"))
    }

    fn legs(numbers: std::ops::Range<u32>) -> Self {
        let legs = numbers.map(|number| leg(number, "OSL")).collect::<String>();
        Self::new("POST", "/aidx", message("2026-11-22T08:00:00Z", &legs))
    }

    fn if_present(self) -> Self {
        Self { is_conditional: true, ..self }
    }
}

/// A server with the arrivals of Oslo, and a token that may change all boards until it ends.
struct EndingToken {
    file: TokenFile,
    server: TestServer,
}

impl EndingToken {
    async fn start(journal: impl Journal, end: Option<Timestamp>) -> Arc<Self> {
        let file = TokenFile::new();
        file.write(&[file.follower_line().with_publish(BoardSet::All).with_end(end)]);
        let server = TestServer::on(journal, file.settings()).await;
        let board = json!({ "airport": "OSL", "kind": "arrivals" });
        file.publish(&server, "PUT", BOARD, board).await;
        file.publish(&server, "PUT", ROW, json!({ "gate": "1" })).await;
        Arc::new(Self { file, server })
    }

    async fn send(&self, upload: &Upload, body: Body) -> TestResponse {
        let mut request = Request::builder().method(upload.method).uri(upload.path);
        request = request.header("content-type", upload.content_type);
        request = request.header("authorization", bearer(&self.file.follower));
        if upload.is_conditional {
            request = request.header("if-match", "*");
        }
        self.server.request(request.body(body).unwrap()).await
    }

    async fn remove(&self) {
        self.file.write(&[]);
        self.wait_end().await;
    }

    /// Waits until the server refuses the token.
    async fn wait_end(&self) {
        // The token is judged before the type.
        let upload = Upload { content_type: "text/plain", ..Upload::new("PUT", BOARD, "") };
        let ended = async {
            while self.send(&upload, Body::empty()).await.status != StatusCode::UNAUTHORIZED {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(TIMEOUT, ended).await.expect("the token ends");
    }

    /// The board with its rows.
    async fn rows(&self) -> Value {
        self.server.get(ROWS).await.json()
    }

    async fn row_count(&self) -> usize {
        self.rows().await["flights"].as_array().unwrap().len()
    }
}

fn is_refusal(answer: &TestResponse) -> bool {
    let challenge = "Bearer realm=\"flightboard\", error=\"invalid_token\"";
    answer.status == StatusCode::UNAUTHORIZED
        && answer.header("content-type") == "application/problem+json"
        && answer.header("www-authenticate").starts_with(challenge)
}

#[tokio::test]
async fn tokens_removed_during_bodies_change_nothing() {
    let mut wrong = Vec::new();
    for upload in [
        Upload::new("PUT", ROW, r#"{"gate":"2"}"#),
        Upload::new("PATCH", ROW, r#"{"gate":"2"}"#),
        Upload::new("PUT", BOARD, r#"{"title":"Oslo"}"#),
        Upload::lines(0..2),
        Upload::lines(0..2).if_present(),
        Upload::legs(1..3),
    ] {
        let ending = EndingToken::start(MemoryJournal::default(), None).await;
        let before = ending.rows().await;
        let (token, body) = (Arc::clone(&ending), upload.body.clone());
        // The server asks for the body once it has judged the token.
        let body = stream::once(async move {
            token.remove().await;
            Ok::<_, Infallible>(body)
        });
        let answer = ending.send(&upload, Body::from_stream(body)).await;
        if !is_refusal(&answer) || ending.rows().await != before {
            let Upload { method, path, is_conditional, .. } = upload;
            wrong.push(format!("{method} {path} {is_conditional}: {}", answer.status));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[tokio::test]
async fn tokens_expired_during_bodies_change_nothing() {
    let upload = Upload::lines(0..2).if_present();
    // A loaded machine may need longer than the first tokens last.
    for secs in [2, 10, 60] {
        let end = Timestamp::now() + SignedDuration::from_secs(secs);
        let ending = EndingToken::start(MemoryJournal::default(), Some(end)).await;
        let before = ending.rows().await;
        let has_begun = Arc::<AtomicBool>::default();
        let (token, begun, body) =
            (Arc::clone(&ending), Arc::clone(&has_begun), upload.body.clone());
        let body = stream::once(async move {
            begun.store(true, Ordering::Relaxed);
            token.wait_end().await;
            Ok::<_, Infallible>(body)
        });
        let answer = ending.send(&upload, Body::from_stream(body)).await;
        assert!(is_refusal(&answer), "{} {}", answer.status, answer.body);
        assert_eq!(ending.rows().await, before);
        if has_begun.load(Ordering::Relaxed) {
            return;
        }
    }
    panic!("no body was asked for before the token had expired");
}

/// Sends a change, and removes its token while its first update, which has this text, is being applied.
async fn remove_meanwhile(upload: &Upload, text: &str) -> (TestResponse, Arc<EndingToken>) {
    let journal = SharedJournal::new();
    let ending = EndingToken::start(journal.clone(), None).await;
    journal.held.send_replace(true);
    let (answer, ()) = tokio::join!(ending.send(upload, Body::from(upload.body.clone())), async {
        let written = async {
            while journal.written(text) == 0 {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(TIMEOUT, written).await.expect("the first update is written");
        ending.remove().await;
        journal.held.send_replace(false);
    });
    (answer, ending)
}

#[tokio::test]
async fn bulks_end_with_their_token() {
    for (upload, accepted) in [
        (Upload::lines(0..MAX_PUBLISHED_AT_ONCE + 1), MAX_PUBLISHED_AT_ONCE),
        (Upload::lines(0..2).if_present(), 1),
    ] {
        let (answer, ending) = remove_meanwhile(&upload, "\"F0\"").await;
        assert_eq!(answer.body.matches(r#""status":200"#).count(), accepted);
        let last = answer.body.lines().nth(accepted).unwrap();
        assert!(last.contains(r#""status":401"#), "{last}");
        assert_eq!(ending.row_count().await, 1 + accepted);
    }
}

#[tokio::test]
async fn messages_end_with_their_token() {
    let batch = u32::try_from(MAX_PUBLISHED_AT_ONCE).unwrap();
    let (answer, ending) = remove_meanwhile(&Upload::legs(1..batch + 2), "SK1").await;
    assert!(is_refusal(&answer), "{} {}", answer.status, answer.body);
    assert_eq!(ending.row_count().await, 1 + MAX_PUBLISHED_AT_ONCE);
}
