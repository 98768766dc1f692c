//! The heartbeat of a stream.

use std::time::Duration;

use engine::frames::Heartbeat;
use fanout::{Channel, Frame};
use jiff::Timestamp;

use crate::app::AppState;
use crate::http::page;

/// Time between two heartbeats. Clients treat a longer silence as a fault.
pub(crate) const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);

/// Returns the heartbeat of the board with this channel, whose newest event is at `head`.
pub(super) fn heartbeat(state: &AppState, channel: &Channel, head: u64) -> Option<Frame> {
    let heartbeat = Heartbeat {
        at: Timestamp::now(),
        head: state.engine.boards().event_id(head)?,
        last_update: last_update(channel),
        staleness: state.engine.health().reportable_staleness(),
        build: page::build(),
    };
    Some(heartbeat.frame())
}

fn last_update(channel: &Channel) -> Option<Timestamp> {
    let unix_secs = Some(channel.last_update()).filter(|secs| *secs != 0)?;
    Timestamp::from_second(unix_secs).ok()
}
