//! A follower gets every event once and in order, or a snapshot.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod board;
mod following;
mod harness;
mod parts;
mod properties;
mod reactor;
