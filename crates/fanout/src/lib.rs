//! The recent frames of each board and the followers of those frames.
//!
//! A follower is a cursor into frames shared by all followers, not a queue. It pulls its next frames
//! when its socket can take more, and replay and live delivery are the same pull. A follower that
//! falls out of the window gets a snapshot instead. This crate knows neither the meaning of a frame
//! nor its encoding.
//!
//! The same cursors are served in two ways: by one task per follower that pulls ([`Follower`]), or
//! by a few threads that write to many sockets themselves ([`Reactor`]).
//!
//! ```
//! use bytes::Bytes;
//! use fanout::{Channel, Frame, PullResult, ResumePoint, Snapshot, SnapshotReason, WindowBudget};
//!
//! let frame = |text: &'static str| Frame::bare(Bytes::from(text));
//! let snapshot = move |_: SnapshotReason| Snapshot { seq: 7, frames: frame("all rows at 7").into() };
//! let channel = Channel::new(7, &WindowBudget::new(1 << 20, 1 << 28), snapshot);
//! let mut follower = channel.follow(ResumePoint::Fresh);
//! assert_eq!(follower.pull(), PullResult::Frames(vec![frame("all rows at 7")]));
//! channel.publish(8, frame("the change at 8"));
//! assert_eq!(follower.pull(), PullResult::Frames(vec![frame("the change at 8")]));
//! assert_eq!(follower.pull(), PullResult::Empty);
//! ```

/// The bytes of one event, shared by all followers.
mod frame;

/// All rows of a board as frames, and the reason for sending them.
mod snapshot;

/// The subject of an event, for channels that carry only some events of another.
mod topic;

/// The recent frames of one board, bounded in bytes.
mod window;

/// The memory of all windows together.
mod window_budget;

/// Wakes a reactor worker and tells it which channels have new frames.
mod notify;

/// One board's window and its listeners.
mod channel;

/// Channels with some of the events of another.
mod part;

/// A cursor into a channel's frames.
mod follower;

/// A few threads that write to the sockets of many followers.
mod reactor;

pub use channel::Channel;
pub use follower::{Follower, PULL_BYTES, PullResult, ResumePoint};
pub use frame::Frame;
pub use reactor::{
    FollowerPermit, MAX_INBOX, MAX_INPUT_BYTES, MAX_WRITE_BYTES, NewConnection, Reactor,
    ReactorConfig, ReactorEvents, StreamBytes, WriteMode,
};
pub use snapshot::{RowFrames, Snapshot, SnapshotFrames, SnapshotReason};
pub use topic::Topic;
pub use window::FRAME_OVERHEAD_BYTES;
pub use window_budget::WindowBudget;
