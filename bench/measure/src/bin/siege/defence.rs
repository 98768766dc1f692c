//! A server with followers, and the measurements of an attack on it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use measure::counting_follower::{CountingFollower, FollowerCommand, FollowerRole};
use measure::delivery_tracker::DeliveryTracker;
use measure::steady_publisher::SteadyPublisher;
use tempfile::TempDir;
use testkit::event_id::split_event_id;
use testkit::process::{ServerProcess, start_server};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::SiegeArgs;
use crate::attacks::{Attack, Finding, Target};
use crate::newcomers::NewcomerWaits;

/// Duration of the measurement before an attack.
const CALM_TIME: Duration = Duration::from_secs(5);

/// Time after the end of an attack within which its functions return.
const ATTACK_GRACE: Duration = Duration::from_secs(90);

/// Connecting all followers takes longer only if something is broken.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);

const SAMPLE_INTERVAL: Duration = Duration::from_millis(100);

/// A delay below this is harmless, and so is one below twice that of the calm time.
const HARMLESS_DELAY: Duration = Duration::from_millis(50);

/// Most bytes of log lines that an attack may cause.
const MAX_LOG_BYTES: usize = 64 * 1024;

const MIB: u64 = 1024 * 1024;

/// A server with followers and a publisher.
pub(crate) struct Defence {
    server: ServerProcess,
    /// With the journal.
    _folder: TempDir,
    tracker: Arc<DeliveryTracker>,
    publisher: SteadyPublisher,
    followers: Runtime,
    _command: watch::Sender<FollowerCommand>,
}

/// The effect of an attack.
pub(crate) struct Effect {
    name: &'static str,
    calm_p99: Duration,
    attack_p99: Duration,
    memory_before: u64,
    memory_peak: u64,
    memory_limit: u64,
    newcomers_refused: usize,
    rows_wait: Duration,
    health_wait: Duration,
    log_bytes: usize,
    faults: Vec<String>,
    findings: Vec<Finding>,
}

impl Defence {
    /// Starts a server for an attack, prepares its boards, and connects the followers.
    pub(crate) fn start(attack: &Attack, args: &SiegeArgs) -> Result<Self> {
        let folder = TempDir::new()?;
        let mut flags = attack.flags.to_vec();
        flags.extend(args.flags.iter().map(String::as_str));
        let server = start_server(folder.path(), &flags);
        (attack.prepare)(&server.api());
        let board = server.api().get("/boards/main");
        let newest = board["id"].as_str().and_then(split_event_id);
        let (_, newest) = newest.context("the board has no event")?;
        let tracker = Arc::new(DeliveryTracker::new(args.followers, newest));
        let followers = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let command = watch::Sender::new(FollowerCommand::Follow);
        for index in 0..args.followers {
            let follower = CountingFollower {
                index,
                role: FollowerRole::Measuring,
                address: server.address,
                tracker: Arc::clone(&tracker),
                command: command.subscribe(),
                requests_board: false,
            };
            followers.spawn(follower.run());
        }
        let start = Instant::now();
        while tracker.count_up_to_date(newest) < args.followers {
            ensure!(start.elapsed() < CONNECT_TIMEOUT, "the followers did not connect");
            sleep(SAMPLE_INTERVAL);
        }
        let publisher = SteadyPublisher::start(server.address, args.rate, Arc::clone(&tracker));
        Ok(Self { server, _folder: folder, tracker, publisher, followers, _command: command })
    }

