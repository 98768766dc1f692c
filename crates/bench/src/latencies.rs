//! A histogram of latencies that several processes can merge.

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Values are exact to this number of decimal digits.
const SIGNIFICANT_DIGITS: u8 = 3;

/// Longer latencies count as one hour.
const MAX_NANOS: u64 = 3_600_000_000_000;

pub(crate) struct Latencies(Histogram<u64>);

/// The counts of a histogram, to send to another process.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct LatencyCounts(Vec<(u64, u64)>);

impl Latencies {
    pub(crate) fn new() -> Self {
        let histogram = Histogram::new_with_max(MAX_NANOS, SIGNIFICANT_DIGITS);
        Self(histogram.expect("these bounds are valid"))
    }

    pub(crate) fn record(&mut self, nanos: u64) {
        self.0.saturating_record(nanos);
    }

    pub(crate) fn counts(&self) -> LatencyCounts {
        let recorded = self.0.iter_recorded();
        LatencyCounts(
            recorded.map(|step| (step.value_iterated_to(), step.count_at_value())).collect(),
        )
    }

    pub(crate) fn merge(&mut self, counts: &LatencyCounts) -> Result<()> {
        for (nanos, count) in &counts.0 {
            self.0.record_n(*nanos, *count).context("a worker sent a latency out of bounds")?;
        }
        Ok(())
    }

    pub(crate) fn len(&self) -> u64 {
        self.0.len()
    }

    pub(crate) fn quantile_nanos(&self, quantile: f64) -> u64 {
        self.0.value_at_quantile(quantile)
    }

    pub(crate) fn max_nanos(&self) -> u64 {
        self.0.max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_counts_equal_the_whole() {
        let mut whole = Latencies::new();
        let mut merged = Latencies::new();
        for part in [0..500_u64, 500..1_000] {
            let mut latencies = Latencies::new();
            for nanos in part.map(|number| number * 1_234_567) {
                latencies.record(nanos);
                whole.record(nanos);
            }
            let text = serde_json::to_string(&latencies.counts()).unwrap();
            merged.merge(&serde_json::from_str(&text).unwrap()).unwrap();
        }
        assert_eq!((merged.len(), merged.max_nanos()), (1_000, whole.max_nanos()));
        for quantile in [0.0, 0.5, 0.99, 1.0] {
            assert_eq!(merged.quantile_nanos(quantile), whole.quantile_nanos(quantile));
        }
    }

    #[test]
    fn quantiles_have_three_digits() {
        let mut latencies = Latencies::new();
        for millis in 1..=100 {
            latencies.record(millis * 1_000_000);
        }
        for (quantile, millis) in [(0.5, 50.0), (0.99, 99.0), (1.0, 100.0)] {
            let error = latencies.quantile_nanos(quantile) as f64 / 1e6 / millis - 1.0;
            assert!((0.0..0.001).contains(&error), "{quantile}: {error}");
        }
    }

    #[test]
    fn out_of_range_latencies_saturate() {
        let mut latencies = Latencies::new();
        latencies.record(u64::MAX);
        assert_eq!(latencies.len(), 1);
        assert!(latencies.max_nanos() >= MAX_NANOS);
        let mut merged = Latencies::new();
        merged.merge(&latencies.counts()).unwrap();
        assert_eq!(merged.max_nanos(), latencies.max_nanos());
    }
}
