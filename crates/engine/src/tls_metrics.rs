//! Counters and gauges of TLS, for `/metrics`.

use std::sync::OnceLock;
use std::time::SystemTime;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

/// The end of a TLS handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandshakeResult {
    /// The connection is encrypted.
    Completed,
    /// The peer speaks something else, refuses the certificate, or disconnects.
    Failed,
    /// The peer took too long.
    TimedOut,
}

impl HandshakeResult {
    const ALL: [Self; 3] = [Self::Completed, Self::Failed, Self::TimedOut];

    fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::TimedOut => "timeout",
        }
    }
}

/// Returns the end of the current certificate.
type ReadCertificateEnd = Box<dyn Fn() -> Option<SystemTime> + Send + Sync>;

/// The metrics of all listeners that speak TLS.
#[derive(Default)]
pub(crate) struct TlsFamilies {
    handshakes: Family<ResultLabel, Counter>,
    certificate_end: Gauge,
    read_certificate_end: OnceLock<ReadCertificateEnd>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

impl TlsFamilies {
    pub(crate) fn register(&self, registry: &mut Registry) {
        // A counter that appears with its first event has no rate at that event.
        for result in HandshakeResult::ALL {
            drop(self.handshakes.get_or_create(&ResultLabel { result: result.word() }));
        }
        registry.register("tls_handshakes", "TLS handshakes, by result", self.handshakes.clone());
        registry.register_with_unit(
            "tls_certificate_not_after_timestamp",
            "End of the certificate in Unix time; 0 without one",
            Unit::Seconds,
            self.certificate_end.clone(),
        );
    }

    pub(crate) fn count(&self, result: HandshakeResult) {
        self.handshakes.get_or_create(&ResultLabel { result: result.word() }).inc();
    }

    pub(crate) fn watch_certificate(&self, read: ReadCertificateEnd) {
        let _ = self.read_certificate_end.set(read);
    }

    pub(crate) fn read_certificate(&self) {
        let end = self.read_certificate_end.get().and_then(|read| read());
        let seconds = end.and_then(|end| end.duration_since(SystemTime::UNIX_EPOCH).ok());
        let seconds = seconds.and_then(|end| i64::try_from(end.as_secs()).ok());
        self.certificate_end.set(seconds.unwrap_or(0));
    }
}
