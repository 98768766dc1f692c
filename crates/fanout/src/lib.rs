//! The recent frames of each board, and all who follow them.
//!
//! A follower is a cursor into the frames that all followers share, never a queue of its own. It
//! pulls what it is due when its socket can take more; replay and live are the same pull. One that
//! the frames have passed is given a snapshot instead. What a frame says, and how it is wrapped, is
//! not known here.
//!
//! Followers are served in two ways from the same cursors: each by a task of its own that pulls
//! ([`Follower`]), or many by a thread that writes to their sockets itself ([`Reactor`]).
//!
//! ```
//! use bytes::Bytes;
//! use fanout::{Channel, Due, Frame, Reason, Snapshot, Start};
//!
//! let frame = |text: &'static str| Frame::bare(Bytes::from(text));
//! let snapshot = move |_: Reason| Snapshot { seq: 7, frame: frame("the rows as of 7") };
//! let channel = Channel::new(7, 1 << 20, snapshot);
//! let mut follower = channel.follow(Start::Fresh);
//! assert_eq!(follower.due(), Due::Frames(vec![frame("the rows as of 7")]));
//! channel.publish(8, frame("what changed at 8"));
//! assert_eq!(follower.due(), Due::Frames(vec![frame("what changed at 8")]));
//! assert_eq!(follower.due(), Due::Nothing);
//! ```

/// The bytes of one event, as all followers share them.
mod frame;

/// The recent frames of one board, bounded in bytes.
mod window;

/// One board's window with its followers.
mod channel;

/// A cursor into a channel's frames, and what it is due next.
mod follower;

/// A few threads that write to the sockets of many followers.
mod reactor;

pub use channel::{Channel, Reason, Snapshot};
pub use follower::{Due, Follower, PULL_BYTES, Start};
pub use frame::Frame;
pub use reactor::{
    DISCARDED_BYTES, INBOX_NEWCOMERS, Newcomer, PIECE_BYTES, Reactor, Sending, Timing, Wording,
};
pub use window::FRAME_OVERHEAD_BYTES;
