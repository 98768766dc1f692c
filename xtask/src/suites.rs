//! The test suites, in order. Each returns how many tests ran: a suite that ran nothing has failed.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::command::{self, capture, command};
use crate::nextest::{Selection, test};
use crate::tools::{self, NATS_SERVER_VARIABLE};
use crate::{api_checks, package, reports, workspace_root};

/// The selected suites.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Full,
    /// Without the browsers, NATS servers, proxies, schemathesis and packages.
    Quick,
}

struct Workspace {
    root: PathBuf,
    scope: Scope,
    /// The folder of the build's artifacts, this program among them.
    artifacts: PathBuf,
}

struct Suite {
    name: &'static str,
    /// Returns how many units it checked.
    run: fn(&Workspace) -> Result<usize>,
    unit: &'static str,
}

/// The fast suites first.
const SUITES: [Suite; 9] = [
    Suite { name: "format", run: format, unit: "files" },
    Suite { name: "typecheck", run: typecheck, unit: "files" },
    Suite { name: "vitest", run: vitest, unit: "tests" },
    Suite { name: "lints", run: lints, unit: "targets" },
    Suite { name: "rust", run: rust, unit: "tests" },
    Suite { name: "api", run: api, unit: "requests" },
    Suite { name: "chromium", run: chromium, unit: "tests" },
    Suite { name: "firefox", run: firefox, unit: "tests" },
    Suite { name: "packages", run: packages, unit: "tests" },
];

/// The page's Prettier configuration also applies to all other JavaScript.
const PRETTIER_CONFIG: &str = "web/.prettierrc.json";

/// Clusters of NATS before 2.12 can lose acknowledged updates, so these rounds run only on the version that
/// `cargo xtask test` installs.
const RECENT_NATS: Selection = Selection {
    profile: "default",
    filter: Some("package(e2e) & test(/^cluster::newer::/)"),
    ignored: true,
};

/// Tests that also run on the system's NATS server, which is older on Debian. None of them needs a cluster.
const SYSTEM_NATS: Selection = Selection {
    profile: "default",
    filter: Some(
        "package(nats-journal) & not test(/killed_cluster/) | package(e2e) & test(/^replicas::/)",
    ),
    ignored: false,
};

/// Tests of the packages, which exist only once they are built.
const PACKAGES: Selection = Selection {
    profile: "default",
    filter: Some("package(e2e) & test(/^packages::/)"),
    ignored: true,
};

