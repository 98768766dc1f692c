//! Checks the description of the API against a running server with schemathesis, a tool for Python: it derives valid and
//! invalid requests from the description, and compares each response with it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::command::{command, run};
use crate::reports;
use crate::tools::install_python_packages;

/// The packages of the tool, pinned.
const REQUIREMENTS: &str = "e2e/api/requirements.txt";

const CONFIG: &str = "e2e/api/schemathesis.toml";

/// The tool is installed here.
const VENV_FOLDER: &str = "target/schemathesis";

/// A board with an airport, whose rows ACRIS shows too. It is private, which matters only to a server with tokens.
const BOARD: &str = r#"{"title": "Departures", "kind": "departures", "airport": "JFK", "timeZone": "America/New_York",
                        "private": true}"#;

/// A server on a free port, ended with this value.
struct CheckedServer {
    process: Child,
    url: String,
}

/// Installs the tool.
pub(crate) fn install(root: &Path) -> Result<()> {
    install_python_packages(root, REQUIREMENTS, VENV_FOLDER)
}

/// Runs the tool on a server without credentials, and on one with a token that each request has. Returns the number of
/// requests.
pub(crate) fn run_all(root: &Path, artifacts: &Path) -> Result<usize> {
    let program = artifacts.join("flightboard");
    let report = artifacts.join("schemathesis.json");
    let open = CheckedServer::start(root, &program, &[])?;
    let requests = check(root, &open, &report, "examples,coverage,fuzzing", &[])?;
    drop(open);

    let tokens = artifacts.join("schemathesis.tokens");
    reports::remove_stale(&tokens)?;
    let tokens = tokens.to_str().context("the build folder is not UTF-8")?;
    let args = ["token", "new", "--name", "schemathesis", "--publish", "*", "--file", tokens];
    let token = command(&program, root, &args).output().context("cannot make a token")?;
    ensure!(token.status.success(), "cannot make a token: {token:?}");
    let token = String::from_utf8(token.stdout)?;
    let header = format!("Authorization: Bearer {}", token.trim());
    let guarded = CheckedServer::start(root, &program, &["--tokens", tokens])?;
    // Without random requests, which would take as long again and meet the same code behind the token.
    Ok(requests + check(root, &guarded, &report, "examples,coverage", &["--header", &header])?)
}

/// Runs these phases of the tool on one server. Its requests, and the one that makes the board, have these headers.
fn check(
    root: &Path,
    server: &CheckedServer,
    report: &Path,
    phases: &str,
    headers: &[&str],
) -> Result<usize> {
    let board = format!("{}/boards/jfk", server.url);
    let mut put = command("curl", root, &["-fsS", "-o", "/dev/null", "-X", "PUT", "--json", BOARD]);
    run(put.args(headers).arg(board))?;
    reports::remove_stale(report)?;
    let tool = root.join(VENV_FOLDER).join("bin/schemathesis");
    let mut check = command(tool, root, &["--config-file", CONFIG, "run", "--no-color"]);
    // Following links between operations needs links in the description.
    check.args(["--phases", phases]).args(headers);
    // The requests are the same in each run, so that a failure is about a change.
    check.args(["--generation-deterministic", "--report", "json", "--report-json-path"]);
    check.arg(report);
    let outcome = run(check.arg(format!("{}/openapi.json", server.url)));
    outcome.context("schemathesis found a difference between docs/openapi.yaml and the server")?;
    reports::schemathesis(&fs::read_to_string(report).context("no report of schemathesis")?)
}

impl CheckedServer {
    fn start(root: &Path, program: &Path, flags: &[&str]) -> Result<Self> {
        let args = ["serve", "--memory", "--listen", "127.0.0.1:0"];
        let mut serve = command(program, root, &args);
        serve.args(flags);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("FLIGHTBOARD_") {
                serve.env_remove(name);
            }
        }
        let mut process = spawn(serve.env("FLIGHTBOARD_LOG", "warn"))?;
        let stdout = process.stdout.take().context("standard output is piped")?;
        let mut server = Self { process, url: String::new() };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let url = line.trim_end().strip_prefix("flightboard is at ");
        server.url = url.context("the server does not start")?.to_owned();
        Ok(server)
    }
}

impl Drop for CheckedServer {
    fn drop(&mut self) {
        // Both fail if it has already ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(command: &mut Command) -> Result<Child> {
    command.stdout(Stdio::piped()).spawn().context("the program under test does not start")
}
