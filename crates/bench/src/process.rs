//! What processes have used so far, by the accounts that Linux keeps of them.

use std::fs;

use anyhow::{Context, Result};

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) cpu_secs: f64,
    pub(crate) memory_bytes: u64,
}

/// Whether this system keeps such accounts.
pub(crate) const IS_KNOWN: bool = cfg!(target_os = "linux");

/// What these processes have used together.
pub(crate) fn usage(pids: &[u32]) -> Result<Usage> {
    let mut whole = Usage::default();
    for pid in pids {
        let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}"));
        let (stat, status) = (read("stat"), read("status"));
        let (Ok(stat), Ok(status)) = (stat, status) else {
            anyhow::bail!("there is no process {pid}: --pid names those of the server")
        };
        whole.cpu_secs += cpu_secs(&stat).context("an account of a process has no times")?;
        // One that has just ended has none.
        whole.memory_bytes += memory_bytes(&status).unwrap_or(0);
    }
    Ok(whole)
}

/// How many files these processes have open, where that may be seen.
pub(crate) fn open_files(pids: &[u32]) -> Option<usize> {
    let files = |pid: &u32| fs::read_dir(format!("/proc/{pid}/fd")).ok().map(Iterator::count);
    (!pids.is_empty()).then(|| pids.iter().map(files).sum())?
}

/// Of the fields after the name, which may have any signs within its parentheses, the 12th and 13th:
/// time in the program and in the system.
fn cpu_secs(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let ticks = ticks()? + ticks()?;
    Some(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

fn memory_bytes(status: &str) -> Option<u64> {
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(resident.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_whatever_the_program_is_called() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 150 50 9 9 20 0 1 0 100 1000 25";
        let secs = cpu_secs(stat).unwrap();
        assert!((secs * rustix::param::clock_ticks_per_second() as f64 - 200.0).abs() < 0.001);
        assert_eq!(memory_bytes("Name:\ta\nVmRSS:\t    12 kB\n"), Some(12 * 1024));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_memory_and_one_that_is_not_there_is_named() {
        assert!(usage(&[std::process::id()]).unwrap().memory_bytes > 0);
        assert!(open_files(&[std::process::id()]).unwrap() > 2);
        assert_eq!((open_files(&[u32::MAX]), open_files(&[])), (None, None));
        assert!(usage(&[u32::MAX]).unwrap_err().to_string().contains("--pid"));
    }
}
