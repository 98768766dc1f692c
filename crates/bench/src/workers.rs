//! The processes that followers are spread over, as the command sees them.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::orders::{Order, Plan, Progress, Said, Tally};

/// Most processes.
pub(crate) const MAX_PROCESSES: usize = 64;

/// Open files of a process that are no followers.
const OWN_FILES: usize = 32;

/// How long a process may take to begin what it is told; longer only if it is stopped.
const OBEY_WITHIN: Duration = Duration::from_secs(30);

/// The subcommand of this program that runs a worker.
const COMMAND: &str = "worker";

pub(crate) struct Workers {
    children: Vec<Child>,
    states: watch::Sender<Vec<State>>,
}

/// What a process said last.
#[derive(Debug, Default, Clone)]
pub(crate) struct State {
    progress: Progress,
    tally: Option<Tally>,
    trouble: Option<String>,
    /// How many orders it has begun.
    obeyed: usize,
    has_ended: bool,
}

/// How many processes there must be for so many followers.
pub(crate) fn needed(followers: usize, wished: Option<usize>) -> Result<usize> {
    let limit = rlimit::Resource::NOFILE.get_hard().unwrap_or(u64::MAX);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    processes(followers, wished, limit)
}

fn processes(followers: usize, wished: Option<usize>, limit: usize) -> Result<usize> {
    let places = limit.saturating_sub(OWN_FILES).max(1);
    let needed = followers.div_ceil(places);
    let processes = wished.unwrap_or(needed.max(1));
    ensure!(
        needed <= processes.min(MAX_PROCESSES),
        "{followers} followers need {needed} processes of {limit} open files each, and {} are to be \
         started: raise the hard limit of open files (ulimit -Hn), or take fewer --followers",
        processes.min(MAX_PROCESSES)
    );
    // None shall be without a follower.
    Ok(processes.min(followers))
}

impl Workers {
    /// Starts so many, each with its part of the plan.
    pub(crate) fn start(plan: &Plan, processes: usize) -> Result<Self> {
        let states = watch::Sender::new(vec![State::default(); processes]);
        let mut workers = Self { children: Vec::new(), states };
        for at in 0..processes {
            let first = plan.followers * at / processes;
            let end = plan.followers * (at + 1) / processes;
            workers.add(&Plan { first, followers: end - first, ..plan.clone() })?;
        }
        Ok(workers)
    }

    fn add(&mut self, plan: &Plan) -> Result<()> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(COMMAND).stdin(Stdio::piped()).stdout(Stdio::piped());
        // Ctrl-C is for the command, which lets them end.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().context("a process of followers cannot be started")?;
        let stdout = child.stdout.take().expect("it was asked for");
        let (at, states) = (self.children.len(), self.states.clone());
        std::thread::spawn(move || listen(at, stdout, &states));
        self.children.push(child);
        self.say(at, &serde_json::to_string(plan)?)
    }

    /// Tells all, and waits until all have begun.
    pub(crate) async fn order(&mut self, order: Order) -> Result<()> {
        let line = serde_json::to_string(&order)?;
        let obeyed = self.states.borrow().first().map_or(0, |state| state.obeyed) + 1;
        for at in 0..self.children.len() {
            self.say(at, &line)?;
        }
        let mut states = self.states();
        let all = states.wait_for(|states| {
            states.iter().all(|state| state.obeyed >= obeyed || state.has_ended)
        });
        let all = tokio::time::timeout(OBEY_WITHIN, all).await;
        let all = all.map_err(|_| anyhow!("a process of followers does not answer"))??;
        ensure!(!all.iter().any(|state| state.has_ended), "a process of followers has ended");
        Ok(())
    }

    /// What all have counted.
    pub(crate) async fn tally(&mut self) -> Result<Tally> {
        self.order(Order::Tally).await?;
        let mut whole = Tally::default();
        for state in &*self.states.borrow() {
            whole.add(state.tally.as_ref().context("a process of followers told no tally")?);
        }
        Ok(whole)
    }

    pub(crate) fn states(&self) -> watch::Receiver<Vec<State>> {
        self.states.subscribe()
    }

    pub(crate) fn pids(&self) -> Vec<u32> {
        self.children.iter().map(Child::id).collect()
    }

    fn say(&mut self, at: usize, line: &str) -> Result<()> {
        let stdin = self.children[at].stdin.as_mut().expect("it was asked for");
        writeln!(stdin, "{line}").context("a process of followers has ended")
    }
}

/// How all stand together.
pub(crate) fn progress(states: &[State]) -> Progress {
    let mut whole = Progress::default();
    states.iter().for_each(|state| whole.add(&state.progress));
    whole
}

/// Why the first follower failed, if any did.
pub(crate) fn trouble(states: &[State]) -> Option<String> {
    states.iter().find_map(|state| state.trouble.clone())
}

/// Waits until it is `done`, or until `figure` has not changed for the time of `silence`. Answers with
/// when it last changed.
pub(crate) async fn wait(
    states: &mut watch::Receiver<Vec<State>>,
    silence: Duration,
    done: impl Fn(&Progress) -> bool,
    figure: impl Fn(&Progress) -> u64,
) -> Instant {
    let (mut last, mut changed) = (None, Instant::now());
    loop {
        let all = progress(&states.borrow_and_update());
        let now = Some(figure(&all));
        if now != last {
            (last, changed) = (now, Instant::now());
        }
        if done(&all) {
            return changed;
        }
        // Without anyone who says anything nothing changes any more either.
        if !matches!(timeout_at(changed + silence, states.changed()).await, Ok(Ok(()))) {
            return changed;
        }
    }
}

fn listen(at: usize, stdout: ChildStdout, states: &watch::Sender<Vec<State>>) {
    for line in BufReader::new(stdout).lines() {
        let Ok(Ok(said)) = line.map(|line| serde_json::from_str(&line)) else { break };
        states.send_modify(|states| states[at].hear(said));
    }
    states.send_modify(|states| states[at].has_ended = true);
}

impl State {
    fn hear(&mut self, said: Said) {
        match said {
            Said::Progress(progress) => self.progress = progress,
            Said::Tally(tally) => self.tally = Some(tally),
            Said::Trouble(trouble) => self.trouble = Some(trouble),
            Said::Done => self.obeyed += 1,
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for child in &mut self.children {
            // It may have ended before.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_processes_as_the_open_files_ask_for() {
        let check = |followers, wished, limit| processes(followers, wished, limit).ok();
        assert_eq!(check(1_000, None, 1_048_576), Some(1));
        assert_eq!(check(1_000, None, 1_024), Some(2));
        assert_eq!(check(10_000, None, usize::MAX), Some(1));
        assert_eq!(check(10, Some(4), 1_024), Some(4));
        assert_eq!(check(2, Some(4), 1_024), Some(2));
        assert_eq!(check(10_000, Some(4), 1_024), None);
        assert_eq!(check(100_000, None, 1_024), None);
    }
}
