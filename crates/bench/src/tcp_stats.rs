//! TCP counters of the kernel. They cover all programs of the machine.

use std::fs;

use serde::Serialize;

/// Lines come in pairs: the names of a group's counters, then their values.
const NETSTAT_FILE: &str = "/proc/net/netstat";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TcpStats {
    /// SYNs that were resent because no answer came in time.
    pub(crate) syns_again: u64,
    /// Connections that found the accept queue of a listening socket full.
    pub(crate) queue_overflows: u64,
    /// Connections dropped for that or another reason.
    pub(crate) queue_drops: u64,
}

/// The counters since the machine started; `None` where the kernel has none.
pub(crate) fn read() -> Option<TcpStats> {
    parse(&fs::read_to_string(NETSTAT_FILE).ok()?)
}

fn parse(netstat: &str) -> Option<TcpStats> {
    let mut lines = netstat.lines().filter_map(|line| line.strip_prefix("TcpExt:"));
    let names = lines.next()?;
    let values = lines.next()?;
    let counter = |name: &str| {
        let column = names.split_whitespace().position(|other| other == name)?;
        values.split_whitespace().nth(column)?.parse().ok()
    };
    Some(TcpStats {
        syns_again: counter("TCPSynRetrans")?,
        queue_overflows: counter("ListenOverflows")?,
        queue_drops: counter("ListenDrops")?,
    })
}

impl TcpStats {
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
    fn counters_are_found_by_name() {
        let netstat = "IpExt: TCPSynRetrans\nIpExt: 9\n\
            TcpExt: A ListenOverflows ListenDrops B TCPSynRetrans\nTcpExt: 1 2 3 4 5\n";
        let before = TcpStats { syns_again: 5, queue_overflows: 2, queue_drops: 3 };
        assert_eq!(parse(netstat), Some(before));
        assert_eq!(parse("TcpExt: A\nTcpExt: 1\n"), None);
        let after = TcpStats { syns_again: 7, queue_overflows: 2, queue_drops: 4 };
        let since = TcpStats { syns_again: 2, queue_overflows: 0, queue_drops: 1 };
        assert_eq!(after.since(before), since);
    }
}
