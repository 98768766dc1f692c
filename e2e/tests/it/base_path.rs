//! The server below a path, behind nginx and Caddy with the lines of `docs/operations.md`.

use std::fs;
use std::net::SocketAddr;

use serde_json::json;
use tempfile::TempDir;
use testkit::api::ApiClient;

use crate::follower::TestFollower;
use crate::process::{flightboard_command, run, start_server};
use crate::proxies::{CADDY_OPTIONS, ProxyProgram, nginx_paths, root};

/// The blocks of a language in the section about base paths: one keeps the path, one removes it.
fn documented_blocks(language: &str) -> [String; 2] {
    let document = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let (_, section) = document.split_once("### Below a path").unwrap();
    let (section, _) = section.split_once("\n### ").unwrap();
    let start = format!("```{language}\n");
    let blocks = section.split(&start).skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap().to_owned());
    blocks.collect::<Vec<_>>().try_into().unwrap()
}

#[test]
fn documented_locations_serve_a_base_path() {
    for location in documented_blocks("nginx") {
        let folder = TempDir::new().unwrap();
        let server = start_server(folder.path(), &["--base-path", "/board"]);
        let nginx = ProxyProgram::Nginx.start(|address, folder| {
            format!(
                "events {{}}
                 http {{
                     {}
                     upstream timetable {{ server {}; }}
                     server {{ listen {address}; proxy_http_version 1.1; {location} }}
                 }}",
                nginx_paths(folder),
                server.address
            )
        });
        assert_eq!(ApiClient::new(nginx.address).get_status("/boards/main"), 404, "{location}");
        check_base_path(nginx.address, &location);
    }
}

#[test]
fn caddy_lines_serve_a_base_path() {
    for lines in documented_blocks("caddyfile") {
        let folder = TempDir::new().unwrap();
        let server = start_server(folder.path(), &["--base-path", "/board"]);
        let caddy = ProxyProgram::Caddy.start(|address, _| {
            let lines = lines.replace("127.0.0.1:5000", &server.address.to_string());
            format!("{CADDY_OPTIONS}http://{address} {{\n{lines}}}\n")
        });
        check_base_path(caddy.address, &lines);
    }
}

fn check_base_path(address: SocketAddr, lines: &str) {
    let api = ApiClient::new(address);
    assert!(api.get_text("/board/").contains(r#"<base href="/board/" />"#), "{lines}");
    let mut follower = TestFollower::request(address, "/board/events", "");
    assert_eq!(follower.next_event().name, "timetable");
    let to = format!("http://{address}/board");
    let line = json!({"event": "flightAddition", "data": {"flight": "I768"}}).to_string();
    let publish = ["publish", "--to", &to, "--board", "main"];
    let output = run(&mut flightboard_command(publish), line);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(follower.next_event().data["flight"], "I768");
    let rows = &api.get("/board/boards/main/flights")["flights"];
    assert_eq!(*rows, json!([{"flight": "I768"}]), "{lines}");
}
