//! Headers that tell browsers what they may do with a response.

use serde_json::json;
use server::{OriginSettings, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::socket_server::{SocketServer, each_write_path, serve};

/// Sends a request, and returns the head of the response in lower case.
async fn head_of(server: &SocketServer, request: &str) -> String {
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap().to_ascii_lowercase()
}

#[tokio::test]
async fn security_headers_are_everywhere() {
    for settings in each_write_path(Settings::default()) {
        let server = serve(settings).await;
        server.direct.send("PUT", "/boards/closed", json!({})).await;
        server.direct.send("DELETE", "/boards/closed", json!(null)).await;
        for (status, request) in [
            (200, "GET / HTTP/1.1\r\nHost: x\r\n"),
            (200, "GET /events HTTP/1.1\r\nHost: x\r\n"),
            (200, "GET /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"),
            (200, "GET /events HTTP/1.0\r\n"),
            (204, "GET /boards/closed/events HTTP/1.1\r\nHost: x\r\n"),
            (404, "GET /boards/none/events HTTP/1.1\r\nHost: x\r\n"),
            (404, "GET /nowhere HTTP/1.1\r\nHost: x\r\n"),
            (404, "GET /assets/none.js HTTP/1.1\r\nHost: x\r\n"),
            (405, "POST /healthz HTTP/1.1\r\nHost: localhost\r\n"),
            (403, "DELETE /boards/main HTTP/1.1\r\nHost: evil.example\r\n"),
            (200, "OPTIONS /boards HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\n"),
            (400, "GET /boards HTTP/1.1\r\nHost: a b\r\n"),
            (417, "GET /boards HTTP/1.1\r\nHost: x\r\nExpect: all\r\n"),
            (200, "HEAD /boards HTTP/1.1\r\nHost: x\r\n"),
            // Hyper answers these itself.
            (400, "GET\r\n"),
            (400, "GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n"),
            (400, "POST /session HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n"),
            (431, &format!("GET / HTTP/1.1\r\nHost: x\r\n{}", "A: b\r\n".repeat(300))),
        ] {
            let head = head_of(&server, &format!("{request}\r\n")).await;
            assert!(head.contains(&format!(" {status} ")), "{status}: {head}");
            for header in
                ["x-content-type-options: nosniff\r\n", "referrer-policy: same-origin\r\n"]
            {
                assert_eq!(head.matches(header).count(), 1, "{header}{request}{head}");
            }
            let policies = head.matches("content-security-policy: default-src 'none'; ").count();
            assert_eq!(policies, 1, "{request}{head}");
            assert!(head.contains("; frame-ancestors 'none'\r\n"), "{request}{head}");
        }
    }
}

/// Hyper may write its error together with the responses to the requests before it.
#[tokio::test]
async fn errors_after_responses_have_them() {
    let requests = [
        "GET /boards HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /boards HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "GET /assets/none.js HTTP/1.1\r\nHost: x\r\n\r\n",
    ];
    let too_many_headers = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(300));
    for settings in each_write_path(Settings::default()) {
        let server = serve(settings).await;
        for request in requests {
            for (status, malformed) in [(400, "GET\r\n\r\n"), (431, &too_many_headers)] {
                let mut client = TcpStream::connect(server.address).await.unwrap();
                client.write_all(format!("{request}{malformed}").as_bytes()).await.unwrap();
                let mut responses = String::new();
                client.read_to_string(&mut responses).await.unwrap();
                let responses = responses.to_ascii_lowercase();
                assert!(responses.contains(&format!(" {status} ")), "{request}{responses}");
                for header in
                    ["\r\nx-content-type-options: nosniff\r\n", "; frame-ancestors 'none'\r\n"]
                {
                    assert_eq!(responses.matches(header).count(), 2, "{request}{responses}");
                }
            }
        }
    }
}

#[tokio::test]
async fn allowed_pages_may_embed() {
    for (allowed, expected) in [
        (
            vec!["https://airport.example", "http://localhost:3000"],
            "https://airport.example http://localhost:3000",
        ),
        (vec!["*"], "*"),
    ] {
        let allow_frame_ancestors = allowed.iter().map(|origin| origin.parse().unwrap()).collect();
        let origins = OriginSettings { allow_frame_ancestors, ..Default::default() };
        let server = serve(Settings { origins, ..Settings::default() }).await;
        for path in ["/", "/boards", "/events"] {
            let head = head_of(&server, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
            assert!(head.contains(&format!("; frame-ancestors {expected}\r\n")), "{path} {head}");
        }
    }
}
