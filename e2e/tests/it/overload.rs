//! More streams than there are places, or files.

use serde_json::json;
use tempfile::TempDir;

use crate::follower::Follower;
use crate::program::{Server, flightboard, with_files};
use crate::wait::PATIENCE;

/// Open files that the server is given: fewer than the followers that it is told to let in.
const FILES: usize = 128;

#[test]
fn with_too_few_files_the_rest_is_told_to_come_back_and_all_else_works() {
    let folder = TempDir::new().unwrap();
    let mut serve = flightboard(["serve", "--listen", "127.0.0.1:0", "--journal"]);
    serve.arg(folder.path().join("journal.db"));
    let server = Server::start(&mut with_files(FILES, &serve));
    let api = server.api();
    let mut followers = Vec::new();
    let mut turned_away = loop {
        let mut follower = Follower::open(server.address);
        assert_eq!(follower.status(), 200, "any other status would stop a browser for good");
        if follower.head.contains("connection: close") {
            break follower;
        }
        assert_eq!(follower.next().name, "timetable");
        followers.push(follower);
        assert!(followers.len() < FILES, "there is no file for it");
    };
    assert!(followers.len() > FILES / 4, "only {} were let in", followers.len());
    assert_eq!(turned_away.rest(PATIENCE), []);
    for _ in 0..FILES {
        let mut follower = Follower::open(server.address);
        assert_eq!(follower.rest(PATIENCE), []);
        let millis =
            follower.text.strip_prefix("retry: ").and_then(|rest| rest.strip_suffix("\n\n"));
        assert!(millis.unwrap().parse::<u64>().unwrap() >= 30_000, "{}", follower.text);
    }
    assert_eq!(api.status("/readyz"), 200);
    let id = api.put("I768", &json!({"origin": "Rome"}));
    assert!(followers.iter_mut().all(|follower| follower.next().id == id));
    let said = server.program.log();
    assert!(said.contains("only") && said.contains("followers can be let in, not 15000"), "{said}");
    assert!(!said.contains("no connection can be accepted"), "{said}");
}
