//! Publishing with and without tokens.

use access::{AccessFiles, BoardSet, Credentials, Token, TokenLine};
use axum::body::{Body, Bytes};
use axum::extract::Request;
use flight::PublisherName;
use futures_util::stream;
use http::StatusCode;
use server::{AccessSettings, HostRule, OriginSettings, Settings};

use crate::test_server::{TestResponse, TestServer};

const ROW: &str = "/boards/main/flights/I768";

const LINE: &str = r#"{"event":"flightAddition","data":{"flight":"G119","origin":"Rome"}}"#;

/// A server with credentials, and tokens for its boards.
struct GuardedServer {
    server: TestServer,
    main: Token,
    other: Token,
    reader: Token,
    /// Without an end, so that it is refused by its hash only.
    unknown: Token,
}

impl GuardedServer {
    async fn start() -> Self {
        let tokens = [(); 4].map(|()| Token::generate());
        let line = |token: &Token, name: &str, publish: BoardSet, follow: BoardSet| {
            let name = PublisherName::parse(name).unwrap();
            TokenLine::new(token, name).with_publish(publish).with_follow(follow).to_string()
        };
        let [main, other, reader, unknown] = tokens;
        let content = [
            line(&main, "tower", BoardSet::parse("main").unwrap(), BoardSet::none()),
            line(&other, "apron", BoardSet::parse("other").unwrap(), BoardSet::none()),
            line(&reader, "lobby", BoardSet::none(), BoardSet::All),
        ];
        let server = server_with_tokens(&content.join("\n")).await;
        Self { server, main, other, reader, unknown }
    }

