//! One of the processes that followers are spread over. It takes orders on standard input, answers on
//! standard output, and ends when nobody orders any more.

use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use mio::Waker;

use crate::crowd::{self, Crowd};
use crate::orders::{Order, Plan, Progress, Said};

/// How often progress is told, besides each time that all have got one more.
const TELL_EVERY: Duration = Duration::from_millis(50);

/// Runs the followers of one process, as commands on standard input say.
pub(crate) fn run() -> Result<ExitCode> {
    crate::raise_open_file_limit();
    let mut plan = String::new();
    std::io::stdin().read_line(&mut plan)?;
    let plan: Plan =
        serde_json::from_str(&plan).context("flightboard-bench starts its workers itself")?;
    let mut crowd = Crowd::new(plan)?;
    let orders = listen(crowd.waker()?);
    follow(&mut crowd, &orders)?;
    Ok(ExitCode::SUCCESS)
}

/// Orders as they come, each of which ends what the followers wait for.
fn listen(waker: Arc<Waker>) -> Receiver<Order> {
    // Each order is answered before the next one is given.
    let (sender, orders) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(Ok(order)) = line.map(|line| serde_json::from_str(&line)) else { break };
            if sender.send(order).is_err() || waker.wake().is_err() {
                break;
            }
        }
        drop(sender);
        // If it cannot be woken, it sees within its patience that nobody orders any more.
        let _ = waker.wake();
    });
    orders
}

fn follow(crowd: &mut Crowd, orders: &Receiver<Order>) -> Result<()> {
    let mut events = crowd::events();
    let mut told = Told { at: Instant::now(), progress: Progress::default(), messages: 0 };
    loop {
        match orders.try_recv() {
            Ok(order) => {
                obey(crowd, order)?;
                told.tell(crowd)?;
                say(&Said::Done)?;
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return Ok(()),
        }
        crowd.turn(&mut events, TELL_EVERY)?;
        told.tell_if_due(crowd)?;
    }
}

fn obey(crowd: &mut Crowd, order: Order) -> Result<()> {
    match order {
        Order::Connect => crowd.connect(),
        Order::Count(messages) => crowd.count(messages),
        Order::Tally => say(&Said::Tally(crowd.tally()))?,
        Order::Leave => crowd.leave(),
        Order::Return(messages) => crowd.come_back(messages),
        Order::Churn => crowd.churn(),
        Order::Settle => crowd.settle(),
    }
    Ok(())
}

/// What was told last.
struct Told {
    at: Instant,
    progress: Progress,
    /// How many messages had come to all.
    messages: u64,
}

impl Told {
    fn tell_if_due(&mut self, crowd: &mut Crowd) -> Result<()> {
        let progress = crowd.progress;
        let is_due = crowd.messages() != self.messages
            || self.at.elapsed() >= TELL_EVERY
            || (crowd.is_connected() && progress.open != self.progress.open);
        if is_due && progress != self.progress { self.tell(crowd) } else { Ok(()) }
    }

    fn tell(&mut self, crowd: &mut Crowd) -> Result<()> {
        let progress = crowd.progress;
        *self = Self { at: Instant::now(), progress, messages: crowd.messages() };
        if let Some(trouble) = crowd.trouble.take() {
            say(&Said::Trouble(trouble))?;
        }
        say(&Said::Progress(progress))
    }
}

fn say(said: &Said) -> Result<()> {
    let mut line = serde_json::to_vec(said)?;
    line.push(b'\n');
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(&line)?;
    stdout.flush().context("nobody listens any more")
}
