//! What the system had to do again or to drop while followers connected, as Linux counts it for all
//! programs of this machine.

use std::fs;

use serde::Serialize;

/// Where it counts: names of one kind in one line, their counts in the next one.
const ACCOUNT: &str = "/proc/net/netstat";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Kernel {
    /// Beginnings of connections that were sent again, since nothing came back in time.
    pub(crate) syns_again: u64,
    /// Connections that found the server's queue full.
    pub(crate) queue_overflows: u64,
    /// Connections that were dropped for that or another reason.
    pub(crate) queue_drops: u64,
}

/// `None` where this is not counted.
pub(crate) fn counts() -> Option<Kernel> {
    read(&fs::read_to_string(ACCOUNT).ok()?)
}

fn read(account: &str) -> Option<Kernel> {
    let mut lines = account.lines().filter_map(|line| line.strip_prefix("TcpExt:"));
    let (names, counts) = (lines.next()?, lines.next()?);
    let count = |name: &str| {
        let at = names.split_whitespace().position(|other| other == name)?;
        counts.split_whitespace().nth(at)?.parse().ok()
    };
    Some(Kernel {
        syns_again: count("TCPSynRetrans")?,
        queue_overflows: count("ListenOverflows")?,
        queue_drops: count("ListenDrops")?,
    })
}

impl Kernel {
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            syns_again: self.syns_again.saturating_sub(before.syns_again),
            queue_overflows: self.queue_overflows.saturating_sub(before.queue_overflows),
            queue_drops: self.queue_drops.saturating_sub(before.queue_drops),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_found_by_their_names() {
        let account = "IpExt: TCPSynRetrans\nIpExt: 9\n\
            TcpExt: A ListenOverflows ListenDrops B TCPSynRetrans\nTcpExt: 1 2 3 4 5\n";
        let before = Kernel { syns_again: 5, queue_overflows: 2, queue_drops: 3 };
        assert_eq!(read(account), Some(before));
        assert_eq!(read("TcpExt: A\nTcpExt: 1\n"), None);
        let after = Kernel { syns_again: 7, queue_overflows: 2, queue_drops: 4 };
        let since = Kernel { syns_again: 2, queue_overflows: 0, queue_drops: 1 };
        assert_eq!(after.since(before), since);
    }
}
