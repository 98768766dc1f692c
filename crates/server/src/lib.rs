//! The timetable over HTTP: updates in, streams out.
//!
//! A request becomes a record, the journal makes it durable, the fold applies it, the frame is made
//! once and all followers of the board are sent it; then the publisher is answered. Which journal
//! it is, is not known here.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let app = server::start(journal::MemoryJournal::default(), server::Settings::default()).await?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let stop = tokio::time::sleep(std::time::Duration::from_millis(10));
//! server::serve(listener, app.clone(), stop).await;
//! app.close().await;
//! # Ok(())
//! # }
//! ```

/// What an operator may choose.
mod settings;

/// Everything together: start, publish from within, stop.
mod app;

/// Accepting connections, until there is a reason to stop.
mod serve;

/// What a server says before it has its journal.
mod waiting_room;

/// A connection's socket: tuned for streams, and given up when its peer takes nothing.
mod socket;

/// The first look at a connection: a stream's socket goes to the reactor.
mod handover;

/// The URL table.
mod routes;

/// The same URL in any letter case.
mod letter_case;

/// The variable segments of a URL.
mod segments;

/// Which pages of other origins may call.
mod cors;

/// Boards and flights as resources: read, publish.
mod api;

/// Errors as `application/problem+json`.
mod problem;

/// What one journal payload holds.
mod entry;

/// From a record to its outcome.
mod publisher;

/// The task that follows the journal and applies what it finds.
mod fold;

/// What the records of a journal come to, for those who do not serve it.
mod replay;

/// The timetables as they are now, and the channels of those who follow them.
mod live;

/// Events as the bytes that followers are sent.
mod frames;

/// Asks the journal whether it would take an update, when no update tells.
mod probe;

/// Asks for the removal of rows whose stay is over.
mod removal;

/// Whether what is shown may be behind what others have written.
mod behind;

/// The event stream: who is let in, where they begin, what they are sent.
mod stream;

/// Whether the server should be sent requests.
mod health;

/// What is counted.
mod metrics;

/// The page, embedded.
mod page;

/// The description of the API for tools.
mod openapi;

pub use app::{App, StartError, start};
pub use behind::BEHIND_AFTER;
pub use cors::{AllowedOrigin, NotAnOrigin};
pub use entry::EntryError;
pub use fold::{FoldError, RestoreError};
pub use live::{Done, Outcome};
pub use publisher::{MAX_PUBLISHED_AT_ONCE, PublishError, UNKNOWN_WAIT};
pub use replay::{Replay, key_of};
pub use routes::routes;
pub use serve::serve;
pub use settings::{MAX_REACTOR_THREADS, SPARE_CONNECTIONS, Settings};
pub use waiting_room::until_ready;