    /// Sends a request with this value of `Authorization`.
    async fn send(&self, route: &Route, authorization: Option<&str>) -> TestResponse {
        let (method, path, content_type, body) = *route;
        let request =
            Request::builder().method(method).uri(path).header("content-type", content_type);
        let request = match authorization {
            Some(value) => request.header("authorization", value),
            None => request,
        };
        self.server.request(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn send_with(&self, route: &Route, token: &Token) -> TestResponse {
        self.send(route, Some(&format!("Bearer {}", token.secret()))).await
    }
}

/// A server with this content of its token file.
pub(crate) async fn server_with_tokens(content: &str) -> TestServer {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tokens");
    std::fs::write(&file, content).unwrap();
    let files = AccessFiles { tokens: Some(file), jwt: None };
    let credentials = Some(Credentials::load(files).unwrap());
    let access = AccessSettings { credentials, open_publishing: false };
    let origins = OriginSettings { host_rule: HostRule::Any, ..OriginSettings::default() };
    TestServer::with(Settings { access, origins, ..Settings::default() }).await
}

/// Method, path, content type, body.
type Route = (&'static str, &'static str, &'static str, &'static str);

/// All routes that change something but webhooks, whose URL is their secret. The first one makes the row that
/// others change.
const ROUTES: [Route; 7] = [
    ("PUT", ROW, "application/json", r#"{"origin":"London"}"#),
    ("PATCH", ROW, "application/json", r#"{"state":"landed"}"#),
    ("POST", "/boards/main/flights", "application/x-ndjson", LINE),
    ("POST", "/aidx", "application/xml", "<not-aidx/>"),
    ("DELETE", ROW, "", ""),
    ("PUT", "/boards/main", "application/json", r#"{"title":"Arrivals"}"#),
    ("DELETE", "/boards/main", "", ""),
];

fn assert_problem(answer: &TestResponse, status: StatusCode, challenge: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert!(answer.header("www-authenticate").starts_with(challenge), "{:?}", answer.headers);
    assert_eq!(answer.json()["status"], status.as_u16());
}

#[tokio::test]
async fn routes_without_a_token_get_401() {
    let guarded = GuardedServer::start().await;
    for route in &ROUTES {
        let realm = "Bearer realm=\"flightboard\"";
        let basic = format!("Basic {}", guarded.main.secret());
        for authorization in [None, Some("Bearer"), Some(&*basic), Some(guarded.main.secret())] {
            let answer = guarded.send(route, authorization).await;
            assert_problem(&answer, StatusCode::UNAUTHORIZED, realm);
        }
        let unknown = guarded.send_with(route, &guarded.unknown).await;
        let challenge = "Bearer realm=\"flightboard\", error=\"invalid_token\", error_description=";
        assert_problem(&unknown, StatusCode::UNAUTHORIZED, challenge);
        assert!(!unknown.body.contains(guarded.unknown.secret()));
    }
    assert_eq!(guarded.server.get(ROW).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn tokens_for_other_boards_get_403() {
    let guarded = GuardedServer::start().await;
    let challenge = "Bearer realm=\"flightboard\", error=\"insufficient_scope\"";
    for route in &ROUTES {
        assert_problem(
            &guarded.send_with(route, &guarded.reader).await,
            StatusCode::FORBIDDEN,
            challenge,
        );
        if route.1 != "/aidx" {
            assert_problem(
                &guarded.send_with(route, &guarded.other).await,
                StatusCode::FORBIDDEN,
                challenge,
            );
        }
    }
    let answer = guarded.server.get("/boards/main").await.json();
    assert_eq!(answer["flights"], 0, "{answer}");
}

#[tokio::test]
async fn tokens_publish_their_boards() {
    let guarded = GuardedServer::start().await;
    for route in &ROUTES {
        let answer = guarded.send_with(route, &guarded.main).await;
        let is_allowed = answer.status.is_success() || route.1 == "/aidx";
        assert!(is_allowed, "{route:?}: {} {}", answer.status, answer.body);
        assert_ne!(answer.status, StatusCode::FORBIDDEN);
    }
    // A board that is not there yet.
    let open = ("PUT", "/boards/other", "application/json", r#"{"title":"Other"}"#);
    assert_eq!(guarded.send_with(&open, &guarded.main).await.status, StatusCode::FORBIDDEN);
    assert_eq!(guarded.send_with(&open, &guarded.other).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn tokens_are_judged_before_bodies() {
    let guarded = GuardedServer::start().await;
    for (method, path, content_type, _) in ROUTES {
        let endless = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        let request =
            Request::builder().method(method).uri(path).header("content-type", content_type);
        let answer = guarded.server.request(request.body(endless).unwrap()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
}

#[tokio::test]
async fn repeated_token_header_is_refused() {
    let guarded = GuardedServer::start().await;
    let bearer = format!("Bearer {}", guarded.main.secret());
    let request =
        Request::put(ROW).header("authorization", &bearer).header("authorization", &bearer);
    let request =
        request.header("content-type", "application/json").body(Body::from("{}")).unwrap();
    assert_eq!(guarded.server.request(request).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn public_boards_need_no_token() {
    let guarded = GuardedServer::start().await;
    for path in ["/boards", "/boards/main", "/boards/main/flights", "/healthz"] {
        assert_eq!(guarded.server.get(path).await.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn open_servers_ignore_tokens() {
    let server = TestServer::new().await;
    let request = Request::put(ROW).header("content-type", "application/json");
    let request = request.header("authorization", "Bearer of-another-server");
    let answer = server.request(request.body(Body::from(r#"{"origin":"Rome"}"#)).unwrap()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
}

#[tokio::test]
async fn refusals_are_counted() {
    let guarded = GuardedServer::start().await;
    let private = ("PUT", "/boards/main", "application/json", r#"{"private":true}"#);
    assert_eq!(guarded.send_with(&private, &guarded.main).await.status, StatusCode::OK);
    let page = Request::get("/boards/main").header("accept", "text/html").body(Body::empty());
    assert_eq!(guarded.server.request(page.unwrap()).await.status, StatusCode::UNAUTHORIZED);
    for route in &ROUTES {
        guarded.send(route, None).await;
        guarded.send_with(route, &guarded.unknown).await;
        guarded.send_with(route, &guarded.reader).await;
        let foreign = Request::builder().method(route.0).uri(route.1);
        let foreign = foreign.header("origin", "https://evil.example");
        let foreign = foreign.header("authorization", "Bearer x").body(Body::empty());
        assert_eq!(guarded.server.request(foreign.unwrap()).await.status, StatusCode::FORBIDDEN);
    }
    let metrics = guarded.server.get("/metrics").await.body;
    let count = |reason: &str| {
        let line = format!("flightboard_requests_without_right_total{{reason=\"{reason}\"}} ");
        let value = metrics.lines().find_map(|found| found.strip_prefix(&line));
        value.unwrap_or_else(|| panic!("no {line}")).parse::<usize>().unwrap()
    };
    // The page as well.
    assert_eq!(count("token_missing"), ROUTES.len() + 1);
    assert_eq!(count("token_invalid"), ROUTES.len());
    assert_eq!(count("right_missing"), ROUTES.len());
    assert_eq!(count("foreign"), ROUTES.len());
}