/// Runs every suite, even after one has failed. The last line of the output is the result.
pub(crate) fn run(scope: Scope) -> Result<ExitCode> {
    let workspace = Workspace::find(scope)?;
    let mut results = Vec::new();
    let mut passed = 0;
    for Suite { name, run, unit } in SUITES {
        if scope == Scope::Quick && ["api", "chromium", "firefox", "packages"].contains(&name) {
            continue;
        }
        eprintln!("── {name}");
        let start = Instant::now();
        let result = run(&workspace);
        let secs = start.elapsed().as_secs_f64();
        let line = match result {
            Ok(0) => format!("{name:<10} FAILED {secs:>6.1} s  nothing ran"),
            Ok(count) => {
                passed += 1;
                format!("{name:<10} passed {secs:>6.1} s  {count} {unit}")
            }
            Err(error) => format!("{name:<10} FAILED {secs:>6.1} s  {error:#}"),
        };
        eprintln!("{line}");
        results.push(line);
    }
    let failed = results.len() - passed;
    println!("\n{}\n{passed} passed, {failed} failed", results.join("\n"));
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Workspace {
    fn find(scope: Scope) -> Result<Self> {
        let root = workspace_root()?;
        tools::install_node_packages(&root)?;
        if scope == Scope::Full {
            tools::install_servers(&root)?;
        }
        let executable = std::env::current_exe().context("path of xtask")?;
        let artifacts = executable.parent().context("xtask is in a folder")?.to_owned();
        Ok(Self { root, scope, artifacts })
    }

    fn cargo(&self, args: &[&str]) -> Command {
        command(env!("CARGO"), &self.root, args)
    }

    fn npm(&self, args: &[&str]) -> Command {
        command("npm", &self.root.join("web"), args)
    }
}

fn format(workspace: &Workspace) -> Result<usize> {
    let mut rustfmt = workspace.cargo(&["fmt", "--all", "--check", "--", "--verbose"]);
    let rust = capture(&mut rustfmt, |line| !reports::names_formatted_file(line));
    let page = command::run(&mut workspace.npm(&["run", "--silent", "format:check"]));
    let prettier = "web/node_modules/prettier/bin/prettier.cjs";
    let folders = ["bench/peers/node", "docs/examples/follow", "e2e/browser"];
    let mut scripts = command("node", &workspace.root, &[prettier, "--check"]);
    let scripts = command::run(scripts.args(["--config", PRETTIER_CONFIG]).args(folders));
    let count = reports::formatted_files(&rust?);
    page.and(scripts)?;
    Ok(count)
}

fn typecheck(workspace: &Workspace) -> Result<usize> {
    let mut tsc = workspace.npm(&["run", "--silent", "typecheck", "--", "--listFiles"]);
    Ok(reports::page_sources(&capture(&mut tsc, |line| !line.starts_with('/'))?))
}

fn vitest(workspace: &Workspace) -> Result<usize> {
    let report = workspace.artifacts.join("vitest.json");
    reports::remove_stale(&report)?;
    let file = format!("--outputFile.json={}", report.display());
    let args = ["test", "--silent", "--", "--reporter=default", "--reporter=json", &file];
    command::run(&mut workspace.npm(&args))?;
    reports::vitest(&fs::read_to_string(report).context("no report of vitest")?)
}

fn lints(workspace: &Workspace) -> Result<usize> {
    let mut clippy = workspace.cargo(&["clippy", "--workspace", "--all-targets", "--locked"]);
    clippy.args(["--message-format=json-render-diagnostics", "--", "-D", "warnings"]);
    Ok(reports::checked_targets(&capture(&mut clippy, |_| false)?))
}

fn rust(workspace: &Workspace) -> Result<usize> {
    build(workspace)?;
    let root = &workspace.root;
    let profile = match workspace.scope {
        Scope::Full => "default",
        Scope::Quick => "quick",
    };
    let all = Selection { profile, filter: None, ignored: false };
    let mut count = test(root, &all, &[])?;
    let mut doctests = workspace.cargo(&["test", "--doc", "--workspace", "--locked"]);
    count += reports::doctests(&capture(&mut doctests, |_| true)?);
    if workspace.scope == Scope::Full
        && let Some(system_nats) = tools::second_nats_server(root)
    {
        count += test(root, &RECENT_NATS, &[])?;
        count += test(root, &SYSTEM_NATS, &[(NATS_SERVER_VARIABLE, &system_nats)])?;
    }
    Ok(count)
}

/// Builds the program with the same features as the tests, so that nothing is built twice.
fn build(workspace: &Workspace) -> Result<()> {
    command::run(&mut workspace.cargo(&["build", "--workspace", "--all-targets", "--locked"]))
}

fn api(workspace: &Workspace) -> Result<usize> {
    build(workspace).context("the program under test does not build")?;
    api_checks::run_all(&workspace.root, &workspace.artifacts)
}

fn chromium(workspace: &Workspace) -> Result<usize> {
    browser(workspace, "chromium", "CHROMIUM", tools::chromium()?)
}

fn firefox(workspace: &Workspace) -> Result<usize> {
    browser(workspace, "firefox", "FIREFOX", tools::firefox()?)
}

/// Runs the page's tests in one browser. `variable` has the path of its program.
fn browser(workspace: &Workspace, name: &str, variable: &str, program: PathBuf) -> Result<usize> {
    build(workspace).context("the program under test does not build")?;
    let report = workspace.artifacts.join(format!("{name}.tap"));
    reports::remove_stale(&report)?;
    let mut tests = command("node", &workspace.root.join("e2e/browser"), &["--test"]);
    tests.args(["--test-reporter=spec", "--test-reporter-destination=stdout"]);
    tests.args(["--test-reporter=tap", "--test-reporter-destination"]).arg(&report);
    tests.env("FLIGHTBOARD_BIN", workspace.artifacts.join("flightboard"));
    tests.env("BROWSER", name).env(variable, program);
    command::run(&mut tests)?;
    reports::tap(&fs::read_to_string(report).context("no report of node")?)
}

fn packages(workspace: &Workspace) -> Result<usize> {
    package::fill_image(&workspace.root, package::Profile::Dev)?;
    build(workspace).context("the program under test does not build")?;
    package::build_debian_package(&workspace.root, package::Profile::Dev)?;
    test(&workspace.root, &PACKAGES, &[])
}
