//! Seeded rounds of faults against the real program, in the manner of Jepsen.
//!
//! In a round, load generators publish updates and record each acknowledged one in a model. Observers follow
//! the boards and reconnect as browsers do, some of them through a proxy that cuts, delays and pauses
//! connections. Meanwhile the nemesis kills, stops or freezes servers, or restarts them on another journal.
//! Afterwards the checker compares everything observed with the model: each follower must have received every
//! acknowledged update once and in order, and must show the rows of the server and of the model.
//!
//! The model and the checker share no code with the product.

/// Faults that the nemesis can inject.
pub mod fault;

/// The servers under test, and the faults that they must survive.
pub mod topology;

/// All random choices of a round, derived from its seed.
pub mod plan;

/// Updates as the load generators request them, and the events expected of them.
pub mod update;

/// The acknowledged updates on each branch of the journal, and the rows they result in.
pub mod model;

/// State shared by the threads and tasks of a round.
mod round_state;

/// HTTP requests that publish updates.
mod update_client;

/// Publishers that record acknowledged updates.
mod load_generator;

/// Random faults of the connections between observers and servers.
mod network_faults;

/// Events as the observers received them, shared between observers.
mod observations;

/// Followers with different reading patterns.
mod observer;

/// The boards as a server reports them at the end of a round.
mod final_boards;

/// The interface through which a round drives its servers.
mod system;

/// One server with a journal file.
mod single_node;

/// Replicas on a cluster of NATS servers.
mod cluster;

/// Injects the planned faults.
mod nemesis;

/// Violations of the server's promises.
pub mod anomaly;

/// Decides whether the observations agree with the model.
mod checker;

/// Counters of a round.
pub mod stats;

/// One round, from its plan to the checker's findings.
pub mod round;
