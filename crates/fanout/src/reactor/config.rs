//! Number of workers, intervals, and the way to write.

use std::time::Duration;

/// The settings of a [`crate::Reactor`].
#[derive(Debug, Clone, Copy)]
pub struct ReactorConfig {
    /// Number of worker threads; 0 counts as 1.
    pub workers: usize,
    /// Time between two heartbeats of a follower. The followers' heartbeats are spread over it.
    pub heartbeat_interval: Duration,
    /// Time after which a follower that takes no bytes is cut.
    pub stall_timeout: Duration,
    /// The way to write the same bytes to many followers.
    pub write_mode: WriteMode,
}

/// The way to write the same bytes to many followers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// One syscall per socket.
    PerSocket,
    /// One syscall for many sockets if the kernel has io_uring and permits it, else one per socket.
    IoUring,
}
