//! The preview of a shared link to a board or a flight: title, description and image.

use std::time::Duration;

use axum::body::Body;
use futures_util::future::join_all;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;

use crate::private_boards::{TokenFile, cookie};
use crate::test_server::{TestResponse, TestServer};

/// The start of a PNG, and its width and height of 1,200 and 630 pixels.
const PNG_START: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x04\xb0\0\0\x02\x76";

async fn server() -> TestServer {
    let server = TestServer::new().await;
    let settings = json!({"kind": "departures", "airport": "HKG", "timeZone": "Asia/Hong_Kong"});
    server.send("PUT", "/boards/out", settings).await;
    let row = json!({
        "date": "2026-11-22", "destination": "CGK", "departure": "2026-11-22T12:15:00Z",
        "estimated": "2026-11-22T13:05:00Z", "gate": "31", "state": "Boarding", "airline": "<Cathay>",
    });
    server.send("PUT", "/boards/out/flights/CX%20797", row).await;
    server
}

async fn page(server: &TestServer, path: &str) -> TestResponse {
    let request =
        Request::get(path).header("accept", "text/html").header("host", "airport.example");
    server.request(request.body(Body::empty()).unwrap()).await
}

async fn image(server: &TestServer, path: &str) -> Vec<u8> {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = server::routes(server.app.clone()).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{path}");
    assert_eq!(response.headers()["content-type"], "image/png", "{path}");
    response.into_body().collect().await.unwrap().to_bytes().to_vec()
}

/// The content of the element of the page's head with this name or property.
fn meta<'a>(page: &'a TestResponse, name: &str) -> &'a str {
    let elements =
        page.body.split("<meta ").find(|element| element.contains(&format!("=\"{name}\"")));
    let content =
        elements.and_then(|element| element.split_once("content=\"")).expect(&page.body).1;
    content.split('"').next().unwrap()
}

