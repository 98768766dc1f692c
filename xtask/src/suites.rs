//! All suites, one after another. Each says how much it has done: none that did nothing has
//! passed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::command::{command, read, run};
use crate::{proof, tools};

/// Where things are.
struct House {
    root: PathBuf,
    /// What cargo builds, and this program with it.
    built: PathBuf,
    chromium: PathBuf,
}

/// Answers with how much was done.
type Suite = fn(&House) -> Result<usize>;

/// With what each counts; the quick ones first.
const SUITES: [(&str, Suite, &str); 6] = [
    ("format", format, "files"),
    ("lints", lints, "targets"),
    ("rust", rust, "tests"),
    ("typecheck", typecheck, "files"),
    ("vitest", vitest, "tests"),
    ("browser", browser, "tests"),
];

/// How all other JavaScript is laid out: as the page's.
const PRETTIER: &str = "web/.prettierrc.json";

/// Runs every suite, also after one has failed. The last line of its output is the outcome.
pub(crate) fn run_all() -> Result<ExitCode> {
    let house = House::find()?;
    let mut passed = 0;
    let mut lines = Vec::new();
    for (name, suite, what) in SUITES {
        eprintln!("── {name}");
        let start = Instant::now();
        let outcome = suite(&house);
        let secs = start.elapsed().as_secs_f64();
        let line = match outcome {
            Ok(0) => format!("{name:<10} FAILED {secs:>6.1} s  it ran, but did nothing"),
            Ok(count) => {
                passed += 1;
                format!("{name:<10} passed {secs:>6.1} s  {count} {what}")
            }
            Err(error) => format!("{name:<10} FAILED {secs:>6.1} s  {error:#}"),
        };
        eprintln!("{line}");
        lines.push(line);
    }
    let failed = SUITES.len() - passed;
    println!("\n{}\n{passed} passed, {failed} failed", lines.join("\n"));
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl House {
    fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask is in it")?;
        let this = std::env::current_exe().context("this program is somewhere")?;
        let built = this.parent().context("and in a folder")?.to_owned();
        Ok(Self { root: root.to_owned(), built, chromium: tools::provide(root)? })
    }

    fn cargo(&self, args: &[&str]) -> Command {
        command(env!("CARGO"), &self.root, args)
    }

    fn web(&self, args: &[&str]) -> Command {
        command("npm", &self.root.join("web"), args)
    }
}

fn format(house: &House) -> Result<usize> {
    let all = ["fmt", "--all", "--check", "--", "--verbose"];
    let rust = read(&mut house.cargo(&all), |line| !proof::is_formatting(line));
    let page = run(&mut house.web(&["run", "--silent", "format:check"]));
    let others = [
        "web/node_modules/prettier/bin/prettier.cjs",
        "--check",
        "bench/peers/node",
        "e2e/browser",
    ];
    let others = run(command("node", &house.root, &others).args(["--config", PRETTIER]));
    let count = proof::formatted(&rust?);
    page.and(others)?;
    Ok(count)
}

fn lints(house: &House) -> Result<usize> {
    let all = ["clippy", "--workspace", "--all-targets", "--locked"];
    let mut clippy = house.cargo(&all);
    clippy.args(["--message-format=json-render-diagnostics", "--", "-D", "warnings"]);
    Ok(proof::checked(&read(&mut clippy, |_| false)?))
}

fn rust(house: &House) -> Result<usize> {
    build(house)?;
    let all = ["test", "--workspace", "--locked", "--no-fail-fast"];
    let count = proof::rust_tests(&read(&mut house.cargo(&all), |_| true)?);
    Ok(count + on_either_nats(house)?)
}

/// What the tests above left out: they took the NATS server that was brought, if any was.
fn on_either_nats(house: &House) -> Result<usize> {
    let Some(system) = tools::second_nats(&house.root) else { return Ok(0) };
    let mut count = 0;
    for (package, only, flags) in ON_BROUGHT_NATS {
        count += some_of(house.cargo(&[]), package, only, flags)?;
    }
    for (package, only, flags) in ON_SYSTEM_NATS {
        let mut cargo = house.cargo(&[]);
        cargo.env(tools::NATS_NAMED, &system);
        count += some_of(cargo, package, only, flags)?;
    }
    Ok(count)
}

/// Those tests of a package that have this in their names, of which there is one at least.
fn some_of(mut cargo: Command, package: &str, only: &str, flags: &[&str]) -> Result<usize> {
    cargo.args(["test", "-p", package, "--locked", "--no-fail-fast", "--test", "it", only, "--"]);
    let passed = proof::rust_tests(&read(cargo.args(flags), |_| true)?);
    ensure!(passed > 0, "no test of {package} with {only:?} in its name ran");
    Ok(passed)
}

/// A package, what the names of its tests have in common, and flags.
type Part = (&'static str, &'static str, &'static [&'static str]);

/// What clusters survive since some version only.
const ON_BROUGHT_NATS: [Part; 1] = [("e2e", "cluster::newer::", &["--ignored"])];

/// What needs no cluster. Much of it is waiting.
const ON_SYSTEM_NATS: [Part; 3] = [
    ("nats-journal", "", &["--skip", "a_cluster_whose", "--test-threads", "4"]),
    ("journal", "nats::", &[]),
    ("e2e", "replicas::", &[]),
];

/// The program with the very dependencies that the tests have, so that nothing is built twice.
fn build(house: &House) -> Result<()> {
    run(&mut house.cargo(&["build", "--workspace", "--all-targets", "--locked"]))
}

fn typecheck(house: &House) -> Result<usize> {
    let listing = ["run", "--silent", "typecheck", "--", "--listFiles"];
    Ok(proof::page_sources(&read(&mut house.web(&listing), |line| !line.starts_with('/'))?))
}

fn vitest(house: &House) -> Result<usize> {
    let report = fresh(house.built.join("vitest.json"))?;
    let file = format!("--outputFile.json={}", report.display());
    let tests = ["test", "--silent", "--", "--reporter=default", "--reporter=json", &file];
    run(&mut house.web(&tests))?;
    proof::vitest(&fs::read_to_string(report).context("vitest wrote no report")?)
}

fn browser(house: &House) -> Result<usize> {
    build(house).context("there is no program to test")?;
    let report = fresh(house.built.join("browser.tap"))?;
    let mut tests = command("node", &house.root.join("e2e/browser"), &["--test"]);
    tests.args(["--test-reporter=spec", "--test-reporter-destination=stdout"]);
    tests.args(["--test-reporter=tap", "--test-reporter-destination"]).arg(&report);
    tests.env("FLIGHTBOARD_BIN", house.built.join("flightboard"));
    tests.env("CHROMIUM", &house.chromium);
    run(&mut tests)?;
    proof::tap(&fs::read_to_string(report).context("there is no report")?)
}

/// A file that is not there: an old report must not pass for a new one.
fn fresh(file: PathBuf) -> Result<PathBuf> {
    match fs::remove_file(&file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            bail!("{} cannot be removed: {error}", file.display())
        }
        _ => Ok(file),
    }
}
