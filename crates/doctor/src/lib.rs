//! Follows a stream through everything that stands between a flightboard server and a screen, and reports each fault
//! with the lines to change in nginx, HAProxy, Apache and Caddy.
//!
//! It measures from outside, as a browser does, and knows the server only by its protocol.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let options = doctor::DoctorOptions::new("https://airport.example/boards/main".parse()?);
//! let report = doctor::examine(&options).await?;
//! println!("{report}");
//! # Ok(())
//! # }
//! ```

/// The settings of an examination.
mod options;

/// HTTP as browsers use it: with compression, without following redirects.
mod probe_client;

/// A stream whose events have times of arrival.
mod probed_stream;

/// The order of the checks.
mod examination;

/// The response to a stream's request: redirects, status, headers, first event.
mod opening;

/// A stream over time: heartbeats, cut-offs, and the server's clock.
mod watch;

/// Resuming by header and by query.
mod resuming;

/// Pages of another origin.
mod cross_origin;

/// Events on a board of the doctor's own, from publish to arrival.
mod canary;

/// Times of the canaries.
mod canary_round;

/// The results of the checks.
mod report;

/// Faults and their remedies.
mod fault;

/// The proxies whose settings the report names.
mod proxy;

pub use examination::examine;
pub use fault::PathFault;
pub use flightboard_client::{BoardUrl, ParseBoardUrlError};
pub use options::{DEFAULT_CANARY_BOARD, DEFAULT_WATCH, DoctorOptions};
pub use probe_client::ProbeClientError;
pub use proxy::ProxyKind;
pub use report::{ExamFinding, ExamReport, FindingLevel};
