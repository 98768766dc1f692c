//! Seeded rounds of faults, with an oracle that knows what must have come of them.
//!
//! A round runs the real program under load: publishers that remember every update that was
//! acknowledged, followers that come back as browsers do, and a proxy between some of them and the
//! server that cuts, delays and stands still. Meanwhile the server is killed, stopped, frozen, or
//! comes back on another journal. Afterwards every follower must have seen what was acknowledged, once
//! each and in order, and show the rows that the server has and that the oracle's own fold has.

/// What a publisher asks for, and the event that must come of it.
pub mod update;

/// What was acknowledged, on which branch of the journal, and the rows that it gives.
pub mod model;

/// The faults that a round injects.
pub mod fault;

/// What is under test: one server, or a cluster.
pub mod topology;

/// From a seed to everything that chance decides in a round.
pub mod plan;

/// Publishers that remember.
mod load_generator;

/// A proxy that treats connections badly.
mod proxy;

/// Followers with habits, that remember what they saw.
mod observer;

/// A server that stands alone, its journal, and what can be done to both.
mod single_node;

/// Replicas, the NATS servers that they need, and what is done to all of them.
mod cluster;

/// The system under test.
mod system;

/// One round, from start to verdict.
pub mod round;

/// Whether what the followers saw can be true.
mod checker;
