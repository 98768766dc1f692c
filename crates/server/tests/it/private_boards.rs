//! Private boards: the right to read them, by any URL.

use std::fs;
use std::path::PathBuf;

use access::{AccessFiles, BoardSet, Credentials, Token, TokenLine};
use axum::body::Body;
use axum::extract::Request;
use flight::PublisherName;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use server::{AccessSettings, Settings};
use tempfile::TempDir;

use crate::test_server::{TestResponse, TestServer};

/// The URLs with content of the board `hall`, whose only row is `I768`. The first and the last do not have its gate.
const HALL_URLS: [&str; 8] = [
    "/boards/hall",
    "/boards/hall/events",
    "/boards/hall/changes",
    "/boards/hall/flights",
    "/boards/hall/flights/I768",
    "/boards/hall/flights/I768/events",
    "/acris/flight/osl/arrival",
    "/boards/hall/punctuality",
];

/// A token file with a publisher of all boards, a follower of `hall`, and a follower of `other`.
pub(crate) struct TokenFile {
    path: PathBuf,
    pub(crate) publisher: Token,
    pub(crate) follower: Token,
    pub(crate) stranger: Token,
    _folder: TempDir,
}

impl TokenFile {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        let [publisher, follower, stranger] = [0; 3].map(|_| Token::generate());
        let file = Self { path, publisher, follower, stranger, _folder: folder };
        file.write(&[file.follower_line()]);
        file
    }

    /// Writes the file with these lines for followers of `hall`.
    pub(crate) fn write(&self, followers: &[TokenLine]) {
        let publisher = follower_line(&self.publisher, "hall").with_publish(BoardSet::All);
        let stranger = follower_line(&self.stranger, "other");
        let lines = [publisher, stranger].into_iter().chain(followers.iter().cloned());
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        let new = self.path.with_extension("new");
        fs::write(&new, text).unwrap();
        fs::rename(new, &self.path).unwrap();
    }

    pub(crate) fn follower_line(&self) -> TokenLine {
        follower_line(&self.follower, "hall")
    }

    pub(crate) fn settings(&self) -> Settings {
        let files = AccessFiles { tokens: Some(self.path.clone()), ..AccessFiles::default() };
        let credentials = Some(Credentials::load(files).unwrap());
        let access = AccessSettings { credentials, ..AccessSettings::default() };
        Settings { access, ..Settings::default() }
    }

    /// Changes something with the publisher's token.
    pub(crate) async fn publish(&self, server: &TestServer, method: &str, path: &str, json: Value) {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("content-type", "application/json");
        let request = request.header("authorization", bearer(&self.publisher));
        let answer = server.request(request.body(Body::from(json.to_string())).unwrap()).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.body);
    }

    /// Opens the board `hall` with a row.
    pub(crate) async fn open_hall(&self, server: &TestServer, is_private: bool) {
        let settings = json!({ "airport": "OSL", "private": is_private });
        self.publish(server, "PUT", "/boards/hall", settings).await;
        self.publish(server, "PUT", "/boards/hall/flights/I768", json!({ "gate": "A1" })).await;
    }
}

fn follower_line(token: &Token, boards: &str) -> TokenLine {
    let line = TokenLine::new(token, PublisherName::parse("someone").unwrap());
    line.with_follow(BoardSet::parse(boards).unwrap())
}

pub(crate) fn expiring_line(token: &Token, expires: Timestamp) -> TokenLine {
    follower_line(token, "hall").with_end(Some(expires))
}

pub(crate) fn bearer(token: &Token) -> String {
    format!("Bearer {}", token.secret())
}

pub(crate) fn cookie(token: &Token) -> String {
    format!("theme=dark; __Host-flightboard={}", token.secret())
}

/// Sends a `GET` with this header. A stream is closed after its first bytes.
async fn get_with(server: &TestServer, path: &str, header: Option<(&str, &str)>) -> TestResponse {
    let mut request = Request::get(path);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let request = request.body(Body::empty()).unwrap();
    if !path.ends_with("/events") {
        return server.request(request).await;
    }
    let (status, headers, mut stream) = server.open_stream(request).await;
    let mut body = String::new();
    while let Some(bytes) = stream.bytes().await {
        body += &bytes;
        if body.ends_with("\n\n") {
            break;
        }
    }
    TestResponse { status, headers, body }
}

pub(crate) async fn status_with(
    server: &TestServer,
    path: &str,
    header: Option<(&str, &str)>,
) -> u16 {
    get_with(server, path, header).await.status.as_u16()
}

