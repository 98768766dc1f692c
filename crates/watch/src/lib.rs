//! `flightboard watch`: a board in a terminal, as text or JSON, and as a line or a command for each change.
//!
//! It says whether the rows are right in the words of the page. Texts of rows never reach a terminal with control
//! characters ([`printable`]).
//!
//! ```
//! assert_eq!(watch::printable("Rome\u{1b}[2J\n"), "Rome\u{fffd}[2J\u{fffd}");
//! ```

/// Texts of rows, safe for a terminal.
mod printable;

/// The words for the status of the connection.
mod words;

/// Doubt about the source of a board.
mod source_doubt;

/// The times of a board on its own clock.
mod board_clock;

/// A row as its reader sees it.
mod row_view;

/// The columns that fit a width.
mod columns;

/// Search over the rows.
mod search;

/// A board as plain text or JSON.
mod snapshot;

/// A change as a line of text or JSON.
mod change_line;

/// A command for each change.
mod change_command;

/// The choices of the reader, and the cells that have just changed.
mod screen_state;

/// Draws a screen.
mod drawing;

/// The loop of a terminal: keys, news, redraws.
mod terminal;

/// The forms of the command.
mod commands;

pub use commands::{OutputFormat, SnapshotOutcome, WatchError, follow_changes, print_snapshot};
pub use printable::printable;
pub use terminal::show;
