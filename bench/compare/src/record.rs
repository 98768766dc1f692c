//! All that was measured, as a file of JSON with a line for each measurement.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::scenario::{Load, Scenario};
use crate::server::Server;

const FILE: &str = "benchmarks.json";

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) date: String,
    pub(crate) machine: Machine,
    pub(crate) versions: BTreeMap<Server, String>,
    /// Servers that were to be measured, and why they are not there.
    pub(crate) absent: BTreeMap<Server, String>,
    pub(crate) runs: Vec<Run>,
}

/// One measurement.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) scenario: Scenario,
    pub(crate) round: u32,
    pub(crate) server: Server,
    #[serde(flatten)]
    pub(crate) load: Load,
    #[serde(flatten)]
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Measured(Figures),
    /// Why there are no figures.
    Failed(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figures {
    /// Deliveries a second.
    pub(crate) per_sec: f64,
    /// Of the server, for each delivery.
    pub(crate) cpu_micros: Option<f64>,
    pub(crate) p50_millis: Option<f64>,
    pub(crate) p99_millis: Option<f64>,
    /// Of the server, for each follower.
    pub(crate) memory_bytes: Option<f64>,
    /// Those that were let in.
    pub(crate) followers: u64,
    /// Whether each got all, once.
    pub(crate) complete: bool,
}

impl Record {
    pub(crate) fn load(folder: &Path) -> Result<Self> {
        let file = folder.join(FILE);
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        Self::parse(&text).with_context(|| file.display().to_string())
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        Ok(serde_json::from_str(text)?)
    }

    pub(crate) fn save(&self, folder: &Path) -> Result<()> {
        let Self { date, machine, versions, absent, runs } = self;
        let head = [
            ("date", serde_json::to_string(date)?),
            ("machine", serde_json::to_string(machine)?),
            ("versions", serde_json::to_string(versions)?),
            ("absent", serde_json::to_string(absent)?),
        ];
        let head = head.map(|(name, value)| format!("{name:?}: {value}")).join(",\n");
        let runs: Vec<_> = runs.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        let text = format!("{{\n{head},\n\"runs\": [\n{}\n]\n}}\n", runs.join(",\n"));
        Ok(fs::write(folder.join(FILE), text)?)
    }

    /// How many rounds of it there are.
    pub(crate) fn rounds(&self, scenario: Scenario) -> u32 {
        let rounds =
            self.runs.iter().filter(|run| run.scenario == scenario).map(|run| run.round + 1);
        rounds.max().unwrap_or(0)
    }
}

impl Run {
    pub(crate) fn figures(&self) -> Option<&Figures> {
        match &self.outcome {
            Outcome::Measured(figures) => Some(figures),
            Outcome::Failed(_) => None,
        }
    }

    /// Why it has none.
    pub(crate) fn failure(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Measured(_) => None,
            Outcome::Failed(reason) => Some(reason),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figures { per_sec, cpu_micros, p99_millis, memory_bytes, followers, complete, .. } =
            match self {
                Self::Measured(figures) => figures,
                Self::Failed(reason) => return write!(f, "failed, {reason}"),
            };
        let [cpu, p99, memory] =
            [cpu_micros, p99_millis, memory_bytes].map(|figure| figure.unwrap_or(f64::NAN));
        write!(
            f,
            "{per_sec:.0}/s, CPU {cpu:.2} µs, p99 {p99:.2} ms, {memory:.0} bytes a follower"
        )?;
        if *complete { Ok(()) } else { write!(f, ", not complete ({followers} let in)") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_is_read_again() {
        let text = include_str!("../tests/data/benchmarks.json");
        let record = Record::parse(text).unwrap();
        let folder = tempfile::tempdir().unwrap();
        record.save(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join(FILE)).unwrap(), text);
        assert_eq!(Record::load(folder.path()).unwrap().runs.len(), record.runs.len());
        let rounds = Scenario::ALL.map(|scenario| record.rounds(scenario));
        assert_eq!(rounds, [3, 3, 1, 3, 2]);
    }
}
