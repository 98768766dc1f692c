//! The server's memory over time: whether it stays flat once the server has warmed up.

use std::time::Duration;

use serde::Serialize;

use crate::format::{signed_size, size};

/// Equal parts of the duration; each is a row of the report.
pub(crate) const INTERVALS: usize = 10;

/// Intervals of warm-up, in which buffers, windows and caches fill.
const WARM_UP_INTERVALS: usize = 2;

/// Samples per interval, so that a single one has little weight.
const SAMPLES_PER_INTERVAL: usize = 60;

const MIN_SAMPLE_INTERVAL: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, Copy)]
pub(crate) struct MemorySample {
    /// Time since the start.
    pub(crate) secs: f64,
    pub(crate) bytes: u64,
}

#[derive(Debug)]
pub(crate) struct MemorySamples {
    duration_secs: f64,
    /// Bounded by the duration and [`sample_interval`].
    samples: Vec<MemorySample>,
}

#[derive(Debug, Clone, PartialEq, Serialize, derive_more::Display)]
#[serde(rename_all = "camelCase")]
#[display(
    "{} after {warm_up_secs:.0} s of warm-up, {} at the end, {} at most; grown by {}, {} per hour",
    size(*first_bytes),
    size(*last_bytes),
    size(*highest_bytes),
    signed_size(*grown_bytes),
    signed_size(*grown_bytes_an_hour)
)]
pub(crate) struct MemoryTrend {
    pub(crate) warm_up_secs: f64,
    /// Mean of the first interval after the warm-up.
    pub(crate) first_bytes: u64,
    /// Mean of the last interval.
    pub(crate) last_bytes: u64,
    pub(crate) highest_bytes: u64,
    /// Growth from the first to the last.
    pub(crate) grown_bytes: i64,
    /// Slope of the least-squares line through the samples after the warm-up.
    pub(crate) grown_bytes_an_hour: i64,
}

/// Time between two samples.
pub(crate) fn sample_interval(duration: Duration) -> Duration {
    let samples = u32::try_from(INTERVALS * SAMPLES_PER_INTERVAL).expect("600 fits");
    (duration / samples).max(MIN_SAMPLE_INTERVAL)
}

impl MemorySamples {
    pub(crate) fn new(duration: Duration) -> Self {
        Self { duration_secs: duration.as_secs_f64(), samples: Vec::new() }
    }

    pub(crate) fn push(&mut self, sample: MemorySample) {
        self.samples.push(sample);
    }

    /// The interval that contains a time since the start.
    pub(crate) fn interval_at(&self, secs: f64) -> usize {
        ((secs / self.duration_secs * INTERVALS as f64) as usize).min(INTERVALS - 1)
    }

    pub(crate) fn end_secs(&self, interval: usize) -> f64 {
        self.duration_secs * (interval + 1) as f64 / INTERVALS as f64
    }

    pub(crate) fn mean_bytes(&self, interval: usize) -> Option<u64> {
        let samples = self.samples.iter().filter(|it| self.interval_at(it.secs) == interval);
        let (sum, count) = samples.fold((0, 0), |(sum, count), it| (sum + it.bytes, count + 1));
        (count > 0).then(|| sum / count)
    }

    /// `None` until there are samples after the warm-up.
    pub(crate) fn trend(&self) -> Option<MemoryTrend> {
        let is_warm = |it: &&MemorySample| self.interval_at(it.secs) >= WARM_UP_INTERVALS;
        let warm: Vec<_> = self.samples.iter().filter(is_warm).collect();
        let first_bytes = self.mean_bytes(self.interval_at(warm.first()?.secs))?;
        let last_bytes = self.mean_bytes(self.interval_at(warm.last()?.secs))?;
        Some(MemoryTrend {
            warm_up_secs: self.duration_secs * WARM_UP_INTERVALS as f64 / INTERVALS as f64,
            first_bytes,
            last_bytes,
            highest_bytes: self.samples.iter().map(|it| it.bytes).max()?,
            grown_bytes: last_bytes.cast_signed() - first_bytes.cast_signed(),
            grown_bytes_an_hour: (bytes_per_sec(&warm) * 3600.0) as i64,
        })
    }
}

/// Slope of the least-squares line.
fn bytes_per_sec(samples: &[&MemorySample]) -> f64 {
    let count = samples.len().max(1) as f64;
    let mean_secs = samples.iter().map(|it| it.secs).sum::<f64>() / count;
    let mean_bytes = samples.iter().map(|it| it.bytes as f64).sum::<f64>() / count;
    let variance: f64 = samples.iter().map(|it| (it.secs - mean_secs).powi(2)).sum();
    let covariance: f64 =
        samples.iter().map(|it| (it.secs - mean_secs) * (it.bytes as f64 - mean_bytes)).sum();
    if variance > 0.0 { covariance / variance } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The trend of the first `secs` of a hundred seconds, with one sample per second.
    fn trend(secs: u32, bytes: impl Fn(u32) -> u64) -> Option<MemoryTrend> {
        let mut samples = MemorySamples::new(Duration::from_secs(100));
        for secs in 0..secs {
            samples.push(MemorySample { secs: f64::from(secs), bytes: bytes(secs) });
        }
        samples.trend()
    }

    #[test]
    fn steady_growth_is_extrapolated_per_hour() {
        let trend = trend(100, |secs| 1_000 + 10 * u64::from(secs)).unwrap();
        assert_eq!(trend.grown_bytes_an_hour, 36_000);
        assert_eq!((trend.first_bytes, trend.last_bytes), (1_245, 1_945));
        assert_eq!((trend.grown_bytes, trend.highest_bytes), (700, 1_990));
    }

    #[test]
    fn warm_up_is_not_growth() {
        let trend = trend(100, |secs| if secs < 20 { u64::from(secs) } else { 500 }).unwrap();
        assert_eq!((trend.grown_bytes, trend.grown_bytes_an_hour), (0, 0));
        assert_eq!(trend.warm_up_secs, 20.0);
    }

    #[test]
    fn shrinking_is_negative_growth() {
        let trend = trend(100, |secs| 9_000 - u64::from(secs)).unwrap();
        assert_eq!((trend.grown_bytes, trend.grown_bytes_an_hour), (-70, -3_600));
    }

    #[test]
    fn warm_up_alone_has_no_trend() {
        assert_eq!(trend(20, |_| 1), None);
        assert_eq!(trend(21, |_| 1).unwrap().last_bytes, 1);
    }
}
