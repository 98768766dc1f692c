//! Prints the rows of a board, then each change, and whether the rows are right.
//!
//! `cargo run -p flightboard-client --example changes -- http://127.0.0.1:5000`
#![allow(clippy::print_stdout, reason = "it is an example")]

use std::error::Error;

use flightboard_client::{Board, BoardFollower, FollowUpdate};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("the URL of a board is missing")?;
    let mut follower = Board::follow(&url)?;
    loop {
        for line in next_lines(&mut follower).await {
            println!("{line}");
        }
    }
}

/// Waits for news of the board and describes them.
pub(crate) async fn next_lines(follower: &mut BoardFollower) -> Vec<String> {
    match follower.next().await {
        FollowUpdate::Status(status) => vec![status.to_string()],
        FollowUpdate::Rows => {
            let rows = follower.board().rows();
            rows.map(|row| format!("{}: {:?}", row.key(), row.text("state"))).collect()
        }
        FollowUpdate::Changes(changes) => {
            let fields = changes.iter().map(|change| (&change.key, change.fields()));
            fields.map(|(key, fields)| format!("{key}: {fields:?}")).collect()
        }
        _ => Vec::new(),
    }
}
