//! The page: tables with the ratios first, and everything needed to repeat the measurements.

use std::fmt::Write;

use crate::conditions;
use crate::format::{bytes, grouped, micros, millis, ratio};
use crate::groups::{CPU, FigureSelector, LoadGroup, MEMORY, P50, P99, PER_SEC, Spread};
use crate::plot;
use crate::results::ComparisonResults;
use crate::scenario::{BURST_WINDOWS, MessagePacing, Scenario};
use crate::server::ServerKind;

pub(crate) const FILE: &str = "benchmarks.md";

const INTRODUCTION: &str = "\
<!-- Written by `cargo xtask compare` from the figures in benchmarks.json. -->
# Benchmarks

This page compares flightboard with other servers that push events to many followers, and with a baseline: a
bare loop that does nothing but call `send` for each follower. All servers were measured alternately, in one run
on one machine. The speed of a machine varies from minute to minute, so an absolute figure says little: each
figure is divided by the baseline's figure of the same round. The tables show the median of all rounds, with the
minimum and the maximum in parentheses.
";

const MANY_BOARDS: &str = "
With many boards each event goes to few followers. For the same number of deliveries the server accepts more
events, writes more of them to disk, and begins more sends. A second measurement with one follower per board
shows that cost separately:
";

/// Stands in a table for a figure that was not measured.
const NOT_MEASURED: &str = "–";

/// The title of a column, and its cell for each server.
type TableColumn<'a> = (&'a str, Box<dyn Fn(ServerKind) -> String + 'a>);

pub(crate) fn write(results: &ComparisonResults) -> String {
    let plot = plot::FILE;
    let sections = [
        format!("{INTRODUCTION}\n![The figures of the tables below as bars]({plot})\n"),
        steady_section(results),
        burst_section(results),
        idle_section(results),
        growth_section(results),
        conditions::failure_section(results),
        conditions::method_section(results),
    ];
    let sections: Vec<_> = sections.into_iter().filter(|text| !text.is_empty()).collect();
    sections.join("\n")
}

fn steady_section(results: &ComparisonResults) -> String {
    let Some(group) = results.groups(Scenario::Steady).into_iter().next_back() else {
        return String::new();
    };
    let MessagePacing::Rate(rate) = group.load.pacing else { return String::new() };
    let columns: [TableColumn<'_>; 5] = [
        ("CPU per delivery ÷ loop", Box::new(move |server| ratio_cell(group, server, CPU))),
        ("p99 ÷ loop", Box::new(move |server| ratio_cell(group, server, P99))),
        ("CPU per delivery", Box::new(move |server| absolute_cell(group, server, CPU, micros))),
        ("p50", Box::new(move |server| absolute_cell(group, server, P50, millis))),
        ("p99", Box::new(move |server| absolute_cell(group, server, P99, millis))),
    ];
    format!(
        "## {rate:.0} events per second to {} followers\n\n\
         The CPU time of the server for one event on one stream, and the delay until followers receive it. Less \
         is better.\n\n{}",
        grouped(group.load.followers as f64),
        table(&group.servers(), &columns, &[group])
    )
}

fn burst_section(results: &ComparisonResults) -> String {
    let groups = results.groups(Scenario::Burst);
    let with_window = |window| {
        let pacing = MessagePacing::Window(window);
        groups.iter().copied().find(|group| group.load.pacing == pacing)
    };
    let [Some(few), Some(many)] = BURST_WINDOWS.map(with_window) else { return String::new() };
    let [few_window, many_window] = BURST_WINDOWS;
    let titles = [
        format!("{few_window} in flight ÷ loop"),
        format!("{many_window} in flight ÷ loop"),
        format!("{few_window} in flight: deliveries per second"),
        format!("{many_window} in flight: deliveries per second"),
    ];
    let columns: [TableColumn<'_>; 4] = [
        (&titles[0], Box::new(move |server| ratio_cell(few, server, PER_SEC))),
        (&titles[1], Box::new(move |server| ratio_cell(many, server, PER_SEC))),
        (&titles[2], Box::new(move |server| absolute_cell(few, server, PER_SEC, grouped))),
        (&titles[3], Box::new(move |server| absolute_cell(many, server, PER_SEC, grouped))),
    ];
    format!(
        "## Maximum throughput\n\n\
         {} followers. A new event is published as soon as one has reached all followers, with {few_window} or \
         {many_window} events in flight\nfrom as many publishing connections. More is better. The baseline here \
         sends everything that arrived together\nin one call per follower.\n\n{}",
        grouped(few.load.followers as f64),
        table(&few.servers(), &columns, &[few, many])
    )
}

