use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use io_uring::types::Fd;
use io_uring::{IoUring, opcode};

use crate::RING_ENTRIES;

/// `MSG_DONTWAIT | MSG_NOSIGNAL` of Linux.
const FLAGS: i32 = 0x40 | 0x4000;

/// What a send is until the system has told what became of it.
const PENDING: fn() -> io::Result<usize> = || Err(io::ErrorKind::Other.into());

/// A ring for sends.
pub struct SendRing {
    /// `None` once the system failed in the middle of something.
    ring: Option<IoUring>,
}

impl SendRing {
    /// Asks the system for a ring.
    ///
    /// # Errors
    /// The system is too old for it, or does not allow it, as many containers do not.
    pub fn new() -> io::Result<Self> {
        let ring = IoUring::new(RING_ENTRIES)?;
        let mut probe = io_uring::Probe::new();
        ring.submitter().register_probe(&mut probe)?;
        if !probe.is_supported(opcode::Send::CODE) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(Self { ring: Some(ring) })
    }

    /// SendRing `bytes` to each of these sockets, at most [`u32::MAX`] bytes, and tells in `results`,
    /// in the order of the sockets, how many of them each took: [`io::ErrorKind::WouldBlock`] where
    /// it takes none now. Nothing is waited for.
    ///
    /// # Errors
    /// The system failed in the middle. Some of the sockets may have been sent all or a part, which
    /// of them is not known, and the next call fails as well.
    pub fn send(
        &mut self,
        bytes: &[u8],
        sockets: &[BorrowedFd<'_>],
        results: &mut Vec<io::Result<usize>>,
    ) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        // Gone unless all goes well: what the system was not told of must never be sent later.
        let mut ring = self.ring.take().ok_or(io::ErrorKind::BrokenPipe)?;
        results.clear();
        results.resize_with(sockets.len(), PENDING);
        for (chunk, sockets) in sockets.chunks(RING_ENTRIES as usize).enumerate() {
            let first = chunk * RING_ENTRIES as usize;
            for (offset, socket) in sockets.iter().enumerate() {
                let send = opcode::Send::new(Fd(socket.as_raw_fd()), bytes.as_ptr(), length)
                    .flags(FLAGS)
                    .build()
                    .user_data((first + offset) as u64);
                // SAFETY: `bytes` and the sockets are borrowed until this function returns. It returns
                // when all that was submitted has come back, or after the ring is gone.
                unsafe { ring.submission().push(&send) }.map_err(io::Error::other)?;
            }
            collect(&mut ring, sockets.len(), results)?;
        }
        self.ring = Some(ring);
        Ok(())
    }
}

/// Gives the system what was pushed, and waits until all of it has come back.
fn collect(
    ring: &mut IoUring,
    mut wanted: usize,
    results: &mut [io::Result<usize>],
) -> io::Result<()> {
    while wanted > 0 {
        match ring.submit_and_wait(wanted) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        for done in ring.completion() {
            wanted -= 1;
            let result = usize::try_from(done.result());
            let result = result.map_err(|_| io::Error::from_raw_os_error(-done.result()));
            if let Some(told) = results.get_mut(done.user_data() as usize) {
                *told = result;
            }
        }
    }
    Ok(())
}

impl fmt::Debug for SendRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendRing").field("is_whole", &self.ring.is_some()).finish()
    }
}
