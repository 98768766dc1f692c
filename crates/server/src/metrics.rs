//! What is counted, for `/metrics` (OpenMetrics text). A registry for each app, none for the
//! process.

use std::time::Duration;

use fanout::SnapshotReason;
use flight::ApplyOutcome;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::frames::reason_word;
use crate::live::Live;

pub(crate) struct Metrics {
    registry: Registry,
    updates: Family<Outcome, Counter>,
    snapshots: Family<Opening, Counter>,
    resumed: Counter,
    turned_away: Counter,
    stalled: Counter,
    not_known: Counter,
    reactor_panics: Counter,
    append_seconds: Histogram,
    unsure_seconds: Gauge,
    followers: Family<Board, Gauge>,
    flights: Family<Board, Gauge>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Opening {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Board {
    board: String,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("flightboard"),
            updates: Family::default(),
            snapshots: Family::default(),
            resumed: Counter::default(),
            turned_away: Counter::default(),
            stalled: Counter::default(),
            not_known: Counter::default(),
            reactor_panics: Counter::default(),
            append_seconds: Histogram::new(exponential_buckets(0.000_1, 2.0, 16)),
            unsure_seconds: Gauge::default(),
            followers: Family::default(),
            flights: Family::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "updates",
            "Records applied, by what became of them",
            self.updates.clone(),
        );
        registry.register(
            "timetables_sent",
            "Whole timetables given to followers, by reason",
            self.snapshots.clone(),
        );
        registry.register(
            "streams_resumed",
            "Streams that went on after a Last-Event-ID",
            self.resumed.clone(),
        );
        registry.register(
            "streams_turned_away",
            "Streams ended at once because there were too many",
            self.turned_away.clone(),
        );
        registry.register(
            "connections_stalled",
            "Connections closed because their peer took nothing for too long",
            self.stalled.clone(),
        );
        registry.register(
            "updates_not_known",
            "Updates whose publisher was told that it is not known whether they were written",
            self.not_known.clone(),
        );
        registry.register(
            "reactor_panics",
            "Threads that write to followers and panicked; each is replaced",
            self.reactor_panics.clone(),
        );
        registry.register_with_unit(
            "journal_append",
            "Time until an append was durable",
            Unit::Seconds,
            self.append_seconds.clone(),
        );
        registry.register_with_unit(
            "unsure",
            "Time for which it has not been known whether there are newer updates",
            Unit::Seconds,
            self.unsure_seconds.clone(),
        );
        registry.register("followers", "Open streams", self.followers.clone());
        registry.register("flights", "Rows", self.flights.clone());
    }

    pub(crate) fn applied(&self, applied: &ApplyOutcome) {
        let outcome = match applied {
            ApplyOutcome::Changed(_) => "changed",
            ApplyOutcome::Unchanged { .. } => "same",
            ApplyOutcome::Repeated { .. } => "repeated",
            ApplyOutcome::Rejected(_) => "refused",
        };
        self.updates.get_or_create(&Outcome { outcome }).inc();
    }

    pub(crate) fn snapshot(&self, reason: SnapshotReason) {
        self.snapshots.get_or_create(&Opening { reason: reason_word(reason) }).inc();
    }

    pub(crate) fn resumed(&self) {
        self.resumed.inc();
    }

    pub(crate) fn turned_away(&self) {
        self.turned_away.inc();
    }

    pub(crate) fn stalled(&self) {
        self.stalled.inc();
    }

    pub(crate) fn not_known(&self) {
        self.not_known.inc();
    }

    pub(crate) fn reactor_panicked(&self) {
        self.reactor_panics.inc();
    }

    pub(crate) fn append_took(&self, duration: Duration) {
        self.append_seconds.observe(duration.as_secs_f64());
    }

    /// All figures as text, those of the boards as of now.
    pub(crate) fn text(&self, live: &Live, unsure_for: Duration) -> String {
        self.unsure_seconds.set(i64::try_from(unsure_for.as_secs()).unwrap_or(i64::MAX));
        self.followers.clear();
        self.flights.clear();
        live.summaries(|name, summary| {
            let board = Board { board: name.to_string() };
            let count = |number| i64::try_from(number).unwrap_or(i64::MAX);
            self.followers.get_or_create(&board).set(count(summary.followers));
            self.flights.get_or_create(&board).set(count(summary.flights));
        });
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a String cannot fail");
        text
    }
}
