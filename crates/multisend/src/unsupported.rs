use std::io;
use std::os::fd::BorrowedFd;

/// Sends that nothing makes.
#[derive(Debug)]
pub struct UnsupportedRing(std::convert::Infallible);

impl UnsupportedRing {
    /// Asks the system for a ring.
    ///
    /// # Errors
    /// There is none on this system.
    pub fn new() -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// SendRing `bytes` to each of these sockets.
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