    /// Attacks the server and measures the effect.
    pub(crate) fn withstand(mut self, attack: &Attack, args: &SiegeArgs) -> Result<Effect> {
        self.tracker.take_delays();
        sleep(CALM_TIME);
        let calm_p99 = p99(&self.tracker.take_delays());
        let log_before = self.server.process.log().len();
        let memory_before = self.server.process.memory_bytes();

        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let newcomers = Arc::new(NewcomerWaits::default());
        let visits = runtime.spawn(Arc::clone(&newcomers).run(self.server.address));
        let target = Target::new(self.server.address, args.duration());
        let run = attack.run;
        let attacking = runtime.spawn(async move {
            timeout(target.duration + ATTACK_GRACE, run(target))
                .await
                .context("the attack did not end")?
        });
        let mut memory_peak = memory_before;
        while !attacking.is_finished() && !self.server.process.has_exited() {
            memory_peak = memory_peak.max(self.server.process.memory_bytes());
            sleep(SAMPLE_INTERVAL);
        }
        let attack_p99 = p99(&self.tracker.take_delays());
        visits.abort();
        let mut faults = Vec::new();
        let has_exited = self.server.process.has_exited();
        let findings = if has_exited {
            faults.push("the server ended".to_owned());
            attacking.abort();
            Vec::new()
        } else {
            runtime.block_on(attacking)?.unwrap_or_else(|error| {
                faults.push(format!("{error:#}"));
                Vec::new()
            })
        };
        let (rows_wait, health_wait) = newcomers.longest();
        let newcomers_refused = newcomers.refused.load(Ordering::Relaxed);
        let log = self.server.process.log();
        faults.extend(log.contains("panicked").then(|| "a panic is in the log".to_owned()));
        let log_bytes = log.len().saturating_sub(log_before);
        runtime.shutdown_background();
        if !has_exited {
            faults.extend(self.check_deliveries());
        }
        Ok(Effect {
            name: attack.name,
            calm_p99,
            attack_p99,
            memory_before,
            memory_peak,
            memory_limit: args.memory * MIB,
            newcomers_refused,
            rows_wait,
            health_wait,
            log_bytes,
            faults,
            findings,
        })
    }

    /// Stops publishing, and checks that each follower received each event once and in order.
    fn check_deliveries(self) -> Option<String> {
        self.publisher.stop();
        let count = self.tracker.newest();
        let start = Instant::now();
        let total = self.tracker.follower_count();
        while self.tracker.count_up_to_date(count) < total && start.elapsed() < CONNECT_TIMEOUT {
            sleep(SAMPLE_INTERVAL);
        }
        let behind = total - self.tracker.count_up_to_date(count);
        let incomplete = self.tracker.count_incomplete();
        let out_of_order = self.tracker.out_of_order.load(Ordering::Relaxed);
        self.followers.shutdown_background();
        (behind + incomplete + out_of_order > 0).then(|| {
            format!("{behind} followers are behind, {incomplete} lack events, {out_of_order} events out of order")
        })
    }
}

impl Effect {
    pub(crate) fn header() -> String {
        format!(
            "{:<20} {:>10} {:>10} {:>10} {:>10} {:>9} {:>10} {:>10} {:>8}",
            "attack",
            "p99 calm",
            "p99 during",
            "MiB before",
            "MiB peak",
            "refused",
            "rows wait",
            "health",
            "log kB"
        )
    }

    /// Returns whether all others were served as before the attack, within the bounds.
    pub(crate) fn is_harmless(&self) -> bool {
        self.attack_p99 <= HARMLESS_DELAY.max(self.calm_p99.saturating_mul(2))
            && self.memory_peak <= self.memory_before + self.memory_limit
            && self.newcomers_refused == 0
            && self.log_bytes <= MAX_LOG_BYTES
            && self.faults.is_empty()
            && self.findings.iter().all(|finding| finding.is_expected)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |duration: Duration| format!("{:.1} ms", duration.as_secs_f64() * 1_000.0);
        write!(
            f,
            "{:<20} {:>10} {:>10} {:>10} {:>10} {:>9} {:>10} {:>10} {:>8}{}",
            self.name,
            millis(self.calm_p99),
            millis(self.attack_p99),
            self.memory_before / MIB,
            self.memory_peak / MIB,
            self.newcomers_refused,
            millis(self.rows_wait),
            millis(self.health_wait),
            self.log_bytes / 1_000,
            if self.is_harmless() { "" } else { "  HARM" }
        )?;
        for finding in &self.findings {
            let mark = if finding.is_expected { "" } else { "  HARM" };
            write!(f, "\n    {}{mark}", finding.text)?;
        }
        self.faults.iter().try_for_each(|fault| write!(f, "\n    {fault}  HARM"))
    }
}

fn p99(sorted: &[Duration]) -> Duration {
    let index = (sorted.len().saturating_sub(1) as f64 * 0.99) as usize;
    sorted.get(index).copied().unwrap_or(Duration::MAX)
}
