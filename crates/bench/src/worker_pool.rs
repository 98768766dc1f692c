//! Worker processes, as the parent sees them.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::worker_protocol::{
    WorkerCommand, WorkerPlan, WorkerProgress, WorkerReply, WorkerResults,
};

/// Maximum number of worker processes.
pub(crate) const MAX_WORKERS: usize = 64;

/// Open files of a worker that are not followers.
const RESERVED_FILES: usize = 32;

/// Time for a worker to reply; it takes longer only if it is suspended.
const REPLY_TIMEOUT: Duration = Duration::from_secs(30);

/// The subcommand of this program that runs a worker.
const WORKER_SUBCOMMAND: &str = "worker";

pub(crate) struct WorkerPool {
    children: Vec<Child>,
    states: watch::Sender<Vec<WorkerState>>,
}

/// The last replies of one worker.
#[derive(Debug, Default, Clone)]
pub(crate) struct WorkerState {
    progress: WorkerProgress,
    results: Option<WorkerResults>,
    first_failure: Option<String>,
    /// Number of commands that the worker has started to carry out.
    started: usize,
    has_exited: bool,
}

/// The number of workers for `followers`: `requested`, or as many as the limit of open files requires.
pub(crate) fn worker_count(followers: usize, requested: Option<usize>) -> Result<usize> {
    let limit = rlimit::Resource::NOFILE.get_hard().unwrap_or(u64::MAX);
    worker_count_within(usize::try_from(limit).unwrap_or(usize::MAX), followers, requested)
}

fn worker_count_within(
    open_files: usize,
    followers: usize,
    requested: Option<usize>,
) -> Result<usize> {
    let followers_per_worker = open_files.saturating_sub(RESERVED_FILES).max(1);
    let required = followers.div_ceil(followers_per_worker);
    let workers = requested.unwrap_or(required.max(1));
    let allowed = workers.min(MAX_WORKERS);
    ensure!(
        required <= allowed,
        "{followers} followers need {required} processes with {open_files} open files each, more than \
         {allowed}: raise the hard limit of open files (ulimit -Hn), or lower --followers"
    );
    // Each worker has at least one follower.
    Ok(workers.min(followers))
}

impl WorkerPool {
    /// Starts `workers` processes, each with an equal part of the followers.
    pub(crate) fn start(plan: &WorkerPlan, workers: usize) -> Result<Self> {
        let states = watch::Sender::new(vec![WorkerState::default(); workers]);
        let mut pool = Self { children: Vec::new(), states };
        for index in 0..workers {
            let first = plan.followers * index / workers;
            let end = plan.followers * (index + 1) / workers;
            pool.start_worker(&WorkerPlan { first, followers: end - first, ..plan.clone() })?;
        }
        Ok(pool)
    }

    fn start_worker(&mut self, plan: &WorkerPlan) -> Result<()> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(WORKER_SUBCOMMAND).stdin(Stdio::piped()).stdout(Stdio::piped());
        // A separate process group, so that Ctrl-C reaches only the parent, which ends the workers.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().context("cannot start a worker process")?;
        let stdout = child.stdout.take().expect("stdout is piped");
        let index = self.children.len();
        let states = self.states.clone();
        std::thread::spawn(move || read_replies(index, stdout, &states));
        self.children.push(child);
        self.write_line(index, &serde_json::to_string(plan)?)
    }

    /// Sends a command to all workers and waits until all have started to carry it out.
    pub(crate) async fn command(&mut self, command: WorkerCommand) -> Result<()> {
        let line = serde_json::to_string(&command)?;
        let started = self.states.borrow().first().map_or(0, |state| state.started) + 1;
        for index in 0..self.children.len() {
            self.write_line(index, &line)?;
        }
        let mut states = self.states();
        let all_replied = states.wait_for(|states| {
            states.iter().all(|state| state.started >= started || state.has_exited)
        });
        let states = tokio::time::timeout(REPLY_TIMEOUT, all_replied).await;
        let states = states.map_err(|_| anyhow!("a worker process does not respond"))??;
        ensure!(!states.iter().any(|state| state.has_exited), "a worker process has exited");
        Ok(())
    }

    /// The results of all workers.
    pub(crate) async fn results(&mut self) -> Result<WorkerResults> {
        self.command(WorkerCommand::Report).await?;
        let mut total = WorkerResults::default();
        for state in &*self.states.borrow() {
            total.add(state.results.as_ref().context("a worker process sent no results")?);
        }
        Ok(total)
    }

    pub(crate) fn states(&self) -> watch::Receiver<Vec<WorkerState>> {
        self.states.subscribe()
    }

    pub(crate) fn pids(&self) -> Vec<u32> {
        self.children.iter().map(Child::id).collect()
    }

    fn write_line(&mut self, index: usize, line: &str) -> Result<()> {
        let stdin = self.children[index].stdin.as_mut().expect("stdin is piped");
        writeln!(stdin, "{line}").context("a worker process has exited")
    }
}

pub(crate) fn total_progress(states: &[WorkerState]) -> WorkerProgress {
    let mut total = WorkerProgress::default();
    states.iter().for_each(|state| total.add(&state.progress));
    total
}

/// Why the first follower failed, if any did.
pub(crate) fn first_failure(states: &[WorkerState]) -> Option<String> {
    states.iter().find_map(|state| state.first_failure.clone())
}

/// Waits until `done`, or until `figure` has not changed for `silence`. Returns the time of its last change.
pub(crate) async fn wait(
    states: &mut watch::Receiver<Vec<WorkerState>>,
    silence: Duration,
    done: impl Fn(&WorkerProgress) -> bool,
    figure: impl Fn(&WorkerProgress) -> u64,
) -> Instant {
    let mut last = None;
    let mut changed = Instant::now();
    loop {
        let progress = total_progress(&states.borrow_and_update());
        let current = Some(figure(&progress));
        if current != last {
            last = current;
            changed = Instant::now();
        }
        if done(&progress) {
            return changed;
        }
        // A closed channel means that no worker can report a change.
        if !matches!(timeout_at(changed + silence, states.changed()).await, Ok(Ok(()))) {
            return changed;
        }
    }
}

fn read_replies(index: usize, stdout: ChildStdout, states: &watch::Sender<Vec<WorkerState>>) {
    for line in BufReader::new(stdout).lines() {
        let Ok(Ok(reply)) = line.map(|line| serde_json::from_str(&line)) else { break };
        states.send_modify(|states| states[index].apply(reply));
    }
    states.send_modify(|states| states[index].has_exited = true);
}

impl WorkerState {
    fn apply(&mut self, reply: WorkerReply) {
        match reply {
            WorkerReply::Progress(progress) => self.progress = progress,
            WorkerReply::Results(results) => self.results = Some(results),
            WorkerReply::Failure(failure) => self.first_failure = Some(failure),
            WorkerReply::Started => self.started += 1,
        }
    }
}

impl Drop for WorkerPool {
    fn drop(&mut self) {
        for child in &mut self.children {
            // Fails if the worker has exited already.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_file_limit_determines_worker_count() {
        let check = |followers, requested, open_files| {
            worker_count_within(open_files, followers, requested).ok()
        };
        assert_eq!(check(1_000, None, 1_048_576), Some(1));
        assert_eq!(check(1_000, None, 1_024), Some(2));
        assert_eq!(check(10_000, None, usize::MAX), Some(1));
        assert_eq!(check(10, Some(4), 1_024), Some(4));
        assert_eq!(check(2, Some(4), 1_024), Some(2));
        assert_eq!(check(10_000, Some(4), 1_024), None);
        assert_eq!(check(100_000, None, 1_024), None);
    }
}
