//! Sends the same bytes to many sockets with few syscalls, where the kernel has io_uring.
//!
//! This is the only crate with unsafe code. `cargo xtask compare` measures its benefit: a bare
//! `send` loop, and flightboard with and without this crate, in one run; see docs/benchmarks.md.
//!
//! **Why it is sound.** The kernel reads the bytes and uses the sockets while a send is in flight.
//! [`SendRing::send`] borrows both, and returns only after each send that it submitted has completed.
//! This cannot take long: `MSG_DONTWAIT` forbids each send to wait for its peer. If io_uring fails
//! before all sends have completed, the ring is closed before the function returns, while the bytes
//! are still borrowed.

/// io_uring.
#[cfg(target_os = "linux")]
mod linux;

/// The same interface for kernels without io_uring, with a constructor that always fails.
#[cfg(not(target_os = "linux"))]
mod unsupported;

#[cfg(target_os = "linux")]
pub use linux::SendRing;
#[cfg(not(target_os = "linux"))]
pub use unsupported::UnsupportedRing as SendRing;

/// Maximum number of sends submitted with one syscall. Further sends take further syscalls.
pub const RING_ENTRIES: u32 = 1024;
