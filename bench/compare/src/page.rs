//! The page: ratios first, in tables, with all that is needed to measure it again.

use std::fmt::Write;

use crate::plot;
use crate::ratio::{Cell, Figure, Spread};
use crate::record::Record;
use crate::scenario::{Load, Rhythm, Scenario, WINDOWS};
use crate::server::Server;

pub(crate) const FILE: &str = "benchmarks.md";

const HEAD: &str = "\
<!-- Written by `cargo xtask compare`, of the figures in benchmarks.json. -->
# Benchmarks

flightboard beside other servers that push events to many followers, and beside a yardstick: a bare loop
that does nothing but call `send` for each follower. All were measured in turn, in one run on one machine.
A figure alone says little, since the same machine is faster in one minute than in the next. So each is
divided by the yardstick's of the same round. What stands here is the middle of all rounds, with the least
and the most.
";

const TAIL: &str = "\
`flightboard-bench` measured all of them, from without: see
[load tests](operations.md#load-tests). It ran on the same cores, and takes about as much
as what it measures, so a burst says what both can do together. For each measurement a server is started
anew. The yardstick comes at the beginning and at the end of a round, the others between, each round another
one first. Connections are plain HTTP over loopback. CPU and memory are those of all processes that serve.
Where the system lost packets in between, as it does now and then when it has much to do, or the rate was not
kept, that server was measured again, twice at most.

What the figures do not say: most of the others keep nothing. They answer sooner, and whoever comes back has
missed what was sent meanwhile. Each was set up as its own documents say; whoever knows one of them better is
welcome to better its setting.

## Measure it yourself

```sh
cargo xtask compare
```

It needs what [the tests need](../README.md#run-it), a disk, and some twelve minutes of a machine that does
nothing else. What is missing comes from its package registry into a folder of its own below the target
folder, and what cannot be had is left out. `cargo xtask compare --quick` tries all of it for a moment, and
`cargo xtask compare --help` tells the rest.
";

const ON_BOARDS: &str = "
On many boards each event goes to few followers, so there are more events to take, to write to disk and to
begin to send for as many deliveries. What they cost by themselves was measured too, with one follower on each
board:
";

/// A column of a table: its title, and what is in it.
type Column<'a> = (&'a str, Box<dyn Fn(Server) -> String + 'a>);

pub(crate) fn write(record: &Record) -> String {
    let plot = plot::FILE;
    let sections = [
        format!("{HEAD}\n![The figures of the tables below, as bars]({plot})\n"),
        steady(record),
        burst(record),
        idle(record),
        growth(record),
        troubles(record),
        measured(record),
        TAIL.to_owned(),
    ];
    let sections: Vec<_> = sections.into_iter().filter(|text| !text.is_empty()).collect();
    sections.join("\n")
}

fn steady(record: &Record) -> String {
    let Some(cell) = record.cells(Scenario::Steady).into_iter().next_back() else {
        return String::new();
    };
    let Rhythm::Rate(rate) = cell.load.rhythm else { return String::new() };
    let columns: [Column<'_>; 5] = [
        ("CPU a delivery, of the loop's", Box::new(move |server| ratio(cell, server, CPU))),
        ("p99, of the loop's", Box::new(move |server| ratio(cell, server, P99))),
        ("CPU a delivery", Box::new(move |server| told(cell, server, CPU, micros))),
        ("p50", Box::new(move |server| told(cell, server, P50, millis))),
        ("p99", Box::new(move |server| told(cell, server, P99, millis))),
    ];
    format!(
        "## {rate:.0} events a second to {} followers\n\n\
         What a server spends for one event on one stream, and when the followers have it. Less is \
         better.\n\n{}",
        grouped(cell.load.followers as f64),
        table(&cell.servers(), &columns, &[cell])
    )
}

fn burst(record: &Record) -> String {
    let cells = record.cells(Scenario::Burst);
    let of = |window| cells.iter().copied().find(|cell| cell.load.rhythm == Rhythm::Window(window));
    let [Some(few), Some(many)] = WINDOWS.map(of) else { return String::new() };
    let columns: [Column<'_>; 4] = [
        ("few, of the loop's", Box::new(move |server| ratio(few, server, PER_SEC))),
        ("many, of the loop's", Box::new(move |server| ratio(many, server, PER_SEC))),
        ("few: deliveries a second", Box::new(move |server| told(few, server, PER_SEC, grouped))),
        ("many: deliveries a second", Box::new(move |server| told(many, server, PER_SEC, grouped))),
    ];
    format!(
        "## As many events as it can\n\n\
         {} followers. The next event is published as soon as one has come to all, with few of them on their \
         way,\n{}, or many, {}, and as many connections that publish. More is better. The yardstick here sends \
         what came\nin at one moment with one call.\n\n{}",
        grouped(few.load.followers as f64),
        WINDOWS[0],
        WINDOWS[1],
        table(&few.servers(), &columns, &[few, many])
    )
}

fn idle(record: &Record) -> String {
    let Some(cell) = record.cells(Scenario::Idle).into_iter().next_back() else {
        return String::new();
    };
    let ours = cell.figure(Server::Flightboard, MEMORY);
    let times = move |server| {
        let found = cell.figure(server, MEMORY).zip(ours);
        found.map_or(NOTHING.to_owned(), |(of, ours)| factor(of.middle / ours.middle))
    };
    let let_in: Figure = |figures| Some(figures.followers as f64);
    let columns: [Column<'_>; 3] = [
        ("of flightboard's", Box::new(times)),
        ("memory a follower", Box::new(move |server| told(cell, server, MEMORY, bytes))),
        ("followers", Box::new(move |server| told(cell, server, let_in, grouped))),
    ];
    format!(
        "## Followers who wait\n\n\
         Resident memory that a server grows by for each of {} followers to whom nothing is sent.\nWhat the \
         system has for each socket is not in it. Less is better.\n\n{}",
        grouped(cell.load.followers as f64),
        table(&cell.servers(), &columns, &[cell])
    )
}

fn growth(record: &Record) -> String {
    let cells = growth_cells(record);
    let mut text = String::new();
    for cell in &cells {
        let Rhythm::Rate(rate) = cell.load.rhythm else { continue };
        let cost = |server| told(*cell, server, CPU, micros);
        let boards = cell.load.boards;
        let _ = writeln!(
            text,
            "| {} | {boards} | {:.1} | {} | {} | {} | {} |",
            grouped(cell.load.followers as f64),
            rate * boards as f64,
            ratio(*cell, Server::Flightboard, CPU),
            ratio(*cell, Server::Flightboard, P99),
            cost(Server::Flightboard),
            cost(Server::Loop)
        );
    }
    if cells.len() < 2 {
        return String::new();
    }
    format!(
        "## From few followers to many\n\n\
         flightboard with the same number of deliveries a second, and the loop beside it.\n\n\
         | followers | boards | events a second | CPU a delivery, of the loop's | p99, of the loop's | CPU a \
         delivery | of the loop |\n|---|---|---|---|---|---|---|\n{text}{}",
        apart(record)
    )
}

/// What events cost on many boards, and what their deliveries.
fn apart(record: &Record) -> String {
    let cells = record.cells(Scenario::Boards);
    let [few, many] = &cells[..] else { return String::new() };
    let mut text = format!(
        "{ON_BOARDS}\n| | CPU an event that one hears | CPU of each delivery more | of the loop's |\n\
         |---|---|---|---|\n"
    );
    for server in many.servers() {
        let Some((cost, part)) = many.beyond(*few, server) else { continue };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            title(server),
            told(*few, server, CPU, micros),
            micros(cost.middle),
            part.map_or(NOTHING.to_owned(), range)
        );
    }
    text
}

/// Those of growth, with the steady one between them and many boards at the end.
pub(crate) fn growth_cells(record: &Record) -> Vec<Cell<'_>> {
    let mut cells = record.cells(Scenario::Growth);
    if !cells.is_empty() {
        cells.extend(record.cells(Scenario::Steady));
    }
    cells.sort_by_key(|cell| cell.load.followers);
    cells.extend(record.cells(Scenario::Boards).into_iter().next_back());
    cells
}

