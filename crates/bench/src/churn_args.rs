//! Flags and settings for followers that disconnect and reconnect during the measurement.

use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Args;

use crate::flag_values;

/// Default duration of a measurement with churn.
const DEFAULT_DURATION: Duration = Duration::from_secs(600);

/// Time between a disconnect and the reconnect: long enough to miss a message, short enough to resume.
pub(crate) const AWAY_TIME: Duration = Duration::from_secs(1);

#[derive(Args)]
pub(crate) struct ChurnArgs {
    /// Followers to disconnect per second while publishing; each reconnects.
    #[arg(long, env = "FLIGHTBOARD_BENCH_CHURN", value_name = "R", requires = "publish_rate",
          conflicts_with_all = ["messages", "window", "publishers", "storm", "rounds"],
          value_parser = flag_values::rate)]
    churn: Option<f64>,
    /// Maximum growth of the server's memory during the churn, after the first fifth of the time.
    #[arg(long, env = "FLIGHTBOARD_BENCH_MAY_GROW", value_name = "SIZE", default_value = "4MiB",
          requires = "churn", value_parser = flags::bytes)]
    may_grow: u64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct ChurnPlan {
    /// Disconnects per second, and as many reconnects.
    pub(crate) per_sec: f64,
    pub(crate) duration: Duration,
    /// Messages per second.
    pub(crate) rate: f64,
    /// Maximum growth of the server's memory after the warm-up.
    pub(crate) max_growth_bytes: u64,
}

impl ChurnArgs {
    pub(crate) fn is_none(&self) -> bool {
        self.churn.is_none()
    }

    /// `None` without `--churn`, or without a publish rate.
    pub(crate) fn plan(&self, rate: Option<f64>, duration: Option<Duration>) -> Option<ChurnPlan> {
        Some(ChurnPlan {
            per_sec: self.churn?,
            duration: duration.unwrap_or(DEFAULT_DURATION),
            rate: rate?,
            max_growth_bytes: self.may_grow,
        })
    }
}

impl ChurnPlan {
    /// At least half of the followers must be connected at any time.
    pub(crate) fn ensure_possible(&self, followers: usize) -> Result<()> {
        let away = self.per_sec * AWAY_TIME.as_secs_f64();
        ensure!(
            away * 2.0 <= followers as f64,
            "{followers} followers are too few for {} disconnects per second with {} s away: raise \
             --followers or lower --churn",
            self.per_sec,
            AWAY_TIME.as_secs_f64()
        );
        Ok(())
    }

    /// At least one message per stream, and equally many on each: otherwise no follower could miss one.
    pub(crate) fn messages(&self, streams: usize) -> u64 {
        let messages = (self.duration.as_secs_f64() * self.rate).max(1.0);
        (messages as u64).next_multiple_of(streams as u64)
    }
}
