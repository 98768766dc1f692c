//! A worker process: takes commands on standard input, replies on standard output, and ends when its input
//! ends.

use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use mio::Waker;

use crate::followers::{self, FollowerPool};
use crate::worker_protocol::{WorkerCommand, WorkerPlan, WorkerProgress, WorkerReply};

/// Maximum time between two progress reports. A report is also sent whenever all followers have received
/// another message.
const REPORT_INTERVAL: Duration = Duration::from_millis(50);

pub(crate) fn run() -> Result<ExitCode> {
    crate::raise_open_file_limit();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let plan: WorkerPlan =
        serde_json::from_str(&line).context("only flightboard-bench itself starts workers")?;
    let mut pool = FollowerPool::new(plan)?;
    let commands = read_commands(pool.waker()?);
    run_followers(&mut pool, &commands)?;
    Ok(ExitCode::SUCCESS)
}

/// Reads commands on a separate thread; each wakes the followers' thread. The channel needs no bound,
/// since the parent waits for a reply before it sends another command.
fn read_commands(waker: Arc<Waker>) -> Receiver<WorkerCommand> {
    let (sender, commands) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(Ok(command)) = line.map(|line| serde_json::from_str(&line)) else { break };
            if sender.send(command).is_err() || waker.wake().is_err() {
                break;
            }
        }
        drop(sender);
        // If this fails, the other thread sees the closed channel after its poll timeout.
        let _ = waker.wake();
    });
    commands
}

fn run_followers(pool: &mut FollowerPool, commands: &Receiver<WorkerCommand>) -> Result<()> {
    let mut events = followers::event_buffer();
    let mut last =
        LastReport { at: Instant::now(), progress: WorkerProgress::default(), messages: 0 };
    loop {
        match commands.try_recv() {
            Ok(command) => {
                handle(pool, command)?;
                last.report(pool)?;
                reply(&WorkerReply::Started)?;
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return Ok(()),
        }
        pool.poll(&mut events, REPORT_INTERVAL)?;
        last.report_if_due(pool)?;
    }
}

fn handle(pool: &mut FollowerPool, command: WorkerCommand) -> Result<()> {
    match command {
        WorkerCommand::Connect => pool.connect(),
        WorkerCommand::Count(messages) => pool.reset_counters(messages),
        WorkerCommand::Report => reply(&WorkerReply::Results(pool.results()))?,
        WorkerCommand::Disconnect => pool.disconnect(),
        WorkerCommand::Reconnect(messages) => pool.reconnect(messages),
        WorkerCommand::Churn => pool.start_churn(),
        WorkerCommand::StopChurn => pool.stop_churn(),
    }
    Ok(())
}

/// The last progress report.
struct LastReport {
    at: Instant,
    progress: WorkerProgress,
    /// Messages that all followers had received.
    messages: u64,
}

impl LastReport {
    fn report_if_due(&mut self, pool: &mut FollowerPool) -> Result<()> {
        let progress = pool.progress;
        let is_due = pool.messages() != self.messages
            || self.at.elapsed() >= REPORT_INTERVAL
            || (pool.is_connected() && progress.open != self.progress.open);
        if is_due && progress != self.progress { self.report(pool) } else { Ok(()) }
    }

    fn report(&mut self, pool: &mut FollowerPool) -> Result<()> {
        let progress = pool.progress;
        *self = Self { at: Instant::now(), progress, messages: pool.messages() };
        if let Some(failure) = pool.first_failure.take() {
            reply(&WorkerReply::Failure(failure))?;
        }
        reply(&WorkerReply::Progress(progress))
    }
}

fn reply(reply: &WorkerReply) -> Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(&line)?;
    stdout.flush().context("the parent process has ended")
}
