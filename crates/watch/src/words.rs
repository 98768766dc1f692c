//! The words for the status of the connection: those of the page.

use flightboard_client::FollowStatus;

use crate::board_clock::BoardClock;
use crate::printable::printable;

/// The status, such as `Live` or `Stale since 14:03:59, 22 Nov`. The connection may be good although the source
/// `is_in_doubt`.
pub(crate) fn status_text(status: &FollowStatus, is_in_doubt: bool, clock: &BoardClock) -> String {
    match status {
        FollowStatus::Connecting => "Connecting".to_owned(),
        FollowStatus::Live if is_in_doubt => "Connected".to_owned(),
        FollowStatus::Live => "Live".to_owned(),
        FollowStatus::Reconnecting { since } => {
            format!("Reconnecting since {}", clock.second_and_day(*since))
        }
        FollowStatus::Stale { since } => format!("Stale since {}", clock.second_and_day(*since)),
        FollowStatus::Closed { reason: Some(reason) } if !reason.is_empty() => {
            format!("Closed: {}", printable(reason))
        }
        FollowStatus::Closed { .. } => "Closed".to_owned(),
        FollowStatus::Absent { .. } => "No such board".to_owned(),
        FollowStatus::Denied { .. } => "No access".to_owned(),
    }
}

/// The notice below rows that may be outdated; `None` if they are right or absent.
pub(crate) fn notice_text(status: &FollowStatus, clock: &BoardClock) -> Option<String> {
    match status {
        FollowStatus::Live | FollowStatus::Closed { .. } | FollowStatus::Denied { .. } => None,
        FollowStatus::Connecting => {
            Some("What has changed since these rows came is not known yet.".to_owned())
        }
        FollowStatus::Absent { since } => since.map(|since| {
            let time = clock.second_and_day(since);
            format!("The server has no such board. These rows are as of {time}.")
        }),
        FollowStatus::Reconnecting { since } | FollowStatus::Stale { since } => {
            let time = clock.second_and_day(*since);
            Some(format!("These rows are as of {time}. What has changed since is not known."))
        }
    }
}

/// The sentence in the place of rows.
pub(crate) fn placeholder_text(status: &FollowStatus, has_settings: bool) -> String {
    match status {
        FollowStatus::Closed { .. } => "This board is closed".to_owned(),
        FollowStatus::Absent { .. } => "There is no such board".to_owned(),
        FollowStatus::Denied { detail, .. } => {
            let detail = detail.as_deref().map(printable).unwrap_or_default();
            format!("This board needs a token. {detail}").trim_end().to_owned()
        }
        FollowStatus::Live => "No flights".to_owned(),
        FollowStatus::Connecting => "Waiting for the timetable".to_owned(),
        _ if has_settings => "No flights are known".to_owned(),
        _ => "The timetable has not arrived. This program keeps trying".to_owned(),
    }
}
