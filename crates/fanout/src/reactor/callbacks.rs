//! Callbacks that supply bytes and observe failures. Worker threads call them between writes, so they
//! must return quickly.

use std::io;

use bytes::Bytes;

use crate::channel::Channel;

/// Held for each follower for as long as it is connected, such as a permit that counts it.
pub trait FollowerPermit: Send + 'static {
    /// Returns whether the stream has to end, though its channel goes on. A worker asks for each follower
    /// at each tick, a 60th of the heartbeat interval.
    fn is_revoked(&self) -> bool;
}

/// The bytes of a stream that are not frames, as they go to the socket.
pub trait StreamBytes: Send + Sync + 'static {
    /// Heartbeat for a follower of the channel that has all events up to `head`; `None` to send none. A resumed
    /// follower gets its first one right after the events that it missed.
    fn heartbeat(&self, channel: &Channel, head: u64) -> Option<Bytes>;

    /// Sent after the last frame of a closed channel, and at once if the channel or the follower's permit is
    /// revoked: the stream does not continue.
    fn end(&self) -> Bytes;

    /// Sent after the pending frames when the reactor closes all streams: the follower is expected
    /// to reconnect.
    fn goodbye(&self) -> Bytes;
}

/// Receives the events that an operator wants to log or count.
pub trait ReactorEvents: Send + Sync + 'static {
    /// The event at this position, and those after it in one pass, have been written to the followers of a worker that
    /// take bytes at once.
    fn written(&self, _seq: u64) {}

    /// A follower took no bytes for the stall timeout and is cut.
    fn stalled(&self);

    /// A worker panicked, which is a bug. Its followers are cut; it will be restarted.
    fn worker_panicked(&self);

    /// The kernel refuses an epoll instance for the restarted worker. It will be tried again.
    fn worker_not_restarted(&self, error: &io::Error);

    /// [`crate::WriteMode::IoUring`] is not possible, or no longer: writing one socket at a time.
    fn io_uring_unavailable(&self, error: &io::Error);
}