#[tokio::test]
async fn private_boards_need_a_right() {
    let file = TokenFile::new();
    let server = TestServer::with(file.settings()).await;
    file.open_hall(&server, false).await;
    for url in HALL_URLS {
        assert_eq!(status_with(&server, url, None).await, 200, "{url}");
    }
    file.open_hall(&server, true).await;
    let unknown = Token::generate();
    for url in HALL_URLS {
        for (token, bearer_status) in [(&file.follower, 200), (&file.publisher, 200)] {
            let headers = [("authorization", bearer(token)), ("cookie", cookie(token))];
            for (name, value) in &headers {
                let answer = get_with(&server, url, Some((name, value))).await;
                assert_eq!(answer.status, bearer_status, "{url} {name}: {}", answer.body);
                let has_rows = ![HALL_URLS[0], HALL_URLS[7]].contains(&url);
                assert!(answer.body.contains(r#""A1""#) || !has_rows, "{url}");
            }
        }
        let refused = [
            (None, 401),
            (Some(("authorization", bearer(&unknown))), 401),
            (Some(("cookie", cookie(&unknown))), 401),
            (Some(("authorization", "Basic dTpw".to_owned())), 401),
        ];
        for (header, status) in &refused {
            let header = header.as_ref().map(|(name, value)| (*name, &**value));
            let answer = get_with(&server, url, header).await;
            assert_eq!(answer.status.as_u16(), *status, "{url} {header:?}: {}", answer.body);
            assert_eq!(answer.header("content-type"), "application/problem+json");
            assert!(answer.header("www-authenticate").starts_with("Bearer "), "{url} {header:?}");
        }
    }
    for url in &HALL_URLS[..4] {
        let stranger = bearer(&file.stranger);
        assert_eq!(status_with(&server, url, Some(("authorization", &stranger))).await, 403);
    }
}

#[tokio::test]
async fn lists_have_only_readable_boards() {
    let file = TokenFile::new();
    let server = TestServer::with(file.settings()).await;
    file.open_hall(&server, true).await;
    let names = async |header: Option<(&str, &str)>| {
        let answer = get_with(&server, "/boards", header).await;
        let boards = answer.json()["boards"].as_array().unwrap().clone();
        let names = boards.iter().map(|board| board["name"].as_str().unwrap().to_owned());
        (names.collect::<Vec<_>>().join(" "), answer.header("cache-control").to_owned())
    };
    let public = ("main".to_owned(), "no-cache".to_owned());
    assert_eq!(names(None).await, public);
    assert_eq!(names(Some(("authorization", &bearer(&Token::generate())))).await, public);
    assert_eq!(names(Some(("authorization", &bearer(&file.stranger)))).await.0, "main");
    let all = ("hall main".to_owned(), "private, no-cache".to_owned());
    assert_eq!(names(Some(("authorization", &bearer(&file.follower)))).await, all);
    assert_eq!(names(Some(("cookie", &cookie(&file.follower)))).await, all);
}

#[tokio::test]
async fn unknown_boards_look_private() {
    let file = TokenFile::new();
    let server = TestServer::with(file.settings()).await;
    assert_eq!(status_with(&server, "/boards/none", None).await, 404, "nothing is private yet");
    file.open_hall(&server, true).await;
    let stranger = bearer(&file.stranger);
    let unknown = bearer(&Token::generate());
    for url in HALL_URLS {
        for token in [None, Some(&stranger), Some(&unknown)] {
            for accept in ["application/json", "text/html"] {
                let answer = async |url: &str| {
                    let mut request = Request::get(url).header("accept", accept);
                    if let Some(token) = token {
                        request = request.header("authorization", token);
                    }
                    let answer = server.request(request.body(Body::empty()).unwrap()).await;
                    let body = answer.body.replace("OSL", "ZRH");
                    (answer.status, answer.headers, body)
                };
                let other = url.replace("hall", "none").replace("osl", "zrh");
                assert_eq!(answer(url).await, answer(&other).await, "{url} {token:?} {accept}");
            }
        }
    }
    let publisher = bearer(&file.publisher);
    let right = Some(("authorization", &*publisher));
    assert_eq!(status_with(&server, "/boards/none/events", right).await, 404);
}

#[tokio::test]
async fn closed_private_boards_stay_private() {
    let file = TokenFile::new();
    let server = TestServer::with(file.settings()).await;
    file.open_hall(&server, true).await;
    file.publish(&server, "DELETE", "/boards/hall", json!(null)).await;
    let follower = bearer(&file.follower);
    for url in &HALL_URLS[..3] {
        assert_eq!(status_with(&server, url, None).await, 401, "{url}");
    }
    let right = Some(("authorization", &*follower));
    assert_eq!(status_with(&server, "/boards/hall/events", right).await, 204);
}

#[tokio::test]
async fn sign_in_sets_a_cookie() {
    let file = TokenFile::new();
    let expires = Timestamp::now() + SignedDuration::from_hours(1);
    file.write(&[expiring_line(&file.follower, expires)]);
    let server = TestServer::with(file.settings()).await;
    let post = async |header: Option<String>, json: Value| {
        let mut request = Request::post("/session").header("content-type", "application/json");
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        server.request(request.body(Body::from(json.to_string())).unwrap()).await
    };
    let secret = file.follower.secret();
    let by_header = post(Some(bearer(&file.follower)), json!(null)).await;
    let by_body = post(None, json!({ "token": secret })).await;
    for answer in [by_header, by_body] {
        assert_eq!((answer.status.as_u16(), &*answer.body), (204, ""));
        let cookie = answer.header("set-cookie").split("; ").collect::<Vec<_>>();
        let [value, attributes @ .., age] = &cookie[..] else { panic!("{cookie:?}") };
        assert_eq!(*value, format!("__Host-flightboard={secret}"));
        assert_eq!(attributes, ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"]);
        let age: u32 = age.strip_prefix("Max-Age=").unwrap().parse().unwrap();
        assert!((3_000..=3_600).contains(&age), "{age}");
    }
    for (header, json, status, field) in [
        (Some(bearer(&Token::generate())), json!(null), 401, "Authorization"),
        (None, json!({ "token": Token::generate().secret() }), 401, "Authorization"),
        (None, json!({}), 422, "token"),
        (None, json!({ "token": 7 }), 422, "token"),
        (None, json!({ "token": secret, "remember": true }), 422, "remember"),
        (None, json!([secret]), 422, "body"),
    ] {
        let answer = post(header, json.clone()).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["field"]), (status, &json!(field)));
        assert_eq!(answer.header("set-cookie"), "", "{json}");
        assert!(!answer.body.contains(secret), "{}", answer.body);
    }
    let sign_out = Request::delete("/session").body(Body::empty()).unwrap();
    let answer = server.request(sign_out).await;
    assert_eq!(answer.status, 204);
    let expected = "__Host-flightboard=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0";
    assert_eq!(answer.header("set-cookie"), expected);
}

#[tokio::test]
async fn cookies_do_not_publish() {
    let file = TokenFile::new();
    let server = TestServer::with(file.settings()).await;
    file.open_hall(&server, false).await;
    for (method, path) in [
        ("PUT", "/boards/hall"),
        ("DELETE", "/boards/hall"),
        ("PUT", "/boards/hall/flights/I768"),
        ("PATCH", "/boards/hall/flights/I768"),
        ("DELETE", "/boards/hall/flights/I768"),
        ("POST", "/boards/hall/flights"),
    ] {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("content-type", "application/json");
        let request = request.header("cookie", cookie(&file.publisher));
        let answer = server.request(request.body(Body::from("{}")).unwrap()).await;
        assert_eq!(answer.status, 401, "{method} {path}: {}", answer.body);
    }
}

#[tokio::test]
async fn tokens_in_queries_are_refused() {
    let file = TokenFile::new();
    let server = TestServer::with(file.settings()).await;
    file.open_hall(&server, true).await;
    let secret = file.follower.secret();
    for path in HALL_URLS.into_iter().chain(["/", "/boards", "/events", "/nothing"]) {
        for name in ["token", "access_token", "authorization"] {
            let answer = server.get(&format!("{path}?{name}={secret}")).await;
            assert_eq!(answer.status, 400, "{path} {name}");
            let detail = answer.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains("URL") && !answer.body.contains(secret), "{detail}");
        }
    }
}

