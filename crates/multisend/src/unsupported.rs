use std::io;
use std::os::fd::BorrowedFd;

/// A ring that cannot be created.
#[derive(Debug)]
pub struct UnsupportedRing(std::convert::Infallible);

impl UnsupportedRing {
    /// Asks the kernel for a ring.
    ///
    /// # Errors
    /// Always: this kernel has no io_uring.
    pub fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Sends `bytes` to each of the sockets.
    ///
    /// # Errors
    /// None.
    pub fn send(
        &mut self,
        _: &[u8],
        _: &[BorrowedFd<'_>],
        _: &mut Vec<io::Result<usize>>,
    ) -> io::Result<()> {
        match self.0 {}
    }
}
