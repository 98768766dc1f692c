//! CPU time, memory and open files of processes, as Linux accounts for them in `/proc`.

use std::fs;

use anyhow::{Context, Result, bail};

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct ProcessUsage {
    pub(crate) cpu_secs: f64,
    pub(crate) memory_bytes: u64,
}

pub(crate) const IS_SUPPORTED: bool = cfg!(target_os = "linux");

/// The usage of all these processes since they started.
pub(crate) fn total(pids: &[u32]) -> Result<ProcessUsage> {
    let mut total = ProcessUsage::default();
    for pid in pids {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
        let status = fs::read_to_string(format!("/proc/{pid}/status"));
        let (Ok(stat), Ok(status)) = (stat, status) else {
            bail!("no process {pid}: --pid takes the process IDs of the server")
        };
        total.cpu_secs += cpu_secs(&stat).with_context(|| format!("no CPU time of {pid}"))?;
        // A process that has just ended has no memory.
        total.memory_bytes += memory_bytes(&status).unwrap_or(0);
    }
    Ok(total)
}

/// The number of open files of these processes; `None` without processes or without permission.
pub(crate) fn open_files(pids: &[u32]) -> Option<usize> {
    if pids.is_empty() {
        return None;
    }
    pids.iter().map(|pid| Some(fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count())).sum()
}

/// The sum of `utime` and `stime`, fields 14 and 15 of `/proc/PID/stat` (proc(5)). Field 2 is the name in
/// parentheses and may itself contain spaces and parentheses, so count from the last one.
fn cpu_secs(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) as f64 / rustix::param::clock_ticks_per_second() as f64)
}

fn memory_bytes(status: &str) -> Option<u64> {
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(resident.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_process_names_are_parsed() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 150 50 9 9 20 0 1 0 100 1000 25";
        let secs = cpu_secs(stat).unwrap();
        assert!((secs * rustix::param::clock_ticks_per_second() as f64 - 200.0).abs() < 0.001);
        assert_eq!(memory_bytes("Name:\ta\nVmRSS:\t    12 kB\n"), Some(12 * 1024));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn missing_processes_are_errors() {
        assert!(total(&[std::process::id()]).unwrap().memory_bytes > 0);
        assert!(open_files(&[std::process::id()]).unwrap() > 2);
        assert_eq!((open_files(&[u32::MAX]), open_files(&[])), (None, None));
        assert!(total(&[u32::MAX]).unwrap_err().to_string().contains("--pid"));
    }
}
