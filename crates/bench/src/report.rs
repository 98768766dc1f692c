//! What was measured, as a table and as JSON.

/// What came of coming and going.
mod churned;

use std::fmt;

use bytesize::ByteSize;
use serde::Serialize;

use crate::delays::Delays;
use crate::kernel::Kernel;
use crate::publisher::Published;

pub(crate) use churned::{Churned, Row};

/// Everything that was measured; what was not is left out.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// The first one.
    pub(crate) stream: String,
    /// Streams that followers have in turn.
    pub(crate) boards: usize,
    pub(crate) followers: usize,
    pub(crate) processes: usize,
    pub(crate) messages: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rate_per_sec: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) window: Option<u64>,
    pub(crate) publishers: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connected: Option<Connected>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) published: Option<Published>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delivered: Option<Delivered>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) latency: Option<Times>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory: Option<Memory>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cpu: Option<Cpu>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) storm: Option<Storm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) churned: Option<Churned>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connected {
    /// Streams that were open when all had tried.
    pub(crate) open: usize,
    pub(crate) failed: usize,
    /// Streams that the server had ended by then.
    pub(crate) ended: usize,
    pub(crate) secs: f64,
    /// Until the connection was there, before anything was asked.
    pub(crate) slowest_millis: f64,
    /// Connections that took a second or more.
    pub(crate) slow: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kernel: Option<Kernel>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Delivered {
    pub(crate) count: u64,
    pub(crate) expected: u64,
    /// Followers that got each message once.
    pub(crate) complete_followers: usize,
    pub(crate) ended_followers: usize,
    pub(crate) secs: f64,
    pub(crate) per_sec: f64,
    /// How late the latest message was published, where there is a rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) latest_publish_millis: Option<f64>,
}

/// Of some delays.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Times {
    pub(crate) samples: u64,
    pub(crate) p50_millis: f64,
    pub(crate) p99_millis: f64,
    pub(crate) max_millis: f64,
}

/// Of the server.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Memory {
    pub(crate) before_bytes: u64,
    pub(crate) connected_bytes: u64,
    pub(crate) end_bytes: u64,
    pub(crate) per_follower_bytes: f64,
}

/// Between the first message and its last delivery.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cpu {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server_secs: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server_micros_per_delivery: Option<f64>,
    pub(crate) generator_secs: f64,
    pub(crate) generator_micros_per_delivery: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Storm {
    /// Followers that let go.
    pub(crate) left: usize,
    /// Followers that have a stream again.
    pub(crate) back: usize,
    /// Messages that were published while they were away.
    pub(crate) missed: u64,
    /// Followers that got each of these once.
    pub(crate) resumed: usize,
    pub(crate) slowest_connect_millis: f64,
    /// Connections that took a second or more.
    pub(crate) slow_connects: u64,
    /// From the moment in which all began to come back until each had what it missed.
    pub(crate) returned: Option<Times>,
}

impl Times {
    /// `None` where there are none.
    pub(crate) fn of(delays: &Delays) -> Option<Self> {
        let millis = |nanos: u64| nanos as f64 / 1e6;
        (delays.count() > 0).then(|| Self {
            samples: delays.count(),
            p50_millis: millis(delays.percentile_nanos(50)),
            p99_millis: millis(delays.percentile_nanos(99)),
            max_millis: millis(delays.longest_nanos()),
        })
    }
}

