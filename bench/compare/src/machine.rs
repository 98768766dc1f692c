//! The machine of the measurements, as Linux describes it.

use std::fs;
use std::path::Path;
use std::thread;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

const IN_MEMORY_FILE_SYSTEMS: [&str; 2] = ["tmpfs", "ramfs"];

#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: u64,
    pub(crate) kernel: String,
    /// The file system of the journals.
    pub(crate) file_system: String,
}

impl Machine {
    /// Detects the machine, and the file system of `folder`.
    pub(crate) fn detect(folder: &Path) -> Self {
        let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        Self {
            processor: find_value(&read("/proc/cpuinfo"), "model name"),
            cores: thread::available_parallelism().map_or(0, usize::from),
            memory_gib: parse_gib(&find_value(&read("/proc/meminfo"), "MemTotal")),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            file_system: find_file_system(&read("/proc/self/mounts"), &folder),
        }
    }

    /// Refuses a file system in memory, on which durable servers would have no cost for durability.
    pub(crate) fn ensure_disk(&self) -> Result<()> {
        let kind = self.file_system.as_str();
        ensure!(
            !IN_MEMORY_FILE_SYSTEMS.contains(&kind),
            "the target folder is in memory ({kind}): set CARGO_TARGET_DIR to a folder on a disk"
        );
        Ok(())
    }
}

/// The number of TCP retransmission timeouts since the machine started.
pub(crate) fn count_tcp_timeouts() -> u64 {
    let counters = fs::read_to_string("/proc/net/netstat").unwrap_or_default();
    find_counter(&counters, "TCPTimeouts").unwrap_or(0)
}

/// Finds a counter in pairs of lines: the first line has the names, the second the values.
fn find_counter(text: &str, name: &str) -> Option<u64> {
    let lines: Vec<_> = text.lines().map(|line| line.split(' ').collect::<Vec<_>>()).collect();
    lines.chunks_exact(2).find_map(|pair| {
        let column = pair[0].iter().position(|word| *word == name)?;
        pair[1].get(column)?.parse().ok()
    })
}

/// Finds the value in a line `name: value`.
fn find_value(text: &str, name: &str) -> String {
    let mut values = text.lines().filter_map(|line| line.split_once(':'));
    let value = values.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim());
    value.unwrap_or("unknown").to_owned()
}

/// Converts a number of kibibytes, such as `24684484 kB`, and rounds it.
fn parse_gib(text: &str) -> u64 {
    let kib: u64 = text.trim_end_matches(" kB").parse().unwrap_or(0);
    (kib + (1 << 19)) >> 20
}

/// The file system of the innermost mount point that contains `folder`.
fn find_file_system(mounts: &str, folder: &Path) -> String {
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        words.next().zip(words.next())
    });
    let containing = mounts.filter(|(mount_point, _)| folder.starts_with(mount_point));
    // A later mount at the same point hides the earlier one; `max_by_key` returns the last maximum.
    let innermost = containing.max_by_key(|(mount_point, _)| mount_point.len());
    innermost.map_or("unknown", |(_, kind)| kind).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_system_is_the_innermost_mount() {
        let mounts =
            "a / ext4 rw 0 0\nb /run tmpfs rw 0 0\nc /running xfs rw 0 0\nd / btrfs rw 0 0\n";
        let check = |folder, kind| assert_eq!(find_file_system(mounts, Path::new(folder)), kind);
        check("/home/a", "btrfs");
        check("/run/a", "tmpfs");
        check("/running/a", "xfs");
    }

    #[test]
    fn journal_in_memory_is_refused() {
        let machine = |kind: &str| Machine { file_system: kind.to_owned(), ..Machine::default() };
        assert!(machine("ext4").ensure_disk().is_ok());
        let refused = machine("tmpfs").ensure_disk().unwrap_err().to_string();
        assert!(refused.contains("CARGO_TARGET_DIR"), "{refused}");
    }

    #[test]
    fn counter_is_below_its_name() {
        let text = "A: X TCPTimeouts Y\nA: 1 2 3\nB: Z TCPTimeouts2\nB: 4 5\n";
        let names = ["TCPTimeouts", "Y", "Z", "TCP"];
        assert_eq!(names.map(|name| find_counter(text, name)), [Some(2), Some(3), Some(4), None]);
    }

    #[test]
    fn memory_is_rounded_to_gib() {
        let meminfo = "MemFree:  1 kB\nMemTotal:       24684484 kB\n";
        assert_eq!(parse_gib(&find_value(meminfo, "MemTotal")), 24);
        assert_eq!(find_value(meminfo, "model name"), "unknown");
    }
}
