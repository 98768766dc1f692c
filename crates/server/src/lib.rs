//! The timetable over HTTP: updates in, streams out.
//!
//! A request becomes an update, which the engine writes and applies; the response says what became
//! of it. A stream is admitted, then written by the reactor or by a task of its own.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let settings = server::Settings::default();
//! let journal = journal::MemoryJournal::default();
//! let engine = engine::Engine::start(journal, settings.window_bytes).await?;
//! let app = server::App::new(engine, settings);
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let stop = tokio::time::sleep(std::time::Duration::from_millis(10));
//! server::serve(listener, app.clone(), stop).await;
//! app.engine().close().await;
//! # Ok(())
//! # }
//! ```

/// What an operator may choose.
mod settings;

/// The state that all requests share.
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

/// The event stream: who is let in, where they begin, what they are sent.
mod stream;

/// The page, embedded.
mod page;

/// The description of the API for tools.
mod openapi;

pub use app::App;
pub use cors::{AllowedOrigin, NotAnOrigin};
pub use routes::routes;
pub use serve::serve;
pub use settings::{MAX_REACTOR_THREADS, SPARE_CONNECTIONS, Settings};
pub use waiting_room::until_ready;
