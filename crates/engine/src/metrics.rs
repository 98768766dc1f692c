//! Counters and gauges for `/metrics`, in OpenMetrics text. Each engine has its own registry,
//! instead of one for the process.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use fanout::{SnapshotReason, WindowBudget};
use flight::{ApplyOutcome, BoardName, BoardSource};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::feed_metrics::{FeedFamilies, FeedFigures};
use crate::frames::reason_word;
use crate::phase_times::PhaseTimes;
use crate::process_metrics::ProcessMetrics;
use crate::request_metrics::RequestMetrics;
use crate::snapshot_pool::{PoolFigures, SnapshotPool};
use crate::tls_metrics::{HandshakeResult, TlsFamilies};

/// The engine's registry, which the server's streams count in as well.
pub struct Metrics {
    registry: Registry,
    updates: Family<OutcomeLabel, Counter>,
    timetables_sent: Family<ReasonLabel, Counter>,
    streams_resumed: Counter,
    streams_turned_away: Counter,
    connections_stalled: Counter,
    idle_connections_closed: Counter,
    updates_not_known: Counter,
    updates_not_written: Family<OutcomeLabel, Counter>,
    publishes_over_rate: Counter,
    reactor_panics: Counter,
    log_lines_dropped: Counter,
    log_lines_suppressed: Counter,
    log_counters: OnceLock<LogCounters>,
    append_seconds: Histogram,
    pub(crate) phases: PhaseTimes,
    ready: Gauge,
    unsure_seconds: Gauge,
    task_panics: Counter,
    journal_ahead_seconds: Gauge,
    followers: Family<BoardLabel, Gauge>,
    flights: Family<BoardLabel, Gauge>,
    row_bytes: Family<BoardLabel, Gauge>,
    idempotency_keys: Gauge,
    snapshots: Gauge,
    snapshot_bytes: Gauge,
    snapshots_withdrawn: Counter,
    window_bytes: Gauge,
    memory: OnceLock<(Arc<SnapshotPool>, Arc<WindowBudget>)>,
    feeds: FeedFamilies,
    tls: TlsFamilies,
    requests: RequestMetrics,
    process: ProcessMetrics,
}

/// Functions that return numbers of log lines since the program started.
#[derive(Debug, Clone, Copy)]
pub struct LogCounters {
    /// Lines that standard error did not take.
    pub dropped: fn() -> u64,
    /// Lines that were left out because there were too many of their kind.
    pub suppressed: fn() -> u64,
}

