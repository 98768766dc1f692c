//! Counters of refused requests, for `/metrics`.

use std::sync::OnceLock;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// Reads the bytes of all request bodies in memory.
type ReadBodyBytes = Box<dyn Fn() -> usize + Send + Sync>;

/// The metrics of the limits on clients.
#[derive(Default)]
pub struct RequestMetrics {
    body_bytes: Gauge,
    read_body_bytes: OnceLock<ReadBodyBytes>,
    bodies_refused: Counter,
    slow_bodies: Counter,
    connections_refused: Counter,
    frame_floods: Counter,
}

impl RequestMetrics {
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "request_bodies",
            "Request bodies in memory",
            Unit::Bytes,
            self.body_bytes.clone(),
        );
        registry.register(
            "bodies_refused",
            "Requests refused because the bodies of others left no memory",
            self.bodies_refused.clone(),
        );
        registry.register(
            "bodies_slow",
            "Requests refused because their body arrived too slowly",
            self.slow_bodies.clone(),
        );
        registry.register(
            "connections_refused",
            "Connections closed at once because their address had too many",
            self.connections_refused.clone(),
        );
        registry.register(
            "http2_floods",
            "Connections closed because of too many useless HTTP/2 frames",
            self.frame_floods.clone(),
        );
    }

    /// Reports the bytes that `read` returns. Only the first call has an effect.
    pub fn watch_bodies(&self, read: impl Fn() -> usize + Send + Sync + 'static) {
        let _ = self.read_body_bytes.set(Box::new(read));
    }

    /// Counts a body for which there was no memory.
    pub fn count_refused_body(&self) {
        self.bodies_refused.inc();
    }

    /// Counts a body that arrived too slowly.
    pub fn count_slow_body(&self) {
        self.slow_bodies.inc();
    }

    /// Counts a connection whose address had too many.
    pub fn count_refused_connection(&self) {
        self.connections_refused.inc();
    }

    /// Counts a connection that was closed for its frames.
    pub fn count_frame_flood(&self) {
        self.frame_floods.inc();
    }

    /// Sets the gauges.
    pub(crate) fn read(&self) {
        let bytes = self.read_body_bytes.get().map_or(0, |read| read());
        self.body_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}
