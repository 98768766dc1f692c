//! The same bytes to many sockets with few calls of the system, where it has io_uring.
//!
//! This is the only place with unsafe code, and this is what it buys: `cargo xtask compare` has a
//! bare loop of `send` and flightboard with and without it in one run; see docs/benchmarks.md.
//!
//! **Why it is sound.** The system reads the bytes, and uses the sockets, while a send is under way.
//! [`SendRing::send`] borrows both and returns only when each send that the system took has come back.
//! None of them can wait for its peer: each is told not to. Where the system fails in between, the
//! ring is given up before the bytes are.

/// Where there is io_uring.
#[cfg(target_os = "linux")]
mod linux;

/// Where there is none.
#[cfg(not(target_os = "linux"))]
mod unsupported;

#[cfg(target_os = "linux")]
pub use linux::SendRing;
#[cfg(not(target_os = "linux"))]
pub use unsupported::UnsupportedRing as SendRing;

/// SendRing that the system is given in one call.
pub const RING_ENTRIES: u32 = 1024;
