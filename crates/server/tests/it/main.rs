//! The server over HTTP, mostly without a socket.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod bad_input;
mod bodies;
mod both_ways;
mod broken_journal;
mod cross_origin;
mod failing_journal;
mod format;
mod house;
mod openapi;
mod openings;
mod properties;
mod publishing;
mod removal;
mod screen;
mod served;
mod shared;
mod shared_journal;
mod slow;
mod snapshots;
mod sockets;
mod stopping;
mod storm;
mod waiting_room;
