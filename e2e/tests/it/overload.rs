//! More streams than there are places, or files.

use serde_json::json;
use tempfile::TempDir;

use crate::follower::TestFollower;
use crate::process::{ServerProcess, flightboard_command, with_file_limit};
use crate::wait::WAIT_TIMEOUT;

/// Open files that the server is given: fewer than the followers that it is told to let in.
const FILES: usize = 128;

#[test]
fn with_too_few_files_the_rest_is_told_to_come_back_and_all_else_works() {
    let folder = TempDir::new().unwrap();
    let mut serve = flightboard_command(["serve", "--listen", "127.0.0.1:0", "--journal"]);
    serve.arg(folder.path().join("journal.db"));
    let server = ServerProcess::start(&mut with_file_limit(FILES, &serve));
    let api = server.api();
    let mut followers = Vec::new();
    let mut turned_away = loop {
        let mut follower = TestFollower::open(server.address);
        assert_eq!(follower.status(), 200, "any other status would stop a browser for good");
        if follower.head().contains("connection: close") {
            break follower;
        }
        assert_eq!(follower.next_event().name, "timetable");
        followers.push(follower);
        assert!(followers.len() < FILES, "there is no file for it");
    };
    assert!(followers.len() > FILES / 4, "only {} were let in", followers.len());
    assert_eq!(turned_away.read_to_end(WAIT_TIMEOUT), []);
    for _ in 0..FILES {
        let mut follower = TestFollower::open(server.address);
        assert_eq!(follower.read_to_end(WAIT_TIMEOUT), []);
        let millis =
            follower.text.strip_prefix("retry: ").and_then(|rest| rest.strip_suffix("\n\n"));
        assert!(millis.unwrap().parse::<u64>().unwrap() >= 30_000, "{}", follower.text);
    }
    assert_eq!(api.get_status("/readyz"), 200);
    let id = api.put_flight("I768", &json!({"origin": "Rome"}));
    assert!(followers.iter_mut().all(|follower| follower.next_event().id == id));
    let said = server.process.log();
    assert!(said.contains("only") && said.contains("followers can be let in, not 15000"), "{said}");
    assert!(!said.contains("cannot accept connections"), "{said}");
}
