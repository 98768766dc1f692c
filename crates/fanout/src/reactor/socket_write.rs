//! Writes as many bytes as a socket takes.

use std::io::{self, IoSlice, Write};

use mio::net::TcpStream;

/// Maximum number of bytes per write. The kernel would queue more than the socket buffer has room
/// for, however slow the peer, so the bytes given to it are capped.
pub const MAX_WRITE_BYTES: usize = 16 * 1024;

/// Maximum number of slices per vectored write.
const MAX_WRITE_SLICES: usize = 64;

/// Writes `parts` until all is written or the socket takes no more. Returns the number of bytes
/// written.
pub(super) fn write_available(socket: &mut TcpStream, parts: &[&[u8]]) -> io::Result<usize> {
    let mut parts = parts;
    // Bytes of the first part that are written.
    let mut offset = 0;
    let mut written = 0;
    loop {
        // An empty slice is not worth a slot, and a write of nothing but empty ones returns 0.
        while let Some((first, others)) = parts.split_first()
            && offset >= first.len()
        {
            (parts, offset) = (others, 0);
        }
        let result = match parts {
            [] => return Ok(written),
            [only] => {
                let end = only.len().min(offset + MAX_WRITE_BYTES);
                socket.write(&only[offset..end])
            }
            several => socket.write_vectored(&io_slices(several, offset)),
        };
        match result {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(mut count) => {
                written += count;
                while let Some((first, others)) = parts.split_first()
                    && count >= first.len() - offset
                {
                    count -= first.len() - offset;
                    (parts, offset) = (others, 0);
                }
                offset += count;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Returns the beginning of these parts, after `offset`, that fits into one write.
fn io_slices<'a>(parts: &[&'a [u8]], mut offset: usize) -> Vec<IoSlice<'a>> {
    let mut slices = Vec::new();
    let mut capacity = MAX_WRITE_BYTES;
    for part in parts.iter().take(MAX_WRITE_SLICES) {
        let end = part.len().min(offset + capacity);
        slices.push(IoSlice::new(&part[offset..end]));
        capacity -= end - offset;
        offset = 0;
        if capacity == 0 {
            break;
        }
    }
    slices
}
