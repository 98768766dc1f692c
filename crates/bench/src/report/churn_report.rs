//! The report on followers that disconnected and reconnected.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde_with::skip_serializing_none;

use crate::churn_args::ChurnPlan;
use crate::format::size;
use crate::memory_trend::MemoryTrend;
use crate::worker_protocol::WorkerProgress;

#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChurnReport {
    per_sec: f64,
    secs: f64,
    #[serde(rename = "went")]
    disconnects: u64,
    #[serde(rename = "cameBack")]
    reconnects: u64,
    /// Reconnects that failed.
    failed: usize,
    /// Streams that the server ended.
    ended: usize,
    pub(crate) delivered: u64,
    /// Messages that a follower did not receive although it was connected before and after, or resumed with
    /// the id of an earlier one.
    missed: u64,
    /// Messages that a follower received again.
    #[serde(rename = "again")]
    duplicates: u64,
    /// Followers that received the last message, published when all were connected.
    pub(crate) complete_followers: Option<usize>,
    #[serde(rename = "mayGrowBytes")]
    max_growth_bytes: u64,
    #[serde(rename = "course")]
    pub(crate) trend: Option<MemoryTrend>,
    /// Equal parts of the duration.
    pub(crate) rows: Vec<ChurnInterval>,
}

/// The state at the end of an interval.
#[skip_serializing_none]
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChurnInterval {
    pub(crate) until_secs: f64,
    /// Open streams.
    pub(crate) followers: usize,
    pub(crate) missed: u64,
    /// Mean memory of the server in this interval.
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) open_files: Option<usize>,
}

impl ChurnReport {
    pub(crate) fn new(plan: &ChurnPlan) -> Self {
        Self {
            per_sec: plan.per_sec,
            secs: plan.duration.as_secs_f64(),
            disconnects: 0,
            reconnects: 0,
            failed: 0,
            ended: 0,
            delivered: 0,
            missed: 0,
            duplicates: 0,
            complete_followers: None,
            max_growth_bytes: plan.max_growth_bytes,
            trend: None,
            rows: Vec::new(),
        }
    }

    pub(crate) fn update(&mut self, progress: &WorkerProgress) {
        self.disconnects = progress.disconnects;
        self.reconnects = progress.reconnects;
        self.failed = progress.failed;
        self.ended = progress.ended;
        self.delivered = progress.delivered;
        self.missed = progress.missed;
        self.duplicates = progress.duplicates;
    }

    /// True if each follower received everything once, no stream failed, and the server did not grow.
    pub(super) fn is_flawless(&self, followers: usize) -> bool {
        let grew = self.trend.as_ref().is_some_and(|trend| self.exceeds_growth(trend));
        let faults = self.missed + self.duplicates + (self.failed + self.ended) as u64;
        faults == 0 && self.complete_followers == Some(followers) && !grew
    }

    fn exceeds_growth(&self, trend: &MemoryTrend) -> bool {
        u64::try_from(trend.grown_bytes).is_ok_and(|grown| grown > self.max_growth_bytes)
    }
}

impl fmt::Display for ChurnReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { disconnects, reconnects, failed, ended, .. } = self;
        writeln!(
            f,
            "churn       {disconnects} disconnects, {reconnects} reconnects; {failed} failed, {ended} \
             ended by the server"
        )?;
        let Self { delivered, missed, duplicates, .. } = self;
        writeln!(f, "delivered   {delivered}; {missed} missed, {duplicates} duplicates")?;
        if let Some(complete) = self.complete_followers {
            writeln!(f, "at the end  {complete} received the last message")?;
        }
        if let Some(trend) = &self.trend {
            let verdict = if self.exceeds_growth(trend) { "above" } else { "within" };
            let limit = size(self.max_growth_bytes);
            writeln!(f, "growth      {trend}; {verdict} the limit of {limit}")?;
        }
        let [memory, files, followers, missed] = ["memory", "open files", "followers", "missed"];
        writeln!(f, "\n{:<12}{memory:>12}{files:>12}{followers:>12}{missed:>12}", "until")?;
        self.rows.iter().try_for_each(|row| write!(f, "{row}"))
    }
}

impl fmt::Display for ChurnInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { followers, missed, .. } = self;
        let memory = self.memory_bytes.map_or("?".to_owned(), |bytes| size(bytes).to_string());
        let files = self.open_files.map_or("?".to_owned(), |files| files.to_string());
        let until = Duration::from_millis((self.until_secs * 1e3) as u64);
        let until = humantime::format_duration(until).to_string();
        writeln!(f, "{until:<12}{memory:>12}{files:>12}{followers:>12}{missed:>12}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLLOWERS: usize = 3;

    /// Applies `change` to a report without faults and returns whether it is still flawless.
    fn check(change: impl FnOnce(&mut WorkerProgress, &mut MemoryTrend, &mut usize)) -> bool {
        let mut progress =
            WorkerProgress { open: FOLLOWERS, disconnects: 5, ..WorkerProgress::default() };
        let mut trend = MemoryTrend {
            warm_up_secs: 1.0,
            first_bytes: 0,
            last_bytes: 0,
            highest_bytes: 0,
            grown_bytes: 1_000,
            grown_bytes_an_hour: 0,
        };
        let mut complete = FOLLOWERS;
        change(&mut progress, &mut trend, &mut complete);
        let plan = ChurnPlan {
            per_sec: 1.0,
            duration: Duration::from_secs(5),
            rate: 1.0,
            max_growth_bytes: 1_000,
        };
        let mut report = ChurnReport::new(&plan);
        report.update(&progress);
        report.trend = Some(trend);
        report.complete_followers = Some(complete);
        report.is_flawless(FOLLOWERS)
    }

    #[test]
    fn any_fault_or_growth_fails() {
        assert!(check(|_, _, _| {}));
        assert!(check(|_, trend, _| trend.grown_bytes = -5_000));
        assert!(!check(|_, trend, _| trend.grown_bytes = 1_001));
        assert!(!check(|progress, _, _| progress.missed = 1));
        assert!(!check(|progress, _, _| progress.duplicates = 1));
        assert!(!check(|progress, _, _| progress.failed = 1));
        assert!(!check(|progress, _, _| progress.ended = 1));
        assert!(!check(|_, _, complete| *complete = FOLLOWERS - 1));
    }
}