fn table(servers: &[Server], columns: &[Column<'_>], cells: &[Cell<'_>]) -> String {
    let titles: Vec<_> = columns.iter().map(|(title, _)| *title).collect();
    let mut text = format!("| | {} |\n|---|{}\n", titles.join(" | "), "---|".repeat(columns.len()));
    let is_complete = |server| cells.iter().all(|cell| cell.is_complete(server));
    for server in servers {
        let mark = if is_complete(*server) { "" } else { " ¹" };
        let figures: Vec<_> = columns.iter().map(|(_, column)| column(*server)).collect();
        let _ = writeln!(text, "| {}{mark} | {} |", title(*server), figures.join(" | "));
    }
    if !servers.iter().all(|server| is_complete(*server)) {
        text += "\n¹ Not each follower got each event once.\n";
    }
    text
}

fn title(server: Server) -> String {
    let title = server.title();
    if server.is_ours() { format!("**{title}**") } else { title.to_owned() }
}

/// What could not be measured, and why.
fn troubles(record: &Record) -> String {
    let absent = record
        .absent
        .iter()
        .map(|(server, why)| format!("- {} could not be had: {}\n", server.title(), sentence(why)));
    let failed = Server::ALL.into_iter().filter_map(|server| {
        let runs = record.runs.iter().filter(|run| run.server == server);
        let reasons: Vec<_> = runs.filter_map(|run| run.failure()).collect();
        let (first, count) = (sentence(reasons.first()?), reasons.len());
        let times = if count == 1 { "once".to_owned() } else { format!("{count} times, first") };
        Some(format!("- {} failed {times}: {first}\n", server.title()))
    });
    let lines: String = absent.chain(failed).collect();
    if lines.is_empty() { lines } else { format!("## What is missing\n\n{lines}") }
}