#[tokio::test]
async fn links_to_flights_name_them() {
    let server = server().await;
    let page = page(&server, "/boards/out/flights/CX%20797").await;
    let sentence = "CX 797 to Jakarta, gate 31, boarding";
    assert!(
        page.body.contains(&format!("<title>{sentence} · flightboard</title>")),
        "{}",
        page.body
    );
    assert_eq!(meta(&page, "og:title"), sentence);
    let description = meta(&page, "description");
    let expected = "Departures, Hong Kong: scheduled 20:15, now 21:05. As of ";
    assert!(description.starts_with(expected) && description.ends_with(", HKT."), "{description}");
    let url = "http://airport.example/boards/out/flights/CX%20797";
    let (link, shown) =
        (format!("{url}?date=2026-11-22"), format!("{url}/image.png?date=2026-11-22"));
    assert!(page.body.contains(&format!(r#"<link rel="canonical" href="{link}">"#)));
    assert_eq!((meta(&page, "og:url"), meta(&page, "og:image")), (&*link, &*shown));
    let path = shown.strip_prefix("http://airport.example").unwrap();
    assert!(image(&server, path).await.starts_with(PNG_START));
}

#[tokio::test]
async fn links_to_boards_name_them() {
    let server = server().await;
    for path in ["/boards/out", "/boards/OUT/wall", "/boards/out/flights/none"] {
        let page = page(&server, path).await;
        assert_eq!(meta(&page, "og:title"), "Departures, Hong Kong", "{path}");
        assert!(meta(&page, "description").starts_with("1 flights. As of "), "{path}");
        let shown = meta(&page, "og:image");
        assert_eq!(shown, "http://airport.example/boards/out/image.png", "{path}");
    }
    assert!(image(&server, "/boards/out/image.png").await.starts_with(PNG_START));
    assert!(image(&server, "/boards/main/image.png").await.starts_with(PNG_START), "no rows");
}

#[tokio::test]
async fn links_to_punctuality_name_it() {
    let server = server().await;
    let page = page(&server, "/boards/OUT/punctuality?days=week").await;
    let title = "Punctuality · Departures, Hong Kong";
    assert!(page.body.contains(&format!("<title>{title} · flightboard</title>")), "{}", page.body);
    assert_eq!(meta(&page, "og:title"), title);
    let description = meta(&page, "description");
    assert_eq!(description, "Flights on time, late and cancelled, by hour and by airline.");
    assert_eq!(meta(&page, "og:url"), "http://airport.example/boards/out/punctuality");
    assert!(!page.body.contains("og:image"), "an image shows rows");
}

#[tokio::test]
async fn images_take_any_text() {
    let server = server().await;
    for text in ["東京 <&>\"'", "مطار الملك خالد", "😀", &"W".repeat(64), "\u{fffd}"]
    {
        let title: String = text.chars().take(60).collect();
        server.send("PUT", "/boards/out", json!({"title": title, "kind": "departures"})).await;
        let state: String = text.chars().take(40).collect();
        let gate: String = text.chars().take(8).collect();
        let row = json!({"destination": text, "airline": text, "state": state, "gate": gate, "departure": "23:59"});
        let saved = server.send("PUT", "/boards/out/flights/X1", row).await;
        assert!(saved.status.is_success(), "{text}: {}", saved.body);
        tokio::time::pause();
        // Past images are no longer kept.
        tokio::time::advance(Duration::from_secs(60)).await;
        tokio::time::resume();
        for path in ["/boards/out/image.png", "/boards/out/flights/X1/image.png"] {
            assert!(image(&server, path).await.starts_with(PNG_START), "{text}");
        }
    }
}

#[tokio::test]
async fn images_are_kept_and_bounded() {
    let server = server().await;
    let first = image(&server, "/boards/out/flights/CX%20797/image.png").await;
    let path = "/boards/out/flights/CX%20797";
    server.send("PATCH", path, json!({"gate": "32", "state": "final call"})).await;
    let second = image(&server, "/boards/out/flights/CX%20797/image.png").await;
    assert_eq!(first, second, "the same for some seconds");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(60)).await;
    tokio::time::resume();
    assert_ne!(image(&server, "/boards/out/flights/CX%20797/image.png").await, first);

    let rows = (0..40).map(|number| {
        json!({"event": "flightAddition", "data": {"flight": format!("N{number}")}}).to_string()
            + "\n"
    });
    server.send_lines("out", &rows.collect::<String>()).await;
    let paths = (0..40).map(|number| format!("/boards/out/flights/N{number}/image.png"));
    let answers = join_all(paths.map(|path| {
        let server = &server;
        async move { server.get(&path).await }
    }));
    let answers = answers.await;
    let refused = answers.iter().filter(|it| it.status == StatusCode::SERVICE_UNAVAILABLE);
    let refused: Vec<_> = refused.collect();
    assert!((1..=24).contains(&refused.len()), "16 wait: {}", refused.len());
    assert!(refused.iter().all(|answer| answer.header("retry-after") == "5"));
}

#[tokio::test]
async fn absent_flights_have_no_image() {
    let server = server().await;
    for path in [
        "/boards/none/image.png",
        "/boards/out/flights/none/image.png",
        "/boards/none/flights/X/image.png",
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
    }
}

#[tokio::test]
async fn private_images_need_a_right() {
    let file = TokenFile::new();
    let server = TestServer::with(file.settings()).await;
    file.open_hall(&server, true).await;
    for path in ["/boards/hall/image.png", "/boards/hall/flights/I768/image.png"] {
        let request = || Request::get(path).header("cookie", cookie(&file.follower));
        let with = server.request(request().body(Body::empty()).unwrap()).await;
        assert_eq!(with.status, StatusCode::OK, "{path}");
        assert!(with.header("cache-control").contains("private"), "{path}");
        // The image is kept, but not for others.
        assert_eq!(server.get(path).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}
