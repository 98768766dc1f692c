//! Runs of `flightboard-bench`.

use anyhow::{Result, ensure};
use serde_json::Value;
use testkit::process::{ServerProcess, bench_command};

/// Runs `flightboard-bench` on a server, and returns its report. Each follower must have received every update.
///
/// # Errors
/// It fails, or deliveries are missing.
pub fn run_bench(server: &ServerProcess, flags: &[&str]) -> Result<Value> {
    let mut command = bench_command(["--json", "--to"]);
    let output = command.arg(server.api().url()).args(flags).output()?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "flightboard-bench failed, {}: {stderr}", output.status);
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let delivered = &report["delivered"];
    ensure!(delivered["count"] == delivered["expected"], "deliveries are missing: {delivered}");
    Ok(report)
}
