//! The metrics of the process, by the names that all clients of Prometheus use.

use std::sync::atomic::{AtomicU64, Ordering};

use metrics_process::collector;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// Gauges and counters with a registry of their own, since their names lack the prefix of the others.
pub(crate) struct ProcessMetrics {
    pub(crate) registry: Registry,
    cpu_seconds: Counter<f64, AtomicU64>,
    resident_bytes: Gauge,
    open_files: Gauge,
    max_files: Gauge,
    start_time: Gauge,
}

impl ProcessMetrics {
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("process"),
            cpu_seconds: Counter::default(),
            resident_bytes: Gauge::default(),
            open_files: Gauge::default(),
            max_files: Gauge::default(),
            start_time: Gauge::default(),
        };
        let registry = &mut metrics.registry;
        let cpu_seconds = metrics.cpu_seconds.clone();
        registry.register_with_unit("cpu", "User and system time", Unit::Seconds, cpu_seconds);
        let resident_bytes = metrics.resident_bytes.clone();
        registry.register_with_unit(
            "resident_memory",
            "Resident memory",
            Unit::Bytes,
            resident_bytes,
        );
        registry.register("open_fds", "Open files and sockets", metrics.open_files.clone());
        registry.register("max_fds", "Most open files and sockets", metrics.max_files.clone());
        registry.register_with_unit(
            "start_time",
            "Start of the process in Unix time",
            Unit::Seconds,
            metrics.start_time.clone(),
        );
        metrics
    }

    /// Sets all metrics. A system that does not tell one leaves it at 0.
    pub(crate) fn read(&self) {
        let figures = collector::collect();
        let cpu_seconds = figures.cpu_seconds_total.unwrap_or_default();
        self.cpu_seconds.inner().store(cpu_seconds.to_bits(), Ordering::Relaxed);
        for (gauge, figure) in [
            (&self.resident_bytes, figures.resident_memory_bytes),
            (&self.open_files, figures.open_fds),
            (&self.max_files, figures.max_fds),
            (&self.start_time, figures.start_time_seconds),
        ] {
            gauge.set(i64::try_from(figure.unwrap_or_default()).unwrap_or(i64::MAX));
        }
    }
}