/// The gauges of one board.
pub(crate) struct BoardCounts {
    pub(crate) board: BoardName,
    pub(crate) followers: usize,
    pub(crate) flights: usize,
    pub(crate) row_bytes: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BoardLabel {
    board: String,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("flightboard"),
            updates: Family::default(),
            timetables_sent: Family::default(),
            streams_resumed: Counter::default(),
            streams_turned_away: Counter::default(),
            connections_stalled: Counter::default(),
            idle_connections_closed: Counter::default(),
            updates_not_known: Counter::default(),
            updates_not_written: Family::default(),
            publishes_over_rate: Counter::default(),
            reactor_panics: Counter::default(),
            log_lines_dropped: Counter::default(),
            log_lines_suppressed: Counter::default(),
            log_counters: OnceLock::new(),
            phases: PhaseTimes::new(),
            // 0.1 ms to 3.3 s.
            append_seconds: Histogram::new(exponential_buckets(0.000_1, 2.0, 16)),
            ready: Gauge::default(),
            unsure_seconds: Gauge::default(),
            task_panics: Counter::default(),
            journal_ahead_seconds: Gauge::default(),
            followers: Family::default(),
            flights: Family::default(),
            row_bytes: Family::default(),
            idempotency_keys: Gauge::default(),
            snapshots: Gauge::default(),
            snapshot_bytes: Gauge::default(),
            snapshots_withdrawn: Counter::default(),
            window_bytes: Gauge::default(),
            memory: OnceLock::new(),
            feeds: FeedFamilies::default(),
            tls: TlsFamilies::default(),
            requests: RequestMetrics::default(),
            process: ProcessMetrics::new(),
        };
        metrics.register();
        // Both lines from the start, so that a first refusal is seen as an increase.
        for outcome in ["refused", "repeated"] {
            let _ = metrics.updates_not_written.get_or_create(&OutcomeLabel { outcome });
        }
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("updates", "Records applied, by outcome", self.updates.clone());
        registry.register(
            "timetables_sent",
            "Full timetables sent to followers, by reason",
            self.timetables_sent.clone(),
        );
        registry.register(
            "streams_resumed",
            "Streams resumed from a Last-Event-ID",
            self.streams_resumed.clone(),
        );
        registry.register(
            "streams_turned_away",
            "Streams ended at once because the follower limit was reached",
            self.streams_turned_away.clone(),
        );
        registry.register(
            "connections_stalled",
            "Connections closed because the peer stopped reading",
            self.connections_stalled.clone(),
        );
        registry.register(
            "idle_connections_closed",
            "Idle connections closed to make room for new ones",
            self.idle_connections_closed.clone(),
        );
        registry.register(
            "updates_not_known",
            "Updates answered without knowing whether they were written",
            self.updates_not_known.clone(),
        );
        registry.register(
            "updates_not_written",
            "Updates answered without a record, by outcome",
            self.updates_not_written.clone(),
        );
        registry.register(
            "publishes_over_rate",
            "Publishes refused because their publisher was beyond its rate",
            self.publishes_over_rate.clone(),
        );
        registry.register(
            "reactor_panics",
            "Panics of reactor threads; each thread is replaced",
            self.reactor_panics.clone(),
        );
        registry.register(
            "task_panics",
            "Panics of background tasks; each task is started again",
            self.task_panics.clone(),
        );
        registry.register(
            "log_lines_dropped",
            "Log lines dropped because standard error was full or blocked",
            self.log_lines_dropped.clone(),
        );
        registry.register(
            "log_lines_suppressed",
            "Log lines left out because there were too many of their kind",
            self.log_lines_suppressed.clone(),
        );
        registry.register_with_unit(
            "journal_append",
            "Time until an append was durable",
            Unit::Seconds,
            self.append_seconds.clone(),
        );
        self.phases.register(registry);
        registry.register(
            "ready",
            "1 if the server is ready for requests, 0 if not",
            self.ready.clone(),
        );
        registry.register_with_unit(
            "unsure",
            "Time for which the boards may have been out of date",
            Unit::Seconds,
            self.unsure_seconds.clone(),
        );
        registry.register_with_unit(
            "journal_ahead",
            "Time by which the newest update is ahead of the clock",
            Unit::Seconds,
            self.journal_ahead_seconds.clone(),
        );
        registry.register("followers", "Open streams", self.followers.clone());
        registry.register("flights", "Rows", self.flights.clone());
        registry.register("row_bytes", "Size of the rows in a checkpoint", self.row_bytes.clone());
        registry.register(
            "idempotency_keys",
            "Idempotency keys that are remembered",
            self.idempotency_keys.clone(),
        );
        registry.register(
            "window_bytes",
            "Size of the recent events of all boards",
            self.window_bytes.clone(),
        );
        registry.register("snapshots", "Encoded rows of boards", self.snapshots.clone());
        registry.register(
            "snapshot_bytes",
            "Size of the encoded rows of boards",
            self.snapshot_bytes.clone(),
        );
        registry.register(
            "snapshots_withdrawn",
            "Encoded rows that were withdrawn from slow readers",
            self.snapshots_withdrawn.clone(),
        );
        self.feeds.register(registry);
        self.tls.register(registry);
        self.requests.register(registry);
    }

    pub(crate) fn count_outcome(&self, outcome: &ApplyOutcome) {
        let outcome = match outcome {
            ApplyOutcome::Changed(_) => "changed",
            ApplyOutcome::Unchanged { .. } => "same",
            ApplyOutcome::Repeated { .. } => "repeated",
            ApplyOutcome::Rejected(_) => "refused",
        };
        self.updates.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    pub(crate) fn count_snapshot(&self, reason: SnapshotReason) {
        self.timetables_sent.get_or_create(&ReasonLabel { reason: reason_word(reason) }).inc();
    }

    pub(crate) fn count_unwritten(&self, outcome: &'static str) {
        self.updates_not_written.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    pub(crate) fn count_rate_exceeded(&self) {
        self.publishes_over_rate.inc();
    }

    pub(crate) fn count_unknown_outcome(&self) {
        self.updates_not_known.inc();
    }

    pub(crate) fn observe_append(&self, duration: Duration) {
        self.append_seconds.observe(duration.as_secs_f64());
    }

    /// Records that the event at this position has been written to the sockets of followers.
    pub fn observe_write(&self, seq: u64) {
        self.phases.observe_write(seq);
    }

    /// Counts a stream that resumed from a `Last-Event-ID`.
    pub fn count_resumed_stream(&self) {
        self.streams_resumed.inc();
    }

    /// Counts a stream that ended at once because the follower limit was reached.
    pub fn count_rejected_stream(&self) {
        self.streams_turned_away.inc();
    }

    /// Counts a connection that was closed because its peer stopped reading.
    pub fn count_stalled_connection(&self) {
        self.connections_stalled.inc();
    }

    pub(crate) fn count_task_panic(&self) {
        self.task_panics.inc();
    }

    /// Counts an idle connection that was closed to make room for a new one.
    pub fn count_closed_idle_connection(&self) {
        self.idle_connections_closed.inc();
    }

    /// Counts a panic of a reactor thread.
    pub fn count_reactor_panic(&self) {
        self.reactor_panics.inc();
    }

    /// The metrics of the limits on clients.
    pub fn requests(&self) -> &RequestMetrics {
        &self.requests
    }

    /// Reports the figures of the feed with this name, such as `avinor/OSL`, which `read` returns at each
    /// scrape.
    pub fn watch_feed(&self, name: &str, read: impl Fn() -> FeedFigures + Send + Sync + 'static) {
        self.feeds.watch(name, Box::new(read));
    }

    /// Counts a TLS handshake.
    pub fn count_handshake(&self, result: HandshakeResult) {
        self.tls.count(result);
    }

    /// Reports the end of the certificate, which `read` returns at each scrape. Only the first call has an effect.
    pub fn watch_certificate(&self, read: impl Fn() -> Option<SystemTime> + Send + Sync + 'static) {
        self.tls.watch_certificate(Box::new(read));
    }

    /// Reports the memory that these occupy. Only the first call has an effect.
    pub(crate) fn watch_memory(&self, pool: Arc<SnapshotPool>, windows: Arc<WindowBudget>) {
        let _ = self.memory.set((pool, windows));
    }

    /// Reports the numbers that `counters` return. Only the first call has an effect.
    pub fn watch_log(&self, counters: LogCounters) {
        let _ = self.log_counters.set(counters);
    }

    /// Encodes all metrics, with the gauges set to the given values.
    pub(crate) fn encode(
        &self,
        is_ready: bool,
        staleness: Duration,
        clock_lag: Duration,
        boards: Vec<BoardCounts>,
        idempotency_keys: usize,
        sources: Vec<(BoardName, BoardSource)>,
    ) -> String {
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        self.ready.set(is_ready.into());
        self.unsure_seconds.set(seconds(staleness));
        self.journal_ahead_seconds.set(seconds(clock_lag));
        if let Some(LogCounters { dropped, suppressed }) = self.log_counters.get() {
            self.log_lines_dropped.inner().store(dropped(), Ordering::Relaxed);
            self.log_lines_suppressed.inner().store(suppressed(), Ordering::Relaxed);
        }
        if let Some((pool, windows)) = self.memory.get() {
            let PoolFigures { snapshots, bytes, withdrawn } = pool.figures();
            self.window_bytes.set(gauge_value(windows.used_bytes()));
            self.snapshots.set(gauge_value(snapshots));
            self.snapshot_bytes.set(gauge_value(bytes));
            self.snapshots_withdrawn.inner().store(withdrawn, Ordering::Relaxed);
        }
        // Boards that no longer exist must not keep their last value.
        self.followers.clear();
        self.flights.clear();
        self.row_bytes.clear();
        self.idempotency_keys.set(gauge_value(idempotency_keys));
        for BoardCounts { board, followers, flights, row_bytes } in boards {
            let label = BoardLabel { board: board.to_string() };
            self.followers.get_or_create(&label).set(gauge_value(followers));
            self.flights.get_or_create(&label).set(gauge_value(flights));
            self.row_bytes.get_or_create(&label).set(gauge_value(row_bytes));
        }
        self.requests.read();
        self.feeds.read_figures();
        self.tls.read_certificate();
        self.feeds.set_sources(sources);
        self.process.read();
        let mut text = String::new();
        encode_registry(&mut text, &self.process.registry)
            .and_then(|()| encode(&mut text, &self.registry))
            .expect("writing to a String cannot fail");
        text
    }
}

fn gauge_value(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
