use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use io_uring::types::Fd;
use io_uring::{IoUring, opcode};

use crate::RING_ENTRIES;

/// Linux's `MSG_DONTWAIT | MSG_NOSIGNAL`.
const SEND_FLAGS: i32 = 0x40 | 0x4000;

/// The result of a send that has not completed.
const PENDING: fn() -> io::Result<usize> = || Err(io::ErrorKind::Other.into());

/// An io_uring instance for sends.
pub struct SendRing {
    /// `None` once io_uring has failed with sends in flight.
    ring: Option<IoUring>,
}

impl SendRing {
    /// Asks the kernel for a ring.
    ///
    /// # Errors
    /// The kernel has no io_uring or one without `IORING_OP_SEND`, or forbids its use, as many
    /// container runtimes do.
    pub fn new() -> io::Result<Self> {
        let ring = IoUring::new(RING_ENTRIES)?;
        let mut probe = io_uring::Probe::new();
        ring.submitter().register_probe(&mut probe)?;
        if !probe.is_supported(opcode::Send::CODE) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(Self { ring: Some(ring) })
    }

    /// Sends `bytes`, at most [`u32::MAX`] of them, to each of the sockets, and replaces `results`
    /// by the number of bytes that each socket took, in the order of the sockets. A socket that would
    /// block has the result [`io::ErrorKind::WouldBlock`]; nothing is waited for.
    ///
    /// # Errors
    /// io_uring failed before all sends had completed. The sends without a result have an error in
    /// `results`; any part of the bytes may have been sent to their sockets. Further calls fail too.
    pub fn send(
        &mut self,
        bytes: &[u8],
        sockets: &[BorrowedFd<'_>],
        results: &mut Vec<io::Result<usize>>,
    ) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        // Taken out, and put back only on success: an early return closes the ring, so that a send
        // which was pushed and not submitted can never be submitted by a later call.
        let mut ring = self.ring.take().ok_or(io::ErrorKind::BrokenPipe)?;
        results.clear();
        results.resize_with(sockets.len(), PENDING);
        for (chunk, sockets) in sockets.chunks(RING_ENTRIES as usize).enumerate() {
            let first = chunk * RING_ENTRIES as usize;
            for (offset, socket) in sockets.iter().enumerate() {
                let send = opcode::Send::new(Fd(socket.as_raw_fd()), bytes.as_ptr(), length)
                    .flags(SEND_FLAGS)
                    .build()
                    // The index of the result: completions arrive in any order.
                    .user_data((first + offset) as u64);
                // SAFETY: `bytes` and the sockets are borrowed until this function returns. It
                // returns when all submitted sends have completed, or after the ring is closed.
                unsafe { ring.submission().push(&send) }.map_err(io::Error::other)?;
            }
            submit_and_collect(&mut ring, sockets.len(), results)?;
        }
        self.ring = Some(ring);
        Ok(())
    }
}

/// Submits the sends that were pushed, and waits until all `in_flight` of them have completed.
fn submit_and_collect(
    ring: &mut IoUring,
    mut in_flight: usize,
    results: &mut [io::Result<usize>],
) -> io::Result<()> {
    while in_flight > 0 {
        match ring.submit_and_wait(in_flight) {
            Ok(_) => {}
            // A signal. Some sends may have been submitted and completed; go on with the others.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        for completion in ring.completion() {
            in_flight -= 1;
            // A completion carries a byte count, or a negated errno.
            let result = usize::try_from(completion.result())
                .map_err(|_| io::Error::from_raw_os_error(-completion.result()));
            if let Some(slot) = results.get_mut(completion.user_data() as usize) {
                *slot = result;
            }
        }
    }
    Ok(())
}

impl fmt::Debug for SendRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendRing").field("is_open", &self.ring.is_some()).finish()
    }
}
