//! The forms of the command that need no terminal.

use std::io::{self, ErrorKind, Write};
use std::time::Duration;

use flightboard_client::{BoardFollower, FollowStatus, FollowUpdate};
use jiff::Timestamp;
use tokio::time::timeout;

use crate::board_clock::BoardClock;
use crate::change_command::ChangeCommand;
use crate::change_line::{change_json, change_text};
use crate::search::is_number_of;
use crate::snapshot::{snapshot_json, snapshot_text};
use crate::source_doubt::last_update_of;
use crate::words::status_text;

/// The form of printed rows and changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFormat {
    /// For people.
    Text,
    /// For programs: one value per line.
    Json,
}

/// The end of [`print_snapshot`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotOutcome {
    /// The rows were printed, and are those of the server.
    Printed,
    /// The board is closed.
    Closed,
    /// The server has no such board.
    Absent,
    /// The board is private, and the token gives no right to it.
    Denied,
    /// No rows in time that the server confirms.
    Timeout,
}

/// Watching fails.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// Standard input or standard output is no terminal.
    #[error("this is no terminal: use --once, --flight or --exec")]
    NoTerminal,
    /// The terminal fails.
    #[error("the terminal fails: {0}")]
    Terminal(#[source] io::Error),
    /// Standard output fails.
    #[error("cannot write to standard output: {0}")]
    Output(#[source] io::Error),
}

/// Prints the rows once the server has confirmed them.
///
/// # Errors
/// The output fails.
pub async fn print_snapshot(
    follower: &mut BoardFollower,
    format: OutputFormat,
    wait: Duration,
    output: &mut impl Write,
) -> Result<SnapshotOutcome, WatchError> {
    let mut last_update = None;
    let outcome = timeout(wait, known_outcome(follower, &mut last_update)).await;
    let outcome = outcome.unwrap_or(SnapshotOutcome::Timeout);
    if outcome != SnapshotOutcome::Printed {
        return Ok(outcome);
    }
    let (board, status, now) = (follower.board(), follower.status(), Timestamp::now());
    let text = match format {
        OutputFormat::Text => snapshot_text(board, status, last_update, now),
        OutputFormat::Json => snapshot_json(board, status, follower.last_event_id(), now),
    };
    let written = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    written.map_err(WatchError::Output)?;
    Ok(outcome)
}

/// Until the rows are confirmed, and a heartbeat has the time of the last update, which the server sends at once.
async fn known_outcome(
    follower: &mut BoardFollower,
    last_update: &mut Option<Timestamp>,
) -> SnapshotOutcome {
    let mut has_heartbeat = false;
    loop {
        match follower.next().await {
            FollowUpdate::Heartbeat(heartbeat) => {
                has_heartbeat = true;
                *last_update = last_update_of(&heartbeat);
            }
            FollowUpdate::Status(FollowStatus::Closed { .. }) => return SnapshotOutcome::Closed,
            FollowUpdate::Status(FollowStatus::Absent { .. }) => return SnapshotOutcome::Absent,
            FollowUpdate::Status(FollowStatus::Denied { .. }) => return SnapshotOutcome::Denied,
            _ => {}
        }
        if has_heartbeat && follower.status().is_live() {
            return SnapshotOutcome::Printed;
        }
    }
}

/// Prints a line for each change, of one flight if a number is given, and runs a command for it if one is given. The
/// status of the connection goes to the log. Ends once the reader of the output is gone.
///
/// # Errors
/// The output fails otherwise.
pub async fn follow_changes(
    follower: &mut BoardFollower,
    format: OutputFormat,
    flight: Option<&str>,
    command: Option<String>,
    output: &mut impl Write,
) -> Result<(), WatchError> {
    let command = command.map(ChangeCommand::start);
    loop {
        match follower.next().await {
            FollowUpdate::Status(status) => {
                let clock = BoardClock::of_board(follower.board());
                tracing::info!("{}", status_text(&status, false, &clock));
            }
            FollowUpdate::Changes(changes) => {
                let clock = BoardClock::of_board(follower.board());
                let now = Timestamp::now();
                let wanted = changes.iter().filter(|change| {
                    let rows = [&change.before, &change.after].into_iter().flatten();
                    flight
                        .is_none_or(|number| rows.into_iter().any(|row| is_number_of(number, row)))
                });
                for change in wanted {
                    let line = match format {
                        OutputFormat::Text => change_text(change, &clock, now),
                        OutputFormat::Json => change_json(change, now).to_string(),
                    };
                    match writeln!(output, "{line}").and_then(|()| output.flush()) {
                        Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                        written => written.map_err(WatchError::Output)?,
                    }
                    if let Some(command) = &command {
                        command.run(change_json(change, now)).await;
                    }
                }
            }
            _ => {}
        }
    }
}
