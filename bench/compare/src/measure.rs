//! One measurement of one server: it is started anew, `flightboard-bench` measures it, and it ends.

use anyhow::{Context, Result};
use serde_json::Value;
use tempfile::TempDir;

use crate::install::Shelf;
use crate::machine;
use crate::record::Figures;
use crate::running;
use crate::scenario::{Load, Rhythm};
use crate::server::Server;
use crate::start;

/// How often it is tried at most.
const TRIES: u32 = 3;

/// Whoever kept less of the rate was held up, by itself or by others.
const KEPT: f64 = 0.9;

/// Measures again where the machine was in the way, or may have been: the system lost packets meanwhile,
/// even over loopback, as it does now and then when it has much to do, or the rate was not kept.
pub(crate) fn measure(shelf: &Shelf, server: Server, load: &Load) -> Result<Figures> {
    for _ in 1..TRIES {
        let lost = machine::packets_lost();
        let figures = measure_once(shelf, server, load)?;
        if machine::packets_lost() == lost && has_kept_rate(&figures, load) {
            return Ok(figures);
        }
        eprintln!("{server}: packets were lost, or time; it is measured again");
    }
    measure_once(shelf, server, load)
}

fn has_kept_rate(figures: &Figures, load: &Load) -> bool {
    match load.rhythm {
        Rhythm::Rate(rate) if load.messages > 1 => {
            figures.per_sec >= KEPT * rate * load.followers as f64
        }
        Rhythm::Rate(_) | Rhythm::Window(_) => true,
    }
}

fn measure_once(shelf: &Shelf, server: Server, load: &Load) -> Result<Figures> {
    // On the disk of the target folder: a journal in memory would be no journal.
    let [files, said] = [TempDir::new_in(shelf.folder())?, TempDir::new_in(shelf.folder())?];
    let (running, way) = start::start(shelf, server, files.path())?;
    let mut bench = running::program(shelf, "flightboard-bench");
    bench.args(["--json", "--to", running.url()]).args(way);
    bench.args(["--followers", &load.followers.to_string()]);
    bench.args(["--messages", &(load.messages * load.boards as u64).to_string()]);
    if load.boards > 1 {
        bench.args(["--boards", &load.boards.to_string()]);
    }
    match load.rhythm {
        Rhythm::Rate(rate) => bench.args(["--rate", &(rate * load.boards as f64).to_string()]),
        // As many who publish, so that all of them can be on their way.
        Rhythm::Window(window) => {
            let window = window.to_string();
            bench.args(["--window", &window, "--publishers", &window])
        }
    };
    for pid in running.pids() {
        bench.args(["--pid", &pid.to_string()]);
    }
    let (figures, complaints) = running::read(&mut bench, said.path())?;
    // What is not complete is told all the same, and says so.
    let report: Value = serde_json::from_str(&figures).with_context(|| {
        complaints.lines().rfind(|line| !line.is_empty()).unwrap_or("it says nothing").to_owned()
    })?;
    read(&report, load).context("it has not measured all")
}

fn read(report: &Value, load: &Load) -> Option<Figures> {
    let number = |place: &str| report.pointer(place)?.as_f64();
    let count = |place: &str| report.pointer(place)?.as_u64();
    Some(Figures {
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
    fn a_rate_is_kept_or_not() {
        let load = |messages, rhythm| Load { followers: 20, boards: 1, messages, rhythm };
        let figures = |per_sec| Figures {
            per_sec,
            cpu_micros: None,
            p50_millis: None,
            p99_millis: None,
            memory_bytes: None,
            followers: 20,
            complete: true,
        };
        let check = |per_sec, load: Load, kept| {
            assert_eq!(has_kept_rate(&figures(per_sec), &load), kept, "{per_sec}: {load}");
        };
        check(199.0, load(5, Rhythm::Rate(10.0)), true);
        check(179.0, load(5, Rhythm::Rate(10.0)), false);
        // One message has no rate, and what is as fast as it can be keeps none.
        check(1.0, load(1, Rhythm::Rate(1.0)), true);
        check(1.0, load(5, Rhythm::Window(8)), true);
    }

    #[test]
    fn figures_are_those_that_bench_prints() {
        let load = Load { followers: 3, boards: 1, messages: 2, rhythm: Rhythm::Window(8) };
        let mut report = json!({
            "connected": {"open": 3, "failed": 0},
            "delivered": {"count": 6, "perSec": 7.5, "completeFollowers": 3},
            "latency": {"p50Millis": 1.0, "p99Millis": 2.0},
            "memory": {"perFollowerBytes": 100.5},
            "cpu": {"serverMicrosPerDelivery": 6.5},
        });
        let all = Figures {
            per_sec: 7.5,
            cpu_micros: Some(6.5),
            p50_millis: Some(1.0),
            p99_millis: Some(2.0),
            memory_bytes: Some(100.5),
            followers: 3,
            complete: true,
        };
        assert_eq!(read(&report, &load).unwrap(), all);
        report["delivered"]["completeFollowers"] = 2.into();
        assert_eq!(read(&report, &load).unwrap(), Figures { complete: false, ..all });
        report["delivered"] = Value::Null;
        assert!(read(&report, &load).is_none());
    }
}