fn measured(record: &Record) -> String {
    let mut text = "## How it was measured\n\n\
         | | version | what is published, when it is answered | setting |\n|---|---|---|---|\n"
        .to_owned();
    for (server, version) in &record.versions {
        let (title, keeps, setting) = (server.title(), server.keeps(), server.setting());
        let _ = writeln!(text, "| {title} | {version} | {keeps} | {setting} |");
    }
    let machine = &record.machine;
    let rounds = Scenario::ALL.map(|scenario| record.rounds(scenario)).into_iter().max();
    let _ = writeln!(
        text,
        "\n{}, {} round{}: {} cores ({}), {} GiB of memory, Linux {}, journals on {}.\n\n\
         In words of `flightboard-bench`:\n",
        record.date,
        rounds.unwrap_or(0),
        if rounds == Some(1) { "" } else { "s" },
        machine.cores,
        machine.processor,
        machine.memory_gib,
        machine.kernel,
        machine.file_system,
    );
    let cells = Scenario::ALL.into_iter().flat_map(|scenario| record.cells(scenario));
    let mut lines: Vec<_> = cells.map(command).collect();
    lines.dedup();
    text + &lines.concat()
}

/// How flightboard was measured.
fn command(cell: Cell<'_>) -> String {
    let Load { followers, boards, messages, rhythm } = cell.load;
    let spread = if boards > 1 { format!(" --boards {boards}") } else { String::new() };
    let (rhythm, others) = match rhythm {
        Rhythm::Rate(rate) => (format!("--rate {}", trimmed(rate * boards as f64)), ""),
        Rhythm::Window(window) => {
            (format!("--window {window} --publishers {window}"), ", fewer for slower ones")
        }
    };
    let messages = messages * boards as u64;
    let flags = format!("--followers {followers}{spread} --messages {messages} {rhythm}");
    format!("- `flightboard-bench {flags}`{others}\n")
}

const CPU: Figure = |figures| figures.cpu_micros;

const P50: Figure = |figures| figures.p50_millis;

const P99: Figure = |figures| figures.p99_millis;

const PER_SEC: Figure = |figures| Some(figures.per_sec);

const MEMORY: Figure = |figures| figures.memory_bytes;

const NOTHING: &str = "–";

fn ratio(cell: Cell<'_>, server: Server, figure: Figure) -> String {
    cell.ratio(server, figure).map_or(NOTHING.to_owned(), range)
}

fn range(Spread { middle, least, most }: Spread) -> String {
    let [middle, least, most] = [middle, least, most].map(factor);
    if least == most { middle } else { format!("{middle} ({least} to {most})") }
}

