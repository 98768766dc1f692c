//! Follows a board of a flightboard server. The rows are those of the server, or the status says since when they may
//! be outdated: after a cut, in silence, when an event was lost, or while the server itself is behind. Every fault is
//! a status, and is repaired without a call.
//!
//! The rules are those of `docs/protocol.md`, section "Rules for followers", as in the package `flightboard-client`
//! for browsers. Memory is bounded by [`FollowOptions::max_rows`] and [`FollowOptions::max_event_bytes`]: events wait
//! in the socket until they are taken with [`BoardFollower::next`].
//!
//! ```no_run
//! use flightboard_client::{Board, FollowUpdate};
//!
//! # async fn follow() -> Result<(), Box<dyn std::error::Error>> {
//! let mut follower = Board::follow("https://airport.example/boards/main")?;
//! loop {
//!     match follower.next().await {
//!         FollowUpdate::Status(status) => println!("{status}"),
//!         FollowUpdate::Rows => println!("{} rows", follower.board().rows().len()),
//!         FollowUpdate::Changes(changes) => {
//!             for change in changes {
//!                 println!("{}: {:?}", change.key, change.fields());
//!             }
//!         }
//!         _ => {}
//!     }
//! }
//! # }
//! ```

/// The board that a URL names.
mod board_url;

/// The settings of a follower.
mod options;

/// HTTP clients, and whom they trust.
mod http;

/// An `EventSource` on a socket: requests, redirects, reconnects.
mod http_event_source;

/// The events of a board's stream, parsed.
mod stream_event;

/// One row, its key, and its changes.
mod row;

/// A board's rows, settings and source: the fold of its events.
mod board;

/// Finds missing events by ids and heartbeats.
mod completeness;

/// Waits that grow, with a random part.
mod backoff;

/// The status of the rows.
mod status;

/// The plain request for a board, which tells why it has no stream.
mod board_reply;

/// The rules of recovery, without sockets and clocks.
mod recovery;

/// A follower: the rules of recovery, with a stream and a clock.
mod follower;

pub use board::{Board, UnfitEvent};
pub use board_url::{BoardUrl, ParseBoardUrlError};
pub use follower::{BoardFollower, FollowUpdate};
pub use http::{ClientSetupError, tls_config};
pub use http_event_source::{EventRequests, HttpEventSource, SourceSignal};
pub use options::{FollowOptions, TokenProvider};
pub use row::{BoardRow, ChangedField, RowChange, RowKey};
pub use status::FollowStatus;
pub use stream_event::{BoardHeartbeat, UnreadableEvent};
