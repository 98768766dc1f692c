//! Where it was measured, as Linux tells it.

use std::fs;
use std::path::Path;
use std::thread;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

/// File systems that keep nothing.
const IN_MEMORY: [&str; 2] = ["tmpfs", "ramfs"];

#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) memory_gib: u64,
    pub(crate) kernel: String,
    /// The file system that journals are on.
    pub(crate) file_system: String,
}

impl Machine {
    /// With the file system of this folder.
    pub(crate) fn find(folder: &Path) -> Self {
        let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        Self {
            processor: value(&read("/proc/cpuinfo"), "model name"),
            cores: thread::available_parallelism().map_or(0, usize::from),
            memory_gib: gib(&value(&read("/proc/meminfo"), "MemTotal")),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            file_system: file_system(&read("/proc/self/mounts"), &folder),
        }
    }

    /// Servers that keep what they are told must keep it on a disk.
    pub(crate) fn ensure_disk(&self) -> Result<()> {
        let kind = &self.file_system;
        let is_disk = !IN_MEMORY.contains(&&**kind);
        ensure!(
            is_disk,
            "the target folder is in memory ({kind}): set CARGO_TARGET_DIR to one on a disk"
        );
        Ok(())
    }
}

/// Packets of TCP that the system had to send again because nobody answered, since it was started.
pub(crate) fn packets_lost() -> u64 {
    let counters = fs::read_to_string("/proc/net/netstat").unwrap_or_default();
    counter(&counters, "TCPTimeouts").unwrap_or(0)
}

/// Names are in one line, and their values in the next.
fn counter(text: &str, name: &str) -> Option<u64> {
    let lines: Vec<_> = text.lines().map(|line| line.split(' ').collect::<Vec<_>>()).collect();
    lines.chunks_exact(2).find_map(|pair| {
        let at = pair[0].iter().position(|word| *word == name)?;
        pair[1].get(at)?.parse().ok()
    })
}

fn value(text: &str, name: &str) -> String {
    let mut values = text.lines().filter_map(|line| line.split_once(':'));
    let value = values.find(|(key, _)| key.trim() == name).map(|(_, value)| value.trim());
    value.unwrap_or("unknown").to_owned()
}

/// Of kibibytes, rounded.
fn gib(text: &str) -> u64 {
    let kib: u64 = text.trim_end_matches(" kB").parse().unwrap_or(0);
    (kib + (1 << 19)) >> 20
}

/// That of the longest of the mounted places that the folder is in.
fn file_system(mounts: &str, folder: &Path) -> String {
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        words.next().zip(words.next())
    });
    let around = mounts.filter(|(place, _)| folder.starts_with(place));
    // Of two at one place the later one is seen.
    let found = around.max_by_key(|(place, _)| place.len());
    found.map_or("unknown", |(_, kind)| kind).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_system_is_that_of_the_innermost_place() {
        let mounts =
            "a / ext4 rw 0 0\nb /run tmpfs rw 0 0\nc /running xfs rw 0 0\nd / btrfs rw 0 0\n";
        let check = |folder, kind| assert_eq!(file_system(mounts, Path::new(folder)), kind);
        check("/home/a", "btrfs");
        check("/run/a", "tmpfs");
        check("/running/a", "xfs");
    }

    #[test]
    fn a_journal_in_memory_is_refused() {
        let machine = |kind: &str| Machine { file_system: kind.to_owned(), ..Machine::default() };
        assert!(machine("ext4").ensure_disk().is_ok());
        let refused = machine("tmpfs").ensure_disk().unwrap_err().to_string();
        assert!(refused.contains("CARGO_TARGET_DIR"), "{refused}");
    }

    #[test]
    fn a_counter_is_below_its_name() {
        let text = "A: X TCPTimeouts Y\nA: 1 2 3\nB: Z TCPTimeouts2\nB: 4 5\n";
        let names = ["TCPTimeouts", "Y", "Z", "TCP"];
        assert_eq!(names.map(|name| counter(text, name)), [Some(2), Some(3), Some(4), None]);
    }

    #[test]
    fn memory_is_told_in_gib() {
        let meminfo = "MemFree:  1 kB\nMemTotal:       24684484 kB\n";
        assert_eq!(gib(&value(meminfo, "MemTotal")), 24);
        assert_eq!(value(meminfo, "model name"), "unknown");
    }
}
