//! The report of one measurement, as a table and as JSON.

/// The part on churn.
mod churn_report;

use std::fmt;

use serde::Serialize;
use serde_with::skip_serializing_none;

use crate::format::size;
use crate::latencies::Latencies;
use crate::own_boards::MeasuredStream;
use crate::publisher::PublishCounts;
use crate::tcp_stats::TcpStats;

pub(crate) use churn_report::{ChurnInterval, ChurnReport};

/// All figures of a measurement; those that are not known are left out.
#[skip_serializing_none]
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BenchReport {
    /// URL of the first stream.
    pub(crate) stream: String,
    /// Number of streams, assigned to followers round-robin.
    pub(crate) boards: usize,
    pub(crate) followers: usize,
    pub(crate) subject: MeasuredStream,
    pub(crate) processes: usize,
    pub(crate) messages: u64,
    pub(crate) rate_per_sec: Option<f64>,
    pub(crate) window: Option<u64>,
    pub(crate) publishers: usize,
    pub(crate) connected: Option<ConnectReport>,
    pub(crate) published: Option<PublishCounts>,
    pub(crate) delivered: Option<DeliveryReport>,
    pub(crate) latency: Option<LatencySummary>,
    pub(crate) memory: Option<MemoryReport>,
    pub(crate) cpu: Option<CpuReport>,
    pub(crate) storm: Option<StormReport>,
    pub(crate) churned: Option<ChurnReport>,
}

#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectReport {
    /// Streams that were open when all followers had tried.
    pub(crate) open: usize,
    pub(crate) failed: usize,
    /// Streams that the server had ended by then.
    pub(crate) ended: usize,
    pub(crate) secs: f64,
    /// The longest time until a connection was established, without the request.
    pub(crate) slowest_millis: f64,
    /// Connections that took a second or more.
    pub(crate) slow: u64,
    pub(crate) kernel: Option<TcpStats>,
}

#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeliveryReport {
    pub(crate) count: u64,
    pub(crate) expected: u64,
    /// Followers that received each message exactly once.
    pub(crate) complete_followers: usize,
    pub(crate) ended_followers: usize,
    pub(crate) secs: f64,
    pub(crate) per_sec: f64,
    /// The longest time by which a message was published after it was due; only with a rate.
    pub(crate) latest_publish_millis: Option<f64>,
}

#[derive(Debug, Serialize, derive_more::Display)]
#[serde(rename_all = "camelCase")]
#[display(
    "p50 {p50_millis:.2} ms, p99 {p99_millis:.2} ms, max {max_millis:.2} ms ({samples} samples)"
)]
pub(crate) struct LatencySummary {
    pub(crate) samples: u64,
    pub(crate) p50_millis: f64,
    pub(crate) p99_millis: f64,
    pub(crate) max_millis: f64,
}

/// Memory of the server.
#[derive(Debug, Serialize, derive_more::Display)]
#[serde(rename_all = "camelCase")]
#[display(
    "server {per_follower_bytes:.0} bytes per follower: {} before, {} with all connected, {} at the end",
    size(*before_bytes),
    size(*connected_bytes),
    size(*end_bytes)
)]
pub(crate) struct MemoryReport {
    pub(crate) before_bytes: u64,
    pub(crate) connected_bytes: u64,
    pub(crate) end_bytes: u64,
    pub(crate) per_follower_bytes: f64,
}

/// CPU time between the first message and its last delivery.
#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CpuReport {
    pub(crate) server_secs: Option<f64>,
    pub(crate) server_micros_per_delivery: Option<f64>,
    pub(crate) generator_secs: f64,
    pub(crate) generator_micros_per_delivery: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StormReport {
    /// Followers that disconnected.
    pub(crate) left: usize,
    /// Followers that have a stream again.
    pub(crate) back: usize,
    /// Messages published on each stream while the followers were away.
    pub(crate) missed: u64,
    /// Followers that then received each of these exactly once.
    pub(crate) resumed: usize,
    pub(crate) slowest_connect_millis: f64,
    /// Connections that took a second or more.
    pub(crate) slow_connects: u64,
    /// Time from the common reconnect until each follower had caught up.
    pub(crate) returned: Option<LatencySummary>,
}

impl LatencySummary {
    /// `None` without samples.
    pub(crate) fn from_latencies(latencies: &Latencies) -> Option<Self> {
        if latencies.len() == 0 {
            return None;
        }
        let quantile_millis = |quantile| latencies.quantile_nanos(quantile) as f64 / 1e6;
        Some(Self {
            samples: latencies.len(),
            p50_millis: quantile_millis(0.5),
            p99_millis: quantile_millis(0.99),
            max_millis: latencies.max_nanos() as f64 / 1e6,
        })
    }
}

