//! The server over HTTP, mostly without a socket.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod faulty_journal;
mod http2_frames;
mod socket_server;
mod test_server;
mod view;
mod withdrawn_snapshots;

mod acris;
mod aidx;
mod aidx_golden;
mod aidx_rights;
mod authorisation;
mod bad_input;
mod base_path;
mod both_paths;
mod client_limits;
mod conditional_requests;
mod content_codings;
mod cors;
mod ended_tokens;
mod expiry;
mod failing_journal;
mod feeds;
mod foreign_requests;
mod format;
mod http2_limits;
mod http_messages;
mod openapi;
mod pacing;
mod private_boards;
mod private_streams;
mod properties;
mod publishing;
mod replica_refusals;
mod resuming;
mod security_headers;
mod shared_journal;
mod shutdown;
mod slow_bodies;
mod slow_followers;
mod slow_tokens;
mod snapshots;
mod sockets;
mod startup;
mod undecodable_journal;