fn told(cell: Cell<'_>, server: Server, figure: Figure, as_text: fn(f64) -> String) -> String {
    let spread = cell.figure(server, figure);
    spread.map_or(NOTHING.to_owned(), |spread| as_text(spread.middle))
}

/// With as many digits as say anything.
pub(crate) fn factor(value: f64) -> String {
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$}")
}

fn micros(value: f64) -> String {
    format!("{value:.2} µs")
}

fn millis(value: f64) -> String {
    format!("{value:.1} ms")
}

pub(crate) fn bytes(value: f64) -> String {
    if value < 1024.0 { format!("{value:.0} bytes") } else { format!("{:.1} KiB", value / 1024.0) }
}

/// A whole number, with a comma after thousands.
pub(crate) fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// With three digits at most after the point.
fn trimmed(value: f64) -> String {
    format!("{value:.3}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn sentence(text: &str) -> String {
    format!("{}.", text.replace('\n', " ").trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn recorded() -> Record {
        Record::parse(include_str!("../tests/data/benchmarks.json")).unwrap()
    }

    fn check(page: &str, lines: &[&str]) {
        for line in lines {
            assert!(page.contains(&format!("\n{line}\n")), "{line} is not in\n{page}");
        }
    }

    #[test]
    fn tables_have_ratios_first_and_name_what_is_missing() {
        check(
            &write(&recorded()),
            &[
                "## 10 events a second to 5,000 followers",
                "| **flightboard** | 1.10 (1.00 to 1.20) | 1.50 (1.00 to 2.00) | 8.00 µs | 6.0 ms | 15.0 ms |",
                "| axum `Sse` ¹ | 1.50 | 2.00 | 12.00 µs | – | 20.0 ms |",
                "¹ Not each follower got each event once.",
                "| **flightboard** | 0.90 | 0.80 | 900,000 | 4,800,000 |",
                "| **flightboard** | 1.00 | 200 bytes | 15,000 |",
                "| axum `Sse` | 155 | 30.3 KiB | 15,000 |",
                "| 15,000 | 200 | 666.7 | 1.25 | 1.50 | 10.00 µs | 8.00 µs |",
                "| bare loop of `send` | 50.00 µs | 7.43 µs | 1.00 |",
                "| **flightboard** | 200.00 µs | 7.43 µs | 1.00 (0.96 to 1.04) |",
                "| 1,000 | 1 | 50.0 | 1.05 | 1.00 | 8.40 µs | 8.00 µs |",
                "| 5,000 | 1 | 10.0 | 1.10 (1.00 to 1.20) | 1.50 (1.00 to 2.00) | 8.00 µs | 8.00 µs |",
                "- nchan could not be had: apt-get did not start.",
                "- Node `http` failed 2 times, first: it ended.",
                "- `flightboard-bench --followers 1000 --messages 300 --rate 50`",
                "- `flightboard-bench --followers 15000 --boards 200 --messages 4000 --rate 666.667`",
            ],
        );
    }

    #[test]
    fn what_was_not_measured_is_not_told() {
        let mut record = recorded();
        record.runs.retain(|run| run.scenario == Scenario::Idle);
        let page = write(&record);
        let headings: Vec<_> = page.lines().filter(|line| line.starts_with("## ")).collect();
        assert_eq!(headings[..2], ["## Followers who wait", "## What is missing"]);
        write(&Record::default());
    }

    #[test]
    fn numbers_are_read_at_a_glance() {
        assert_eq!([1_000.0, 999.6, 1_234_567.4].map(grouped), ["1,000", "1,000", "1,234,567"]);
        assert_eq!(
            [0.951, 9.994, 10.04, 99.96, 154.7].map(factor),
            ["0.95", "9.99", "10.0", "100.0", "155"]
        );
        assert_eq!([1_023.0, 1_536.0].map(bytes), ["1023 bytes", "1.5 KiB"]);
    }

    #[test]
    fn the_published_page_and_plot_are_made_of_the_published_figures() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        let record = Record::load(&docs).unwrap();
        let published = |file| std::fs::read_to_string(docs.join(file)).unwrap();
        assert_eq!(published(FILE), write(&record), "run `cargo xtask compare --rounds 0`");
        assert_eq!(published(plot::FILE), plot::write(&record));
    }
}
