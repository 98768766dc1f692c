//! More followers than the limits allow.

use serde_json::json;
use tempfile::TempDir;

use crate::follower::TestFollower;
use crate::process::{ServerProcess, flightboard_command, with_file_limit};
use crate::wait::WAIT_TIMEOUT;

/// The limit on open files: fewer than the configured followers.
const FILE_LIMIT: usize = 128;

#[test]
fn followers_beyond_the_file_limit_retry() {
    let folder = TempDir::new().unwrap();
    let mut serve = flightboard_command(["serve", "--listen", "127.0.0.1:0", "--journal"]);
    serve.arg(folder.path().join("journal.db"));
    let server = ServerProcess::start(&mut with_file_limit(FILE_LIMIT, &serve));
    let api = server.api();
    let mut followers = Vec::new();
    let mut rejected = loop {
        let mut follower = TestFollower::open(server.address);
        assert_eq!(follower.status(), 200, "any other status stops an `EventSource` for good");
        if follower.head().contains("connection: close") {
            break follower;
        }
        assert_eq!(follower.next_event().name, "timetable");
        followers.push(follower);
        assert!(followers.len() < FILE_LIMIT, "the limit was not reached");
    };
    assert!(followers.len() > FILE_LIMIT / 4, "only {} were accepted", followers.len());
    assert_eq!(rejected.read_to_end(WAIT_TIMEOUT), []);
    for _ in 0..FILE_LIMIT {
        let mut follower = TestFollower::open(server.address);
        assert_eq!(follower.read_to_end(WAIT_TIMEOUT), []);
        let millis = follower.text.strip_prefix("retry: ").and_then(|rest| rest.strip_suffix('\n'));
        assert!(millis.unwrap().parse::<u64>().unwrap() >= 30_000, "{}", follower.text);
    }
    assert_eq!(api.get_status("/readyz"), 200);
    let id = api.put_flight("I768", &json!({"origin": "Rome"}));
    assert!(followers.iter_mut().all(|follower| follower.next_event().id == id));
    let log = server.process.wait_for_log("allows only");
    assert!(log.contains("allows only") && log.contains("followers, not 15000"), "{log}");
    assert!(!log.contains("cannot accept"), "{log}");
}