impl Report {
    /// Whether every follower got all that it should, once.
    pub(crate) fn is_complete(&self) -> bool {
        if let Some(churned) = &self.churned {
            let accepted = self.published.as_ref().map(|published| published.accepted);
            return accepted == Some(self.messages) && churned.is_right(self.followers);
        }
        let delivered = self.delivered.as_ref();
        delivered.is_some_and(|delivered| delivered.complete_followers == self.followers)
            && self.storm.as_ref().is_none_or(|storm| storm.resumed == self.followers)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stream, boards, followers, processes, messages, publishers, .. } = self;
        let rhythm = match (self.rate_per_sec, self.window) {
            (Some(rate), _) => format!("{} a second", (rate * 100.0).round() / 100.0),
            (None, window) => format!("{} at once", window.unwrap_or_default()),
        };
        match boards {
            1 => writeln!(f, "{stream}")?,
            _ => writeln!(f, "{stream} and {} more boards", boards - 1)?,
        }
        writeln!(
            f,
            "{followers} followers in {processes} process{}; {messages} messages, {rhythm}, over \
             {publishers} connection{}\n",
            if *processes == 1 { "" } else { "es" },
            if *publishers == 1 { "" } else { "s" }
        )?;
        let mut row = |name: &str, text: String| writeln!(f, "{name:<12}{text}");
        if let Some(connected) = &self.connected {
            row("connected", connected.to_string())?;
        }
        if let Some(Published { accepted, refused, unanswered, refusal }) = &self.published {
            let why = refusal.as_ref().map(|text| format!(" ({text})")).unwrap_or_default();
            let counts = format!("{accepted}; {refused} refused{why}, {unanswered} unanswered");
            row("published", counts)?;
        }
        if let Some(delivered) = &self.delivered {
            row("delivered", delivered.to_string())?;
        }
        if let Some(times) = &self.latency {
            row("latency", times.to_string())?;
        }
        if let Some(cpu) = &self.cpu {
            row("CPU", cpu.to_string())?;
        }
        match &self.memory {
            Some(memory) => row("memory", memory.to_string())?,
            None => row("server", "not looked at: name its process with --pid".to_owned())?,
        }
        if let Some(storm) = &self.storm {
            row("storm", storm.to_string())?;
        }
        self.churned.as_ref().map_or(Ok(()), |churned| write!(f, "{churned}"))
    }
}

pub(crate) fn size(bytes: u64) -> impl fmt::Display {
    ByteSize::b(bytes).display().iec()
}

impl fmt::Display for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { open, failed, ended, secs, slowest_millis, slow, kernel } = self;
        write!(
            f,
            "{open} in {secs:.2} s; {failed} failed, {ended} ended; the slowest connection took \
             {slowest_millis:.1} ms, {slow} took 1 s or more"
        )?;
        let Some(Kernel { syns_again, queue_overflows, queue_drops }) = kernel else {
            return Ok(());
        };
        write!(
            f,
            "; {syns_again} SYN sent again, {queue_overflows} found the queue full, {queue_drops} \
             dropped"
        )
    }
}

impl fmt::Display for Delivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, expected, complete_followers, ended_followers, secs, per_sec, .. } = self;
        write!(
            f,
            "{count} of {expected} in {secs:.2} s, {per_sec:.0} a second; {complete_followers} \
             followers got all, {ended_followers} were ended"
        )?;
        let late = self.latest_publish_millis;
        late.map_or(Ok(()), |millis| write!(f, "; published {millis:.1} ms late at most"))
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { samples, p50_millis, p99_millis, max_millis } = self;
        write!(
            f,
            "p50 {p50_millis:.2} ms, p99 {p99_millis:.2} ms, max {max_millis:.2} ms \
             ({samples} samples)"
        )
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(secs), Some(micros)) = (self.server_secs, self.server_micros_per_delivery) {
            write!(f, "server {micros:.2} µs a delivery, {secs:.2} s in all; ")?;
        }
        let (micros, secs) = (self.generator_micros_per_delivery, self.generator_secs);
        write!(f, "generator {micros:.2} µs a delivery, {secs:.2} s in all")
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "server {:.0} bytes a follower: {} before, {} with all, {} at the end",
            self.per_follower_bytes,
            size(self.before_bytes),
            size(self.connected_bytes),
            size(self.end_bytes)
        )
    }
}

impl fmt::Display for Storm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { left, back, missed, resumed, .. } = self;
        write!(f, "{left} left, {back} came back, {resumed} with the {missed} that they missed")?;
        if let Some(returned) = &self.returned {
            write!(f, ": {returned}")?;
        }
        let (millis, slow) = (self.slowest_connect_millis, self.slow_connects);
        write!(f, "; the slowest connection took {millis:.1} ms, {slow} took 1 s or more")
    }
}
