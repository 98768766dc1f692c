//! Compares flightboard with other servers that push events to many followers, and with a baseline that does nothing
//! but send: all of them alternately, in one run, on one machine. `flightboard-bench` measures each server. The result
//! is a page with tables, a plot, and the figures from which both are made.
#![allow(clippy::print_stdout, reason = "the path of the page goes to standard output")]

/// The servers that are compared.
mod server;

/// Installs each server into one folder, not for the machine.
mod install;

/// Starts each server.
mod start;

/// A running process of a server.
mod peer_process;

/// The load on the servers, and their order.
mod scenario;

/// One measurement of one server.
mod measure;

/// The machine of the measurements.
mod machine;

/// All measurements.
mod results;

/// Comparable measurements, and their ratios to the baseline.
mod groups;

/// Numbers as text.
mod format;

/// The page.
mod page;

/// Its sections about missing measurements and the method.
mod conditions;

/// The plot.
mod plot;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::{Parser, ValueEnum};

use install::InstallFolder;
use machine::Machine;
use results::{ComparisonResults, Measurement, MeasurementOutcome};
use scenario::{RunScale, Scenario, ScenarioLoad};
use server::ServerKind;

/// A quick run has one.
const DEFAULT_ROUNDS: u32 = 3;

/// Compare flightboard with other servers and with a bare loop of `send`, and write the page
/// docs/benchmarks.md with its plot and its figures.
#[derive(Parser)]
#[command(bin_name = "cargo xtask compare")]
struct CompareArgs {
    /// Number of rounds in which everything is measured; 3 by default. With 0, write the page again from the existing
    /// figures.
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,
    /// Measure only this scenario; may be repeated.
    #[arg(long, value_name = "SCENARIO", value_delimiter = ',')]
    only: Vec<Scenario>,
    /// Measure only this server; may be repeated.
    #[arg(long, value_name = "SERVER", value_delimiter = ',')]
    servers: Vec<ServerKind>,
    /// Add to the existing rounds instead of replacing them.
    #[arg(long)]
    add: bool,
    /// Measure a few followers briefly, to see whether everything works. The figures mean nothing.
    #[arg(long)]
    quick: bool,
    /// Folder for the page, the plot and the figures.
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
}

fn main() -> Result<()> {
    let mut args = CompareArgs::parse();
    // Servers inherit the limit. If it stays too low for one, its figures show fewer followers.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let root = root.context("the package is not in the workspace")?;
    let install = InstallFolder::beside_this_program(root)?;
    let into = args.into.take().unwrap_or_else(|| {
        if args.quick { install.path().join("quick") } else { root.join("docs") }
    });
    fs::create_dir_all(&into)?;
    let results = args.measure(&install, &into)?;
    fs::write(into.join(page::FILE), page::write(&results))?;
    fs::write(into.join(plot::FILE), plot::write(&results))?;
    println!("{}", into.join(page::FILE).display());
    Ok(())
}

impl CompareArgs {
    fn measure(&self, install: &InstallFolder, into: &Path) -> Result<ComparisonResults> {
        let (default_rounds, scale) =
            if self.quick { (1, RunScale::Quick) } else { (DEFAULT_ROUNDS, RunScale::Full) };
        let rounds = self.rounds.unwrap_or(default_rounds);
        let keeps_results = self.add || rounds == 0;
        let mut results = if keeps_results {
            ComparisonResults::load(into)?
        } else {
            ComparisonResults::default()
        };
        if rounds == 0 {
            return Ok(results);
        }
        let machine = Machine::detect(install.path());
        machine.ensure_disk()?;
        ensure!(
            results.measurements.is_empty() || results.machine == machine,
            "the existing rounds are from another machine: measure without --add"
        );
        let servers = self.install_servers(install, &mut results);
        results.machine = machine;
        results.date = jiff::Timestamp::now().strftime("%-d %B %Y").to_string();
        let existing = Scenario::ALL.map(|scenario| results.count_rounds(scenario));
        for round in 0..rounds {
            for (scenario, existing) in Scenario::ALL.into_iter().zip(existing) {
                if self.only.is_empty() || self.only.contains(&scenario) {
                    let round = existing + round;
                    let schedule = scenario.schedule(round, scale, &servers);
                    measure_round(scenario, round, schedule, install, &mut results);
                    // Save early, so that an interrupted run keeps its measurements.
                    results.save(into)?;
                }
            }
        }
        Ok(results)
    }

    /// Installs the wanted servers. Returns those that are available, and records the reason for each other.
    fn install_servers(
        &self,
        install: &InstallFolder,
        results: &mut ComparisonResults,
    ) -> Vec<ServerKind> {
        let mut available = Vec::new();
        for &server in ServerKind::value_variants() {
            if !self.servers.is_empty() && !self.servers.contains(&server) {
                continue;
            }
            match install.provide(server) {
                Ok(version) => {
                    results.versions.insert(server, version);
                    results.absent.remove(&server);
                    available.push(server);
                }
                Err(error) => {
                    eprintln!("cannot install {server}, omitting it: {error:#}");
                    results.absent.insert(server, format!("{error:#}"));
                }
            }
        }
        available
    }
}

fn measure_round(
    scenario: Scenario,
    round: u32,
    schedule: Vec<(ScenarioLoad, ServerKind)>,
    install: &InstallFolder,
    results: &mut ComparisonResults,
) {
    for (load, server) in schedule {
        let outcome = match measure::measure(install, server, &load) {
            Ok(figures) => MeasurementOutcome::Measured(figures),
            Err(error) => MeasurementOutcome::Failed(format!("{error:#}")),
        };
        eprintln!("round {} {scenario} {load} {server}: {outcome}", round + 1);
        results.measurements.push(Measurement { scenario, round, server, load, outcome });
    }
}
