//! Publishes announcements when they are due.

use std::time::Instant;

use anyhow::Result;
use feeds::Announcement;
use flight::{BoardName, Change};
use serde_json::{Value, json};

use crate::client::{MAX_LINES, PublishClient};

/// Publishes each announcement when it is due, and returns the number of rejected ones. All that are due go into one
/// request.
///
/// # Errors
/// The server does not answer, or `feed` has an error.
pub(crate) fn publish_announcements(
    client: &PublishClient,
    board: &BoardName,
    feed: impl Iterator<Item = Result<Announcement>>,
) -> Result<u64> {
    let start = Instant::now();
    let key_prefix = format!("feed-{:016x}", rand::random::<u64>());
    let mut rejected = 0;
    let mut feed = feed.zip(1_u64..).peekable();
    while let Some((announcement, number)) = feed.next() {
        let Announcement { after, change } = announcement?;
        std::thread::sleep(after.saturating_sub(start.elapsed()));
        if let Change::PutBoard(settings) = &change {
            client.put_board(board, &json!(settings))?;
            continue;
        }
        let mut lines = vec![line(&change, &key_prefix, number)];
        let is_due = |next: &Announcement| {
            next.after <= start.elapsed() && !matches!(next.change, Change::PutBoard(_))
        };
        while lines.len() < MAX_LINES
            && let Some((Ok(next), number)) =
                feed.next_if(|(next, _)| next.as_ref().is_ok_and(is_due))
        {
            lines.push(line(&next.change, &key_prefix, number));
        }
        for outcome in client.publish(board, &lines)? {
            if let Some(detail) = outcome.detail.filter(|_| outcome.status != 200) {
                rejected += 1;
                tracing::warn!("an announcement was rejected: {detail}");
            }
        }
    }
    Ok(rejected)
}

fn line(change: &Change, key_prefix: &str, number: u64) -> String {
    let mut line = json!(change);
    line["idempotencyKey"] = Value::from(format!("{key_prefix}/{number}"));
    line.to_string()
}
