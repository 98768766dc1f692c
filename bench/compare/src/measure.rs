//! One measurement of one server, by `flightboard-bench`. The server is started for it and stopped afterwards.

use anyhow::{Context, Result};
use serde_json::Value;
use tempfile::TempDir;

use crate::install::InstallFolder;
use crate::machine;
use crate::peer_process::{run_to_end, workspace_command};
use crate::results::MeasuredFigures;
use crate::scenario::{MessagePacing, ScenarioLoad};
use crate::server::ServerKind;
use crate::start;

const MAX_ATTEMPTS: u32 = 3;

/// Below this fraction of the requested rate, something held up the server or the load generator.
const MIN_RATE_FRACTION: f64 = 0.9;

/// Measures a server, and repeats the measurement if the machine may have disturbed it: the kernel lost packets, as it
/// sometimes does under load even over loopback, or the rate was not kept.
pub(crate) fn measure(
    install: &InstallFolder,
    server: ServerKind,
    load: &ScenarioLoad,
) -> Result<MeasuredFigures> {
    for _ in 1..MAX_ATTEMPTS {
        let timeouts_before = machine::count_tcp_timeouts();
        let figures = measure_once(install, server, load)?;
        if machine::count_tcp_timeouts() == timeouts_before && is_rate_kept(&figures, load) {
            return Ok(figures);
        }
        eprintln!("{server}: packets were lost or the rate was not kept, measuring again");
    }
    measure_once(install, server, load)
}

/// A burst has no rate to keep, nor has a single message.
fn is_rate_kept(figures: &MeasuredFigures, load: &ScenarioLoad) -> bool {
    match load.pacing {
        MessagePacing::Rate(rate) if load.messages > 1 => {
            figures.per_sec >= MIN_RATE_FRACTION * rate * load.followers as f64
        }
        MessagePacing::Rate(_) | MessagePacing::Window(_) => true,
    }
}

fn measure_once(
    install: &InstallFolder,
    server: ServerKind,
    load: &ScenarioLoad,
) -> Result<MeasuredFigures> {
    // Below the target folder, which is on a disk: a journal in memory would cost nothing.
    let server_folder = TempDir::new_in(install.path())?;
    let output_folder = TempDir::new_in(install.path())?;
    let (process, server_flags) = start::start(install, server, server_folder.path())?;
    let mut bench = workspace_command(install, "flightboard-bench");
    bench.args(["--json", "--to", process.url()]).args(server_flags);
    bench.args(["--followers", &load.followers.to_string()]);
    bench.args(["--messages", &(load.messages * load.boards as u64).to_string()]);
    if load.boards > 1 {
        bench.args(["--boards", &load.boards.to_string()]);
    }
    match load.pacing {
        MessagePacing::Rate(rate) => {
            bench.args(["--rate", &(rate * load.boards as f64).to_string()]);
        }
        // Each publisher has one message in flight, so a window needs as many publishers.
        MessagePacing::Window(window) => {
            let window = window.to_string();
            bench.args(["--window", &window, "--publishers", &window]);
        }
    }
    for pid in process.pids() {
        bench.args(["--pid", &pid.to_string()]);
    }
    // The exit status is not checked: the program reports missing deliveries in its figures, and fails then.
    let (stdout, stderr) = run_to_end(&mut bench, output_folder.path())?;
    let report: Value = serde_json::from_str(&stdout).with_context(|| {
        let last_line = stderr.lines().rfind(|line| !line.is_empty());
        last_line.unwrap_or("flightboard-bench printed nothing").to_owned()
    })?;
    read_figures(&report, load).context("a figure is missing in the report of flightboard-bench")
}

fn read_figures(report: &Value, load: &ScenarioLoad) -> Option<MeasuredFigures> {
    let number = |pointer: &str| report.pointer(pointer)?.as_f64();
    let count = |pointer: &str| report.pointer(pointer)?.as_u64();
    Some(MeasuredFigures {
        per_sec: number("/delivered/perSec")?,
        cpu_micros: number("/cpu/serverMicrosPerDelivery"),
        p50_millis: number("/latency/p50Millis"),
        p99_millis: number("/latency/p99Millis"),
        memory_bytes: number("/memory/perFollowerBytes"),
        followers: count("/connected/open")?,
        complete: count("/delivered/completeFollowers")? == load.followers as u64,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rate_is_kept_within_ten_percent() {
        let load = |messages, pacing| ScenarioLoad { followers: 20, boards: 1, messages, pacing };
        let figures = |per_sec| MeasuredFigures {
            per_sec,
            cpu_micros: None,
            p50_millis: None,
            p99_millis: None,
            memory_bytes: None,
            followers: 20,
            complete: true,
        };
        let check = |per_sec, load: ScenarioLoad, expected| {
            assert_eq!(is_rate_kept(&figures(per_sec), &load), expected, "{per_sec}: {load}");
        };
        check(199.0, load(5, MessagePacing::Rate(10.0)), true);
        check(179.0, load(5, MessagePacing::Rate(10.0)), false);
        check(1.0, load(1, MessagePacing::Rate(1.0)), true);
        check(1.0, load(5, MessagePacing::Window(8)), true);
    }

    #[test]
    fn figures_come_from_the_report() {
        let pacing = MessagePacing::Window(8);
        let load = ScenarioLoad { followers: 3, boards: 1, messages: 2, pacing };
        let mut report = json!({
            "connected": {"open": 3, "failed": 0},
            "delivered": {"count": 6, "perSec": 7.5, "completeFollowers": 3},
            "latency": {"p50Millis": 1.0, "p99Millis": 2.0},
            "memory": {"perFollowerBytes": 100.5},
            "cpu": {"serverMicrosPerDelivery": 6.5},
        });
        let complete = MeasuredFigures {
            per_sec: 7.5,
            cpu_micros: Some(6.5),
            p50_millis: Some(1.0),
            p99_millis: Some(2.0),
            memory_bytes: Some(100.5),
            followers: 3,
            complete: true,
        };
        assert_eq!(read_figures(&report, &load).unwrap(), complete);
        report["delivered"]["completeFollowers"] = 2.into();
        let incomplete = MeasuredFigures { complete: false, ..complete };
        assert_eq!(read_figures(&report, &load).unwrap(), incomplete);
        report["delivered"] = Value::Null;
        assert!(read_figures(&report, &load).is_none());
    }
}