fn idle_section(results: &ComparisonResults) -> String {
    let Some(group) = results.groups(Scenario::Idle).into_iter().next_back() else {
        return String::new();
    };
    let flightboard = group.absolute(ServerKind::Flightboard, MEMORY);
    let memory_ratio = move |server| {
        let memory = group.absolute(server, MEMORY).zip(flightboard);
        memory.map_or(NOT_MEASURED.to_owned(), |(memory, flightboard)| {
            ratio(memory.median / flightboard.median)
        })
    };
    let accepted: FigureSelector = |figures| Some(figures.followers as f64);
    let columns: [TableColumn<'_>; 3] = [
        ("÷ flightboard", Box::new(memory_ratio)),
        (
            "memory per follower",
            Box::new(move |server| absolute_cell(group, server, MEMORY, bytes)),
        ),
        ("followers", Box::new(move |server| absolute_cell(group, server, accepted, grouped))),
    ];
    format!(
        "## Idle followers\n\n\
         The growth of the server's resident memory per follower, with {} followers that receive no events.\nThe \
         kernel's memory for each socket is not included. Less is better.\n\n{}",
        grouped(group.load.followers as f64),
        table(&group.servers(), &columns, &[group])
    )
}

fn growth_section(results: &ComparisonResults) -> String {
    let groups = results.growth_groups();
    if groups.len() < 2 {
        return String::new();
    }
    let mut rows = String::new();
    for group in groups {
        let MessagePacing::Rate(rate) = group.load.pacing else { continue };
        let boards = group.load.boards;
        let _ = writeln!(
            rows,
            "| {} | {boards} | {:.1} | {} | {} | {} | {} |",
            grouped(group.load.followers as f64),
            rate * boards as f64,
            ratio_cell(group, ServerKind::Flightboard, CPU),
            ratio_cell(group, ServerKind::Flightboard, P99),
            absolute_cell(group, ServerKind::Flightboard, CPU, micros),
            absolute_cell(group, ServerKind::Loop, CPU, micros)
        );
    }
    format!(
        "## From few followers to many\n\n\
         flightboard and the loop, with the same number of deliveries per second in every row.\n\n\
         | followers | boards | events per second | CPU per delivery ÷ loop | p99 ÷ loop | CPU per delivery | the \
         loop's |\n|---|---|---|---|---|---|---|\n{rows}{}",
        many_boards(results)
    )
}

/// The cost of an event and of a delivery on many boards.
fn many_boards(results: &ComparisonResults) -> String {
    let groups = results.groups(Scenario::Boards);
    let [few, many] = &groups[..] else { return String::new() };
    let mut text = format!(
        "{MANY_BOARDS}\n| | CPU per event to one follower | CPU per additional delivery | ÷ loop |\n\
         |---|---|---|---|\n"
    );
    for server in many.servers() {
        let Some((cost, ratio)) = many.marginal_cost(*few, server) else { continue };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            emphasised_title(server),
            absolute_cell(*few, server, CPU, micros),
            micros(cost.median),
            ratio.map_or(NOT_MEASURED.to_owned(), spread_text)
        );
    }
    text
}

fn table(servers: &[ServerKind], columns: &[TableColumn<'_>], groups: &[LoadGroup<'_>]) -> String {
    let titles: Vec<_> = columns.iter().map(|(title, _)| *title).collect();
    let mut text = format!("| | {} |\n|---|{}\n", titles.join(" | "), "---|".repeat(columns.len()));
    let is_complete = |server| groups.iter().all(|group| group.is_complete(server));
    for server in servers {
        let mark = if is_complete(*server) { "" } else { " ¹" };
        let cells: Vec<_> = columns.iter().map(|(_, cell)| cell(*server)).collect();
        let _ = writeln!(text, "| {}{mark} | {} |", emphasised_title(*server), cells.join(" | "));
    }
    if !servers.iter().all(|server| is_complete(*server)) {
        text += "\n¹ Not every follower received each event once.\n";
    }
    text
}