impl BenchReport {
    /// True if every follower received everything it should, exactly once.
    pub(crate) fn is_complete(&self) -> bool {
        if let Some(churned) = &self.churned {
            let accepted = self.published.as_ref().map(|published| published.accepted);
            return accepted == Some(self.messages) && churned.is_flawless(self.followers);
        }
        let delivered = self.delivered.as_ref();
        delivered.is_some_and(|delivered| delivered.complete_followers == self.followers)
            && self.storm.as_ref().is_none_or(|storm| storm.resumed == self.followers)
    }
}

impl fmt::Display for BenchReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_settings(f)?;
        let mut row = |name: &str, text: String| writeln!(f, "{name:<12}{text}");
        if let Some(connected) = &self.connected {
            row("connected", connected.to_string())?;
        }
        if let Some(published) = &self.published {
            row("published", published.to_string())?;
        }
        if let Some(delivered) = &self.delivered {
            row("delivered", delivered.to_string())?;
        }
        if let Some(latency) = &self.latency {
            row("latency", latency.to_string())?;
        }
        if let Some(cpu) = &self.cpu {
            row("CPU", cpu.to_string())?;
        }
        match &self.memory {
            Some(memory) => row("memory", memory.to_string())?,
            None => row("server", "not measured: pass its process ID with --pid".to_owned())?,
        }
        if let Some(storm) = &self.storm {
            row("storm", storm.to_string())?;
        }
        self.churned.as_ref().map_or(Ok(()), |churned| write!(f, "{churned}"))
    }
}

impl BenchReport {
    fn write_settings(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stream, boards, followers, processes, messages, publishers, .. } = self;
        match boards {
            1 => writeln!(f, "{stream}")?,
            _ => writeln!(f, "{stream} and {} more boards", boards - 1)?,
        }
        let load = match (self.rate_per_sec, self.window) {
            (Some(rate), _) => format!("{} per second", (rate * 100.0).round() / 100.0),
            (None, window) => format!("{} in flight", window.unwrap_or_default()),
        };
        let processes_end = if *processes == 1 { "" } else { "es" };
        let connections_end = if *publishers == 1 { "" } else { "s" };
        writeln!(
            f,
            "{followers} followers in {processes} process{processes_end}; {messages} messages, {load}, \
             over {publishers} connection{connections_end}\n"
        )
    }
}

impl fmt::Display for ConnectReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { open, failed, ended, secs, slowest_millis, slow, kernel } = self;
        write!(
            f,
            "{open} in {secs:.2} s; {failed} failed, {ended} ended; slowest connection \
             {slowest_millis:.1} ms, {slow} took 1 s or more"
        )?;
        let Some(TcpStats { syns_again, queue_overflows, queue_drops }) = kernel else {
            return Ok(());
        };
        write!(
            f,
            "; {syns_again} SYNs resent, {queue_overflows} accept queue overflows, {queue_drops} \
             connections dropped"
        )
    }
}

impl fmt::Display for PublishCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { accepted, refused, unanswered, refusal } = self;
        write!(f, "{accepted} accepted, {refused} refused")?;
        if let Some(refusal) = refusal {
            write!(f, " ({refusal})")?;
        }
        write!(f, ", {unanswered} unanswered")
    }
}

impl fmt::Display for DeliveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, expected, complete_followers, ended_followers, secs, per_sec, .. } = self;
        write!(
            f,
            "{count} of {expected} in {secs:.2} s, {per_sec:.0} per second; {complete_followers} \
             followers received all, {ended_followers} ended"
        )?;
        match self.latest_publish_millis {
            Some(millis) => write!(f, "; published at most {millis:.1} ms late"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for CpuReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(secs), Some(micros)) = (self.server_secs, self.server_micros_per_delivery) {
            write!(f, "server {micros:.2} µs per delivery, {secs:.2} s in total; ")?;
        }
        let Self { generator_secs, generator_micros_per_delivery: micros, .. } = self;
        write!(f, "generator {micros:.2} µs per delivery, {generator_secs:.2} s in total")
    }
}

impl fmt::Display for StormReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { left, back, missed, resumed, slowest_connect_millis, slow_connects, .. } = self;
        write!(
            f,
            "{left} disconnected, {back} reconnected, {resumed} received the {missed} messages they missed"
        )?;
        if let Some(returned) = &self.returned {
            write!(f, ": {returned}")?;
        }
        write!(
            f,
            "; slowest connection {slowest_connect_millis:.1} ms, {slow_connects} took 1 s or more"
        )
    }
}
