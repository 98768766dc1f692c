//! All measurements, stored as a JSON file with one line per measurement.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::scenario::{Scenario, ScenarioLoad};
use crate::server::ServerKind;

const FILE: &str = "benchmarks.json";

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct ComparisonResults {
    pub(crate) date: String,
    pub(crate) machine: Machine,
    pub(crate) versions: BTreeMap<ServerKind, String>,
    /// Servers that could not be installed, with the reason.
    pub(crate) absent: BTreeMap<ServerKind, String>,
    #[serde(rename = "runs")]
    pub(crate) measurements: Vec<Measurement>,
}

/// One measurement of one server.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measurement {
    pub(crate) scenario: Scenario,
    pub(crate) round: u32,
    pub(crate) server: ServerKind,
    #[serde(flatten)]
    pub(crate) load: ScenarioLoad,
    #[serde(flatten)]
    pub(crate) outcome: MeasurementOutcome,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MeasurementOutcome {
    Measured(MeasuredFigures),
    /// The reason why there are no figures.
    Failed(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MeasuredFigures {
    /// Deliveries per second.
    pub(crate) per_sec: f64,
    /// CPU time of the server per delivery.
    pub(crate) cpu_micros: Option<f64>,
    pub(crate) p50_millis: Option<f64>,
    pub(crate) p99_millis: Option<f64>,
    /// Memory of the server per follower.
    pub(crate) memory_bytes: Option<f64>,
    /// Followers that the server accepted.
    pub(crate) followers: u64,
    /// True if each follower received each message once.
    pub(crate) complete: bool,
}

impl ComparisonResults {
    pub(crate) fn load(folder: &Path) -> Result<Self> {
        let file = folder.join(FILE);
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        Self::parse(&text).with_context(|| file.display().to_string())
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        Ok(serde_json::from_str(text)?)
    }

    pub(crate) fn save(&self, folder: &Path) -> Result<()> {
        let Self { date, machine, versions, absent, measurements } = self;
        let head = [
            ("date", serde_json::to_string(date)?),
            ("machine", serde_json::to_string(machine)?),
            ("versions", serde_json::to_string(versions)?),
            ("absent", serde_json::to_string(absent)?),
        ];
        let head = head.map(|(name, value)| format!("{name:?}: {value}")).join(",\n");
        let lines: Vec<_> =
            measurements.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        let text = format!("{{\n{head},\n\"runs\": [\n{}\n]\n}}\n", lines.join(",\n"));
        Ok(fs::write(folder.join(FILE), text)?)
    }

    /// The number of rounds of a scenario.
    pub(crate) fn count_rounds(&self, scenario: Scenario) -> u32 {
        let rounds =
            self.measurements.iter().filter(|measurement| measurement.scenario == scenario);
        rounds.map(|measurement| measurement.round + 1).max().unwrap_or(0)
    }
}

impl Measurement {
    pub(crate) fn figures(&self) -> Option<&MeasuredFigures> {
        match &self.outcome {
            MeasurementOutcome::Measured(figures) => Some(figures),
            MeasurementOutcome::Failed(_) => None,
        }
    }

    /// The reason why it has no figures.
    pub(crate) fn failure(&self) -> Option<&str> {
        match &self.outcome {
            MeasurementOutcome::Measured(_) => None,
            MeasurementOutcome::Failed(reason) => Some(reason),
        }
    }
}

impl fmt::Display for MeasurementOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figures = match self {
            Self::Measured(figures) => figures,
            Self::Failed(reason) => return write!(f, "failed: {reason}"),
        };
        let per_sec = figures.per_sec;
        let cpu = figures.cpu_micros.unwrap_or(f64::NAN);
        let p99 = figures.p99_millis.unwrap_or(f64::NAN);
        let memory = figures.memory_bytes.unwrap_or(f64::NAN);
        write!(
            f,
            "{per_sec:.0}/s, CPU {cpu:.2} µs, p99 {p99:.2} ms, {memory:.0} bytes per follower"
        )?;
        if !figures.complete {
            write!(f, ", deliveries are missing ({} followers accepted)", figures.followers)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_results_load_unchanged() {
        let text = include_str!("../tests/data/benchmarks.json");
        let results = ComparisonResults::parse(text).unwrap();
        let folder = tempfile::tempdir().unwrap();
        results.save(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap(), text);
        let loaded = ComparisonResults::load(folder.path()).unwrap();
        assert_eq!(loaded.measurements.len(), results.measurements.len());
        let rounds = Scenario::ALL.map(|scenario| results.count_rounds(scenario));
        assert_eq!(rounds, [3, 3, 1, 3, 2]);
    }
}
