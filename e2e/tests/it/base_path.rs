//! The server below a path, behind nginx with the lines of `docs/operations.md`.

use std::fs;

use serde_json::json;
use tempfile::TempDir;
use testkit::api::ApiClient;
use testkit::ports::free_address;

use crate::follower::TestFollower;
use crate::load_balancers::{find_program, root};
use crate::process::{TestProcess, flightboard_command, run, start_server};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// The blocks of nginx's configuration in the section about base paths.
fn documented_locations() -> Vec<String> {
    let document = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let (_, section) = document.split_once("### Below a path").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let blocks = section.split("```nginx\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn documented_locations_serve_a_base_path() {
    let locations = documented_locations();
    assert_eq!(locations.len(), 2, "nginx keeps the path, or removes it");
    for location in locations {
        let folder = TempDir::new().unwrap();
        let server = start_server(folder.path(), &["--base-path", "/board"]);
        let address = free_address();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {};", folder.path().join(kind).display()));
        let config = format!(
            "events {{}}
             http {{
                 access_log off; {}
                 upstream timetable {{ server {}; }}
                 server {{ listen {address}; proxy_http_version 1.1; {location} }}
             }}",
            temporary.concat(),
            server.address
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, config).unwrap();
        let pid = folder.path().join("nginx.pid");
        let directives = format!("daemon off; master_process off; pid {};", pid.display());
        let mut nginx = find_program("nginx");
        nginx.arg("-c").arg(&file).args(["-e", "stderr", "-g", &directives]);
        let _nginx = TestProcess::start(&mut nginx);
        wait_until("nginx listens", WAIT_TIMEOUT, || std::net::TcpStream::connect(address).ok());

        let api = ApiClient::new(address);
        assert!(api.get_text("/board/").contains(r#"<base href="/board/" />"#), "{location}");
        assert_eq!(api.get_status("/boards/main"), 404, "{location}");
        let mut follower = TestFollower::request(address, "/board/events", "");
        assert_eq!(follower.next_event().name, "timetable");
        let to = format!("http://{address}/board");
        let line = json!({"event": "flightAddition", "data": {"flight": "I768"}}).to_string();
        let publish = ["publish", "--to", &to, "--board", "main"];
        let output = run(&mut flightboard_command(publish), line);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(follower.next_event().data["flight"], "I768");
        let rows = &api.get("/board/boards/main/flights")["flights"];
        assert_eq!(*rows, json!([{"flight": "I768"}]), "{location}");
    }
}
