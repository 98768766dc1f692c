//! The client crate with a real server that is killed and started again.

use std::time::{Duration, Instant};

use flightboard_client::{Board, BoardFollower};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{start_server, start_server_at};
use crate::wait::WAIT_TIMEOUT;

/// Follows until the rows are live and as wanted.
async fn follow_until(follower: &mut BoardFollower, is_wanted: impl Fn(&[Value]) -> bool) {
    let followed = async {
        loop {
            let rows: Vec<_> =
                follower.board().rows().map(|row| Value::Object(row.fields().clone())).collect();
            if follower.status().is_live() && is_wanted(&rows) {
                return;
            }
            follower.next().await;
        }
    };
    let followed = tokio::time::timeout(WAIT_TIMEOUT, followed).await;
    followed.unwrap_or_else(|_| panic!("{}", follower.status()));
}

#[tokio::test(flavor = "multi_thread")]
async fn followers_survive_kills() {
    let folder = TempDir::new().unwrap();
    let mut server = start_server(folder.path(), &[]);
    server.api().put_flight("I768", &json!({"origin": "Rome"}));
    let mut follower = Board::follow(&format!("http://{}", server.address)).unwrap();
    for round in 0..3 {
        let gate = round.to_string();
        server.api().patch_flight("I768", &json!({"gate": gate}));
        follow_until(&mut follower, |rows| rows[0]["gate"] == gate.as_str()).await;
        let last_id = follower.last_event_id().to_owned();
        let address = server.kill();
        let killed = Instant::now();
        while follower.status().is_live() {
            assert!(killed.elapsed() < Duration::from_secs(10), "a cut is noticed at once");
            follower.next().await;
        }
        assert_eq!(follower.last_event_id(), last_id);
        server = start_server_at(&address, folder.path(), &[]);
    }
    server.api().put_flight("G119", &json!({"origin": "Tokyo"}));
    follow_until(&mut follower, |rows| rows.len() == 2).await;
    let expected = server.api().get("/boards/main/flights");
    let rows: Vec<_> = follower.board().rows().map(|row| json!(row.fields())).collect();
    assert_eq!(json!(rows), expected["flights"]);
}
