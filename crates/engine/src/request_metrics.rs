//! Counters of refused requests, for `/metrics`.

use std::sync::OnceLock;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// The limit that one more stream would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamLimit {
    /// That of the server, or its connections and files.
    Server,
    /// That of the client's address.
    Address,
    /// New streams of that address in a second.
    AddressRate,
    /// That of the client's connection.
    Connection,
    /// That of the client's token.
    Token,
}

impl StreamLimit {
    const ALL: [Self; 5] =
        [Self::Server, Self::Address, Self::AddressRate, Self::Connection, Self::Token];

    fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Address => "address",
            Self::AddressRate => "address-rate",
            Self::Connection => "connection",
            Self::Token => "token",
        }
    }
}

/// Reads the bytes of all request bodies in memory.
type ReadBodyBytes = Box<dyn Fn() -> usize + Send + Sync>;

/// Reads the number of streams that play the past.
type ReadPlaybacks = Box<dyn Fn() -> usize + Send + Sync>;

/// Why a request has not the right to what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RightRefusal {
    /// It has no token and needs one.
    TokenMissing,
    /// Its token gives no rights: it is unknown, or outside of its time.
    TokenInvalid,
    /// Its token gives other rights.
    RightMissing,
    /// A page of another origin sent it, or it is for a host that is not local.
    Foreign,
}

impl RightRefusal {
    const ALL: [Self; 4] =
        [Self::TokenMissing, Self::TokenInvalid, Self::RightMissing, Self::Foreign];

    fn word(self) -> &'static str {
        match self {
            Self::TokenMissing => "token_missing",
            Self::TokenInvalid => "token_invalid",
            Self::RightMissing => "right_missing",
            Self::Foreign => "foreign",
        }
    }
}

/// The metrics of the limits on clients.
#[derive(Default)]
pub struct RequestMetrics {
    body_bytes: Gauge,
    read_body_bytes: OnceLock<ReadBodyBytes>,
    bodies_refused: Counter,
    slow_bodies: Counter,
    long_bulks: Counter,
    shortened_errors: Counter,
    refused_streams: Counter,
    connections_refused: Counter,
    frame_floods: Counter,
    without_right: Family<RefusalLabel, Counter>,
    streams_over_limit: Family<LimitLabel, Counter>,
    playbacks: Gauge,
    read_playbacks: OnceLock<ReadPlaybacks>,
    playbacks_refused: Counter,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabel {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabel {
    limit: &'static str,
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
            "bulks_too_long",
            "Requests refused because they had too many lines",
            self.long_bulks.clone(),
        );
        registry.register(
            "bulk_errors_shortened",
            "Errors of lines that the answer did not explain because there were too many",
            self.shortened_errors.clone(),
        );
        registry.register(
            "http2_streams_refused",
            "Requests refused because their HTTP/2 connection had too many open",
            self.refused_streams.clone(),
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
        // A counter that appears with its first event has no rate at that event.
        for refusal in RightRefusal::ALL {
            drop(self.without_right.get_or_create(&RefusalLabel { reason: refusal.word() }));
        }
        registry.register(
            "requests_without_right",
            "Requests refused because they lack a right, by reason",
            self.without_right.clone(),
        );
        for limit in StreamLimit::ALL {
            drop(self.streams_over_limit.get_or_create(&LimitLabel { limit: limit.word() }));
        }
        registry.register(
            "streams_over_limit",
            "Streams ended at once, by the limit that they would exceed",
            self.streams_over_limit.clone(),
        );
        registry.register("playbacks", "Streams that play the past", self.playbacks.clone());
        registry.register(
            "playbacks_refused",
            "Streams of the past refused because there were too many",
            self.playbacks_refused.clone(),
        );
    }

    /// Reports the bytes that `read` returns. Only the first call has an effect.
    pub fn watch_bodies(&self, read: impl Fn() -> usize + Send + Sync + 'static) {
        let _ = self.read_body_bytes.set(Box::new(read));
    }

    /// Reports the number of playbacks that `read` returns. Only the first call has an effect.
    pub fn watch_playbacks(&self, read: impl Fn() -> usize + Send + Sync + 'static) {
        let _ = self.read_playbacks.set(Box::new(read));
    }

    /// Counts a playback above those that there may be.
    pub fn count_refused_playback(&self) {
        self.playbacks_refused.inc();
    }

    /// Counts a body for which there was no memory.
    pub fn count_refused_body(&self) {
        self.bodies_refused.inc();
    }

    /// Counts a body that arrived too slowly.
    pub fn count_slow_body(&self) {
        self.slow_bodies.inc();
    }

    /// Counts a request that had too many lines.
    pub fn count_long_bulk(&self) {
        self.long_bulks.inc();
    }

    /// Counts an error of a line that the answer does not explain.
    pub fn count_shortened_error(&self) {
        self.shortened_errors.inc();
    }

    /// Counts a request above those that an HTTP/2 connection may have open.
    pub fn count_refused_stream(&self) {
        self.refused_streams.inc();
    }

    /// Counts a connection whose address had too many.
    pub fn count_refused_connection(&self) {
        self.connections_refused.inc();
    }

    /// Counts a connection that was closed for its frames.
    pub fn count_frame_flood(&self) {
        self.frame_floods.inc();
    }

    /// Counts a request that lacks a right.
    pub fn count_without_right(&self, refusal: RightRefusal) {
        self.without_right.get_or_create(&RefusalLabel { reason: refusal.word() }).inc();
    }

    /// Counts a stream that would exceed `limit`.
    pub fn count_stream_over(&self, limit: StreamLimit) {
        self.streams_over_limit.get_or_create(&LimitLabel { limit: limit.word() }).inc();
    }

    /// Sets the gauges.
    pub(crate) fn read(&self) {
        let bytes = self.read_body_bytes.get().map_or(0, |read| read());
        self.body_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        let playbacks = self.read_playbacks.get().map_or(0, |read| read());
        self.playbacks.set(i64::try_from(playbacks).unwrap_or(i64::MAX));
    }
}
