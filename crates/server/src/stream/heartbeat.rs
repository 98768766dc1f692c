//! The heartbeat of a stream.

use std::time::Duration;

use engine::frames;
use fanout::Frame;
use jiff::Timestamp;

use crate::app::AppState;
use crate::http::page;

/// Time between two heartbeats. Clients treat a longer silence as a fault.
pub(crate) const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);

/// Returns the heartbeat of a board whose newest event is at `head`.
pub(super) fn heartbeat(state: &AppState, head: u64) -> Option<Frame> {
    let id = state.engine.boards().event_id(head)?;
    let staleness = state.engine.health().reportable_staleness();
    Some(frames::heartbeat(Timestamp::now(), id, staleness, page::build()))
}