#[tokio::test]
async fn private_boards_need_credentials() {
    let server = TestServer::new().await;
    server.send("PUT", "/boards/hall", json!({ "private": true })).await;
    for header in [None, Some(("authorization", "Bearer abcdefghijklmnop"))] {
        assert_eq!(status_with(&server, "/boards/hall/events", header).await, 401);
    }
    let answer = server.send("POST", "/session", json!({ "token": "abcdefghijklmnop" })).await;
    assert_eq!(answer.status, 401, "{}", answer.body);
}

#[tokio::test]
async fn private_events_are_not_resumed() {
    let file = TokenFile::new();
    let server = TestServer::with(file.settings()).await;
    file.open_hall(&server, true).await;
    let follower = bearer(&file.follower);
    let right = Some(("authorization", &*follower));
    let flights = get_with(&server, "/boards/hall/flights", right).await.json();
    let id = flights["id"].as_str().unwrap();
    file.publish(&server, "PATCH", "/boards/hall/flights/I768", json!({ "gate": "secret" })).await;
    file.publish(&server, "PATCH", "/boards/hall/flights/I768", json!({ "gate": "B2" })).await;
    file.publish(&server, "PUT", "/boards/hall", json!({})).await;
    let mut stream = server.resume("/boards/hall/events", id).await;
    let (name, _, data) = stream.event().await.unwrap();
    assert_eq!((&*name, &data["reason"]), ("timetable", &json!("expired")));
    assert_eq!(data["flights"][0]["gate"], "B2");
}
