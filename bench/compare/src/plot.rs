//! The plot: a panel for each question, a bar for each server, a line where the yardstick is. It brings
//! its own ground and both sets of colours, since a page does not tell a picture which it has.

use std::fmt::Write;

use crate::page::{bytes, factor, grouped, growth_cells};
use crate::ratio::{Cell, Figure, Spread};
use crate::record::Record;
use crate::scenario::{Rhythm, Scenario};
use crate::server::Server;

pub(crate) const FILE: &str = "benchmarks.svg";

const STYLE: &str = "
  .ground { fill: #ffffff } .title { fill: #1b1f24; font-weight: 600 } text { fill: #1b1f24 }
  .note { fill: #59636e } .other { fill: #a8b1bb } .ours { fill: #0b6bcb } .yardstick { fill: #d4dae0 }
  .line { stroke: #59636e; stroke-dasharray: 3 3 } .spread { stroke: #1b1f24; stroke-width: 1.5 }
  text { font: 13px system-ui, sans-serif } .note { font-size: 12px }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #12161b } .title, text { fill: #e6eaef } .note { fill: #9aa5b1 }
    .other { fill: #5b6672 } .ours { fill: #4aa3ff } .yardstick { fill: #39424c }
    .line { stroke: #9aa5b1 } .spread { stroke: #e6eaef }
  }
";

/// Of a panel, in the picture's own units.
const WIDTH: f64 = 480.0;

const MARGIN: f64 = 20.0;

const LABELS: f64 = 160.0;

/// For the figure behind the longest bar.
const FIGURES: f64 = 75.0;

const HEADING: f64 = 62.0;

const ROW: f64 = 24.0;

const BAR: f64 = 14.0;

/// A bar that is so many times longer than the yardstick's is cut: what matters is near it.
const LONGEST: f64 = 4.0;

struct Panel {
    title: String,
    note: &'static str,
    bars: Vec<Bar>,
    /// Where the yardstick is.
    line: Option<f64>,
}

struct Bar {
    label: String,
    class: &'static str,
    spread: Spread,
    text: String,
}

pub(crate) fn write(record: &Record) -> String {
    let panels: Vec<_> =
        panels(record).into_iter().filter(|panel| !panel.bars.is_empty()).collect();
    let rows: Vec<_> = panels.chunks(2).map(|row| (height(row), row)).collect();
    let width = 2.0 * WIDTH;
    let whole = rows.iter().map(|(height, _)| height).sum::<f64>() + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {whole}\" width=\"{width}\" \
         height=\"{whole}\" role=\"img\">\n<title>flightboard beside other servers</title>\n\
         <style>{STYLE}</style>\n<rect class=\"ground\" width=\"{width}\" height=\"{whole}\"/>\n"
    );
    let mut top = 0.0;
    for (height, row) in rows {
        for (panel, left) in row.iter().zip([0.0, WIDTH]) {
            draw(&mut svg, panel, left + MARGIN, top + MARGIN);
        }
        top += height;
    }
    svg + "</svg>\n"
}

fn height(row: &[Panel]) -> f64 {
    let most = row.iter().map(|panel| panel.bars.len()).max().unwrap_or(0);
    HEADING + ROW * most as f64 + MARGIN
}

fn panels(record: &Record) -> Vec<Panel> {
    let mut panels = Vec::new();
    for cell in record.cells(Scenario::Steady) {
        let Rhythm::Rate(rate) = cell.load.rhythm else { continue };
        let load = format!("{rate:.0} events/s to {}", grouped(cell.load.followers as f64));
        let note = "of the bare loop's; less is better";
        panels.push(ratios(cell, format!("CPU a delivery, {load}"), note, CPU));
        panels.push(ratios(cell, format!("p99 latency, {load}"), note, P99));
    }
    for cell in record.cells(Scenario::Burst) {
        let Rhythm::Window(window) = cell.load.rhythm else { continue };
        let followers = grouped(cell.load.followers as f64);
        let title = format!("Deliveries a second, {window} in flight to {followers}");
        let note = "of the coalescing loop's; more is better";
        panels.push(ratios(cell, title, note, |figures| Some(figures.per_sec)));
    }
    panels.extend(record.cells(Scenario::Idle).into_iter().map(memory));
    panels.push(growth(record));
    panels
}

const CPU: Figure = |figures| figures.cpu_micros;

const P99: Figure = |figures| figures.p99_millis;

fn ratios(cell: Cell<'_>, title: String, note: &'static str, figure: Figure) -> Panel {
    let bar = |server: Server| {
        let spread = cell.ratio(server, figure)?;
        Some(Bar::of(server, spread, factor(spread.middle)))
    };
    let bars = cell.servers().into_iter().filter_map(bar).collect();
    Panel { title, note, bars, line: Some(1.0) }
}

fn memory(cell: Cell<'_>) -> Panel {
    let bar = |server: Server| {
        let spread = cell.figure(server, |figures| figures.memory_bytes)?;
        Some(Bar::of(server, spread, bytes(spread.middle)))
    };
    let bars = cell.servers().into_iter().filter_map(bar).collect();
    let title = format!("Memory a follower, {} who wait", grouped(cell.load.followers as f64));
    Panel { title, note: "less is better", bars, line: None }
}

fn growth(record: &Record) -> Panel {
    let bar = |cell: Cell<'_>| {
        let spread = cell.ratio(Server::Flightboard, CPU)?;
        let followers = grouped(cell.load.followers as f64);
        let label = match cell.load.boards {
            1 => format!("{followers} followers"),
            boards => format!("{followers}, {boards} boards"),
        };
        Some(Bar { label, class: "ours", spread, text: factor(spread.middle) })
    };
    let bars = growth_cells(record).into_iter().filter_map(bar).collect();
    let title = "flightboard's CPU a delivery".to_owned();
    Panel { title, note: "of the bare loop's; even is better", bars, line: Some(1.0) }
}

impl Bar {
    fn of(server: Server, spread: Spread, text: String) -> Self {
        let class = match server {
            ours if ours.is_ours() => "ours",
            server if server.is_yardstick() => "yardstick",
            _ => "other",
        };
        Self { label: server.title().replace('`', ""), class, spread, text }
    }
}

fn draw(svg: &mut String, panel: &Panel, left: f64, top: f64) {
    let Panel { title, note, bars, line } = panel;
    let most = bars.iter().map(|bar| bar.spread.most).fold(f64::MIN_POSITIVE, f64::max);
    let most = line.map_or(most, |line| most.min(LONGEST * line).max(line));
    let begin = left + LABELS;
    let unit = (WIDTH - 2.0 * MARGIN - LABELS - FIGURES) / most;
    let at = |value: f64| begin + value.clamp(0.0, most) * unit;
    let _ = writeln!(svg, r#"<text class="title" x="{left}" y="{:.1}">{title}</text>"#, top + 12.0);
    let _ = writeln!(svg, r#"<text class="note" x="{left}" y="{:.1}">{note}</text>"#, top + 30.0);
    let first = top + HEADING - MARGIN;
    for (bar, number) in bars.iter().zip(0_u8..) {
        let Bar { label, class, spread, text } = bar;
        let y = first + ROW * f64::from(number);
        let (middle, baseline) = (y + BAR / 2.0, y + BAR - 2.5);
        let end = at(spread.middle);
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{baseline:.1}\" text-anchor=\"end\">{label}</text>\n\
             <rect class=\"{class}\" x=\"{begin:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{BAR}\"/>",
            begin - 8.0,
            end - begin
        );
        let (least, last) = (at(spread.least), at(spread.most));
        if last - least > 1.0 {
            let _ =
                writeln!(svg, r#"<path class="spread" d="M{least:.1} {middle:.1}H{last:.1}"/>"#);
        }
        let cut = if spread.middle > most { "→ " } else { "" };
        let x = end.max(last) + 6.0;
        let _ = writeln!(svg, r#"<text x="{x:.1}" y="{baseline:.1}">{cut}{text}</text>"#);
    }
    if let Some(line) = line {
        let (x, above) = (at(*line), first - 5.0);
        let below = first + ROW * bars.len() as f64 - 4.0;
        let _ = writeln!(svg, r#"<path class="line" d="M{x:.1} {above:.1}V{below:.1}"/>"#);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded() -> String {
        write(&Record::parse(include_str!("../tests/data/benchmarks.json")).unwrap())
    }

    #[test]
    fn each_server_that_was_measured_has_a_bar_with_its_figure() {
        let svg = recorded();
        let count = |text: &str| svg.matches(text).count();
        assert_eq!(count(r#"class="title""#), 6);
        assert_eq!(count(r#"class="ours""#), 5 + 4, "one in each panel, and four of growth");
        assert_eq!(count(">axum Sse<"), 5);
        assert_eq!(count(">30.3 KiB<"), 1);
        assert_eq!(count(r#"class="line""#), 5, "memory has no yardstick");
    }

    #[test]
    fn what_is_far_from_the_yardstick_is_cut() {
        let svg = recorded();
        assert_eq!(svg.matches("→ 5.00").count(), 2, "axum in a burst");
        let widths = svg.split(" width=\"").skip(1).filter_map(|rest| rest.split_once('"'));
        let widest = widths.skip(2).map(|(width, _)| width.parse::<f64>().unwrap());
        assert!(widest.fold(0.0, f64::max) < WIDTH - LABELS - FIGURES);
    }

    #[test]
    fn it_is_one_whole_element_in_both_sets_of_colours() {
        let svg = recorded();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        for name in ["text", "title", "style"] {
            let (opened, closed) = (format!("<{name}"), format!("</{name}>"));
            assert_eq!(svg.matches(&opened).count(), svg.matches(&closed).count(), "{name}");
        }
        assert!(svg.contains("prefers-color-scheme: dark"));
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        assert!(write(&Record::default()).ends_with("</svg>\n"));
    }
}
