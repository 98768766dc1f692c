//! All URLs below a base path, on both paths: the reactor's and hyper's.

use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use serde_json::json;
use server::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::socket_server::{each_write_path, serve};
use crate::test_server::{TestResponse, TestServer};

fn below(base: &str) -> Settings {
    Settings { base_path: base.parse().unwrap(), ..Settings::default() }
}

async fn get_page(server: &TestServer, path: &str) -> TestResponse {
    let request = Request::get(path).header("accept", "text/html");
    server.request(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn urls_work_below_the_base_path() {
    let server = TestServer::with(below("/Airport/board/")).await;
    let put = server.send("PUT", "/airport/board/boards/main/flights/I768", json!({})).await;
    assert_eq!(put.status, StatusCode::CREATED, "{}", put.body);
    for path in [
        "/",
        "/?x=1",
        "/boards",
        "/boards/main",
        "/Boards/MAIN/flights/I768",
        "/openapi.json",
        "/healthz",
        "/readyz",
        "/metrics",
    ] {
        // A proxy keeps the base path, or removes it.
        for url in [format!("/airport/BOARD{path}"), path.to_owned()] {
            let response = server.get(&url).await;
            assert_eq!(response.status, StatusCode::OK, "{url}: {}", response.body);
        }
    }
    assert_eq!(server.get("/airport/board").await.status, StatusCode::OK);
    for path in ["/airport", "/airport/", "/airport/board2", "/airport/boards", "/airport/events"] {
        assert_eq!(server.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn streams_are_below_the_base_path() {
    for settings in each_write_path(below("/board")) {
        let server = serve(settings).await;
        for (path, expected) in [
            ("/board/events", "event: timetable"),
            ("/Board/boards/main/events?padding=true", "event: timetable"),
            ("/boards/main/events", "event: timetable"),
            ("/board/board/events", "404 Not Found"),
        ] {
            let mut socket = TcpStream::connect(server.address).await.unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
            socket.write_all(request.as_bytes()).await.unwrap();
            let mut received = Vec::new();
            while !String::from_utf8_lossy(&received).contains(expected) {
                assert_ne!(socket.read_buf(&mut received).await.unwrap(), 0, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn page_refers_to_its_base_path() {
    for base in ["", "/board", "/airport/board"] {
        let server = TestServer::with(below(base)).await;
        for path in ["/", "/boards/main", "/boards/none"] {
            let page = get_page(&server, &format!("{base}{path}")).await;
            assert!(page.header("content-security-policy").contains("base-uri 'self'"));
            assert!(page.body.contains(&format!(r#"<base href="{base}/" />"#)), "{}", page.body);
            let urls = page.body.split('"').filter(|text| text.contains("assets/"));
            let urls: Vec<_> = urls.collect();
            assert!(urls.len() >= 3, "icon, script and style: {urls:?}");
            for url in urls {
                assert!(url.starts_with(&format!("{base}/assets/")), "{url}");
                assert_eq!(server.get(url).await.status, StatusCode::OK, "{url}");
            }
        }
    }
}