fn emphasised_title(server: ServerKind) -> String {
    let title = server.title();
    if server.is_flightboard() { format!("**{title}**") } else { title.to_owned() }
}

fn ratio_cell(group: LoadGroup<'_>, server: ServerKind, figure: FigureSelector) -> String {
    group.ratio(server, figure).map_or(NOT_MEASURED.to_owned(), spread_text)
}

fn absolute_cell(
    group: LoadGroup<'_>,
    server: ServerKind,
    figure: FigureSelector,
    format: fn(f64) -> String,
) -> String {
    let spread = group.absolute(server, figure);
    spread.map_or(NOT_MEASURED.to_owned(), |spread| format(spread.median))
}

fn spread_text(Spread { median, min, max }: Spread) -> String {
    let [median, min, max] = [median, min, max].map(ratio);
    if min == max { median } else { format!("{median} ({min} to {max})") }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn recorded_results() -> ComparisonResults {
        ComparisonResults::parse(include_str!("../tests/data/benchmarks.json")).unwrap()
    }

    fn check_lines(page: &str, lines: &[&str]) {
        for line in lines {
            assert!(page.contains(&format!("\n{line}\n")), "{line} is not in\n{page}");
        }
    }

    #[test]
    fn tables_show_ratios_before_figures() {
        check_lines(
            &write(&recorded_results()),
            &[
                "## 10 events per second to 5,000 followers",
                "| **flightboard** | 1.10 (1.00 to 1.20) | 1.50 (1.00 to 2.00) | 8.00 µs | 6.0 ms | 15.0 ms |",
                "| axum `Sse` ¹ | 1.50 | 2.00 | 12.00 µs | – | 20.0 ms |",
                "¹ Not every follower received each event once.",
                "| **flightboard** | 0.90 | 0.80 | 900,000 | 4,800,000 |",
                "| **flightboard** | 1.00 | 200 bytes | 15,000 |",
                "| axum `Sse` | 155 | 30.3 KiB | 15,000 |",
                "| 15,000 | 200 | 666.7 | 1.25 | 1.50 | 10.00 µs | 8.00 µs |",
                "| bare loop of `send` | 50.00 µs | 7.43 µs | 1.00 |",
                "| **flightboard** | 200.00 µs | 7.43 µs | 1.00 (0.96 to 1.04) |",
                "| 1,000 | 1 | 50.0 | 1.05 | 1.00 | 8.40 µs | 8.00 µs |",
                "| 5,000 | 1 | 10.0 | 1.10 (1.00 to 1.20) | 1.50 (1.00 to 2.00) | 8.00 µs | 8.00 µs |",
            ],
        );
    }

    #[test]
    fn page_names_failures_and_commands() {
        check_lines(
            &write(&recorded_results()),
            &[
                "- nchan could not be installed: apt-get did not start.",
                "- Node `http` failed 2 times, first: it ended.",
                "- `flightboard-bench --followers 1000 --messages 300 --rate 50`",
                "- `flightboard-bench --followers 15000 --boards 200 --messages 4000 --rate 666.667`",
            ],
        );
    }

    #[test]
    fn sections_without_measurements_are_omitted() {
        let mut results = recorded_results();
        results.measurements.retain(|measurement| measurement.scenario == Scenario::Idle);
        let page = write(&results);
        let headings: Vec<_> = page.lines().filter(|line| line.starts_with("## ")).collect();
        assert_eq!(headings[..2], ["## Idle followers", "## Missing measurements"]);
        write(&ComparisonResults::default());
    }

    #[test]
    fn published_page_matches_published_figures() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        let results = ComparisonResults::load(&docs).unwrap();
        let published = |file| std::fs::read_to_string(docs.join(file)).unwrap();
        assert_eq!(published(FILE), write(&results), "run `cargo xtask compare --rounds 0`");
        assert_eq!(published(plot::FILE), plot::write(&results));
    }
}
