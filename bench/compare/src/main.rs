//! flightboard beside others that push events to many followers, and beside the least that a server can
//! do: all of them in turn, in one run, on one machine. What is measured, `flightboard-bench` measures;
//! what comes out is a page with tables, a plot, and the figures that both are made of.
#![allow(clippy::print_stdout, reason = "where the page is goes to standard output")]

/// The servers, and what each of them is.
mod server;

/// How each of them comes here. None is installed for the machine, all for this folder.
mod install;

/// How each of them is started.
mod start;

/// One of them while it runs.
mod running;

/// What is asked of them.
mod scenario;

/// One measurement of one server.
mod measure;

/// Where it was measured.
mod machine;

/// All that was measured.
mod record;

/// Figures beside those of the yardstick.
mod ratio;

/// The page.
mod page;

/// The plot.
mod plot;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Parser;

use install::Shelf;
use machine::Machine;
use record::{Outcome, Record, Run};
use scenario::{Load, Scale, Scenario};
use server::Server;

/// A quick run has one.
const DEFAULT_ROUNDS: u32 = 3;

/// Compares flightboard with other servers and with a bare loop of `send`, and writes the page
/// docs/benchmarks.md with its plot and its figures.
#[derive(Parser)]
#[command(bin_name = "cargo xtask compare")]
struct Compare {
    /// How often everything is measured, 3 times unless said. With 0 the page is made anew of the figures
    /// that there are.
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,
    /// Measure only this; may be given several times.
    #[arg(long, value_name = "SCENARIO", value_delimiter = ',')]
    only: Vec<Scenario>,
    /// Only with these servers; may be given several times.
    #[arg(long, value_name = "SERVER", value_delimiter = ',')]
    servers: Vec<Server>,
    /// Add to the rounds that were measured before, instead of beginning anew.
    #[arg(long)]
    add: bool,
    /// A few followers for a moment, to see that all of it works. The figures are worth nothing.
    #[arg(long)]
    quick: bool,
    /// Folder for the page, the plot and the figures.
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
}

fn main() -> Result<()> {
    let mut compare = Compare::parse();
    // Servers get it from here. One that may open too few files says so by its figures.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).context("it has a root")?;
    let shelf = Shelf::beside_this_program(root)?;
    let into = compare.into.take().unwrap_or_else(|| {
        if compare.quick { shelf.folder().join("quick") } else { root.join("docs") }
    });
    fs::create_dir_all(&into)?;
    let record = compare.measure(&shelf, &into)?;
    fs::write(into.join(page::FILE), page::write(&record))?;
    fs::write(into.join(plot::FILE), plot::write(&record))?;
    println!("{}", into.join(page::FILE).display());
    Ok(())
}

impl Compare {
    fn measure(&self, shelf: &Shelf, into: &Path) -> Result<Record> {
        let (rounds, scale) =
            if self.quick { (1, Scale::Quick) } else { (DEFAULT_ROUNDS, Scale::Full) };
        let rounds = self.rounds.unwrap_or(rounds);
        let keeps = self.add || rounds == 0;
        let mut record = if keeps { Record::load(into)? } else { Record::default() };
        if rounds == 0 {
            return Ok(record);
        }
        let machine = Machine::find(shelf.folder());
        machine.ensure_disk()?;
        let is_same = record.runs.is_empty() || record.machine == machine;
        ensure!(
            is_same,
            "the rounds before were measured on another machine: measure without --add"
        );
        let servers = self.provide(shelf, &mut record);
        record.machine = machine;
        record.date = jiff::Timestamp::now().strftime("%-d %B %Y").to_string();
        let before = Scenario::ALL.map(|scenario| record.rounds(scenario));
        for round in 0..rounds {
            for (scenario, before) in Scenario::ALL.into_iter().zip(before) {
                if self.only.is_empty() || self.only.contains(&scenario) {
                    let turns = scenario.turns(before + round, scale, &servers);
                    measure_all(scenario, before + round, turns, shelf, &mut record);
                    // Whoever stops it here has what was measured.
                    record.save(into)?;
                }
            }
        }
        Ok(record)
    }

    /// The servers that are there, in the order in which they are measured. Why another one is not,
    /// goes into the record.
    fn provide(&self, shelf: &Shelf, record: &mut Record) -> Vec<Server> {
        let wanted = |server: &Server| self.servers.is_empty() || self.servers.contains(server);
        let mut there = Vec::new();
        for server in Server::ALL.into_iter().filter(wanted) {
            match shelf.provide(server) {
                Ok(version) => {
                    record.versions.insert(server, version);
                    record.absent.remove(&server);
                    there.push(server);
                }
                Err(error) => {
                    eprintln!("without {server}: {error:#}");
                    record.absent.insert(server, format!("{error:#}"));
                }
            }
        }
        there
    }
}

fn measure_all(
    scenario: Scenario,
    round: u32,
    turns: Vec<(Load, Server)>,
    shelf: &Shelf,
    record: &mut Record,
) {
    for (load, server) in turns {
        let outcome = match measure::measure(shelf, server, &load) {
            Ok(figures) => Outcome::Measured(figures),
            Err(error) => Outcome::Failed(format!("{error:#}")),
        };
        eprintln!("round {} {scenario} {load} {server}: {outcome}", round + 1);
        record.runs.push(Run { scenario, round, server, load, outcome });
    }
}
