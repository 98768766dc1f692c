//! Fuzz targets: functions that take any bytes as a peer may send them, and panic on a fault.
//!
//! `cargo xtask fuzz` searches for such bytes with libFuzzer, guided by the branches that an input takes. The tests
//! run the files of `corpus/` and random changes of them, without that guidance.
#![allow(clippy::unwrap_used, reason = "a panic is a finding")]

/// Parsers without a server.
mod parsers;

/// Tokens, and the lines of their file.
mod tokens;

/// Requests to a router, and bytes to connections.
mod requests;

/// A fuzz target. Its corpus has the same name.
#[derive(Debug, Clone, Copy)]
pub struct FuzzTarget {
    /// The name on the command line.
    pub name: &'static str,
    /// Panics on a fault.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [FuzzTarget; 8] = [
    FuzzTarget { name: "update", run: parsers::update },
    FuzzTarget { name: "event-stream", run: parsers::event_stream },
    FuzzTarget { name: "aidx", run: parsers::aidx },
    FuzzTarget { name: "token", run: tokens::bearer },
    FuzzTarget { name: "token-line", run: tokens::line },
    FuzzTarget { name: "bulk", run: requests::bulk },
    FuzzTarget { name: "last-event-id", run: requests::last_event_id },
    FuzzTarget { name: "request", run: requests::connection },
];
