//! The script for pages of others, and what it needs.

use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use server::{OriginSettings, Settings};

use crate::test_server::{TestResponse, TestServer};

async fn ask(server: &TestServer, path: &str, header: (&str, &str)) -> TestResponse {
    let request = Request::get(path).header(header.0, header.1).body(Body::empty()).unwrap();
    server.request(request).await
}

#[tokio::test]
async fn script_names_an_existing_file() {
    let server = TestServer::new().await;
    let script = server.get("/embed.js").await;
    assert_eq!(script.status, StatusCode::OK);
    assert_eq!(script.header("content-type"), "text/javascript");
    let file = script.body.split('"').find(|text| text.starts_with("./assets/")).unwrap();
    let file = server.get(file.trim_start_matches('.')).await;
    assert_eq!(file.status, StatusCode::OK);
    assert!(file.header("cache-control").contains("immutable"));
    // The fonts are beside the script.
    let mut fonts = file.body.split('`').filter(|text| text.ends_with(".woff2"));
    let font = fonts.next().unwrap();
    assert_eq!(server.get(&format!("/assets/{font}")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn caches_ask_for_the_script() {
    let server = TestServer::new().await;
    let script = server.get("/embed.js").await;
    assert!(script.header("cache-control").contains("no-cache"));
    let tag = script.header("etag").to_owned();
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let answer = ask(&server, "/embed.js", ("if-none-match", &known)).await;
        assert_eq!((answer.status, &*answer.body), (StatusCode::NOT_MODIFIED, ""), "{known}");
        assert_eq!(answer.header("etag"), tag);
    }
    let other = ask(&server, "/embed.js", ("if-none-match", "\"x\"")).await;
    assert_eq!((other.status, other.body), (StatusCode::OK, script.body));
}

#[tokio::test]
async fn public_files_are_for_all_origins() {
    let reader = "https://reader.example";
    let named = OriginSettings {
        allow_origins: vec![reader.parse().unwrap()],
        ..OriginSettings::default()
    };
    for origins in [OriginSettings::default(), named] {
        let server = TestServer::with(Settings { origins, ..Settings::default() }).await;
        for path in ["/embed.js", "/assets/none.js", "/places?codes=HKG"] {
            for origin in ["https://a.example", reader, "null"] {
                let answer = ask(&server, path, ("origin", origin)).await;
                assert_eq!(answer.header("access-control-allow-origin"), "*", "{path} {origin}");
                assert_eq!(answer.header("access-control-allow-credentials"), "", "{path}");
                assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
            }
        }
        for path in ["/", "/boards", "/boards/main", "/boards/main/flights"] {
            let answer = ask(&server, path, ("origin", "https://a.example")).await;
            assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
            assert_eq!(answer.header("cross-origin-resource-policy"), "", "{path}");
        }
    }
}
