//! The plot: a panel per question, a bar per server, and a line at the baseline.
//!
//! Written as SVG by hand because a page cannot tell an image whether it is dark: a media query chooses the colours, by
//! the classes of the elements. Plotting libraries write fixed colours.

use std::fmt::Write;

use crate::format::{bytes, grouped, ratio};
use crate::groups::{CPU, FigureSelector, LoadGroup, MEMORY, P99, PER_SEC, Spread};
use crate::results::ComparisonResults;
use crate::scenario::{MessagePacing, Scenario};
use crate::server::ServerKind;

pub(crate) const FILE: &str = "benchmarks.svg";

const STYLE: &str = "
  .ground { fill: #ffffff } .title { fill: #1b1f24; font-weight: 600 } text { fill: #1b1f24 }
  .note { fill: #59636e } .other { fill: #a8b1bb } .ours { fill: #0b6bcb } .baseline { fill: #d4dae0 }
  .line { stroke: #59636e; stroke-dasharray: 3 3 } .spread { stroke: #1b1f24; stroke-width: 1.5 }
  text { font: 13px system-ui, sans-serif } .note { font-size: 12px }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #12161b } .title, text { fill: #e6eaef } .note { fill: #9aa5b1 }
    .other { fill: #5b6672 } .ours { fill: #4aa3ff } .baseline { fill: #39424c }
    .line { stroke: #9aa5b1 } .spread { stroke: #e6eaef }
  }
";

// Lengths in pixels.

const PANEL_WIDTH: f64 = 480.0;

const MARGIN: f64 = 20.0;

const LABEL_WIDTH: f64 = 160.0;

/// The space for the figure to the right of the longest bar.
const FIGURE_WIDTH: f64 = 75.0;

const HEADING_HEIGHT: f64 = 62.0;

const ROW_HEIGHT: f64 = 24.0;

const BAR_HEIGHT: f64 = 14.0;

/// Bars are cut at this ratio, so that the differences near the baseline remain visible.
const MAX_RATIO: f64 = 4.0;

struct PlotPanel {
    title: String,
    note: &'static str,
    bars: Vec<PlotBar>,
    /// The value of the baseline.
    line: Option<f64>,
}

struct PlotBar {
    label: String,
    class: &'static str,
    spread: Spread,
    text: String,
}

pub(crate) fn write(results: &ComparisonResults) -> String {
    let panels: Vec<_> =
        panels(results).into_iter().filter(|panel| !panel.bars.is_empty()).collect();
    let rows: Vec<_> = panels.chunks(2).map(|row| (row_height(row), row)).collect();
    let width = 2.0 * PANEL_WIDTH;
    let height = rows.iter().map(|(height, _)| height).sum::<f64>() + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\">\n<title>flightboard compared with other servers</title>\n\
         <style>{STYLE}</style>\n<rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>\n"
    );
    let mut top = 0.0;
    for (height, row) in rows {
        for (panel, left) in row.iter().zip([0.0, PANEL_WIDTH]) {
            draw_panel(&mut svg, panel, left + MARGIN, top + MARGIN);
        }
        top += height;
    }
    svg + "</svg>\n"
}

fn row_height(row: &[PlotPanel]) -> f64 {
    let bars = row.iter().map(|panel| panel.bars.len()).max().unwrap_or(0);
    HEADING_HEIGHT + ROW_HEIGHT * bars as f64 + MARGIN
}

fn panels(results: &ComparisonResults) -> Vec<PlotPanel> {
    let mut panels = Vec::new();
    for group in results.groups(Scenario::Steady) {
        let MessagePacing::Rate(rate) = group.load.pacing else { continue };
        let load = format!("{rate:.0} events/s to {}", grouped(group.load.followers as f64));
        let note = "÷ bare loop; less is better";
        panels.push(ratio_panel(group, format!("CPU per delivery, {load}"), note, CPU));
        panels.push(ratio_panel(group, format!("p99 latency, {load}"), note, P99));
    }
    for group in results.groups(Scenario::Burst) {
        let MessagePacing::Window(window) = group.load.pacing else { continue };
        let followers = grouped(group.load.followers as f64);
        let title = format!("Deliveries per second, {window} in flight to {followers}");
        panels.push(ratio_panel(group, title, "÷ coalescing loop; more is better", PER_SEC));
    }
    panels.extend(results.groups(Scenario::Idle).into_iter().map(memory_panel));
    panels.push(growth_panel(results));
    panels
}

fn ratio_panel(
    group: LoadGroup<'_>,
    title: String,
    note: &'static str,
    figure: FigureSelector,
) -> PlotPanel {
    let bar = |server: ServerKind| {
        let spread = group.ratio(server, figure)?;
        Some(PlotBar::new(server, spread, ratio(spread.median)))
    };
    let bars = group.servers().into_iter().filter_map(bar).collect();
    PlotPanel { title, note, bars, line: Some(1.0) }
}

fn memory_panel(group: LoadGroup<'_>) -> PlotPanel {
    let bar = |server: ServerKind| {
        let spread = group.absolute(server, MEMORY)?;
        Some(PlotBar::new(server, spread, bytes(spread.median)))
    };
    let bars = group.servers().into_iter().filter_map(bar).collect();
    let title = format!("Memory per follower, {} idle", grouped(group.load.followers as f64));
    PlotPanel { title, note: "less is better", bars, line: None }
}

fn growth_panel(results: &ComparisonResults) -> PlotPanel {
    let bar = |group: LoadGroup<'_>| {
        let spread = group.ratio(ServerKind::Flightboard, CPU)?;
        let followers = grouped(group.load.followers as f64);
        let label = match group.load.boards {
            1 => format!("{followers} followers"),
            boards => format!("{followers}, {boards} boards"),
        };
        Some(PlotBar { label, class: "ours", spread, text: ratio(spread.median) })
    };
    let bars = results.growth_groups().into_iter().filter_map(bar).collect();
    let title = "flightboard's CPU per delivery".to_owned();
    PlotPanel { title, note: "÷ bare loop; equal is better", bars, line: Some(1.0) }
}

impl PlotBar {
    fn new(server: ServerKind, spread: Spread, text: String) -> Self {
        let class = if server.is_flightboard() {
            "ours"
        } else if server.is_baseline() {
            "baseline"
        } else {
            "other"
        };
        Self { label: server.title().replace('`', ""), class, spread, text }
    }
}

fn draw_panel(svg: &mut String, panel: &PlotPanel, left: f64, top: f64) {
    let PlotPanel { title, note, bars, line } = panel;
    // The scale ends at the longest bar, or where bars are cut.
    let longest = bars.iter().map(|bar| bar.spread.max).fold(f64::MIN_POSITIVE, f64::max);
    let longest = line.map_or(longest, |line| longest.min(MAX_RATIO * line).max(line));
    let origin = left + LABEL_WIDTH;
    let unit = (PANEL_WIDTH - 2.0 * MARGIN - LABEL_WIDTH - FIGURE_WIDTH) / longest;
    let x_of = |value: f64| origin + value.clamp(0.0, longest) * unit;

    let _ = writeln!(svg, r#"<text class="title" x="{left}" y="{:.1}">{title}</text>"#, top + 12.0);
    let _ = writeln!(svg, r#"<text class="note" x="{left}" y="{:.1}">{note}</text>"#, top + 30.0);
    let first_row = top + HEADING_HEIGHT - MARGIN;
    for (bar, row) in bars.iter().zip(0_u8..) {
        let PlotBar { label, class, spread, text } = bar;
        let y = first_row + ROW_HEIGHT * f64::from(row);
        let centre = y + BAR_HEIGHT / 2.0;
        let baseline = y + BAR_HEIGHT - 2.5;
        let end = x_of(spread.median);
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{baseline:.1}\" text-anchor=\"end\">{label}</text>\n\
             <rect class=\"{class}\" x=\"{origin:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{BAR_HEIGHT}\"/>",
            origin - 8.0,
            end - origin
        );
        let (min, max) = (x_of(spread.min), x_of(spread.max));
        if max - min > 1.0 {
            let _ = writeln!(svg, r#"<path class="spread" d="M{min:.1} {centre:.1}H{max:.1}"/>"#);
        }
        let cut = if spread.median > longest { "→ " } else { "" };
        let x = end.max(max) + 6.0;
        let _ = writeln!(svg, r#"<text x="{x:.1}" y="{baseline:.1}">{cut}{text}</text>"#);
    }
    if let Some(line) = line {
        let x = x_of(*line);
        let above = first_row - 5.0;
        let below = first_row + ROW_HEIGHT * bars.len() as f64 - 4.0;
        let _ = writeln!(svg, r#"<path class="line" d="M{x:.1} {above:.1}V{below:.1}"/>"#);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded_plot() -> String {
        let text = include_str!("../tests/data/benchmarks.json");
        write(&ComparisonResults::parse(text).unwrap())
    }

    #[test]
    fn measured_servers_have_bars() {
        let svg = recorded_plot();
        let count = |text: &str| svg.matches(text).count();
        assert_eq!(count(r#"class="title""#), 6);
        assert_eq!(count(r#"class="ours""#), 5 + 4, "one in each panel, and four of growth");
        assert_eq!(count(">axum Sse<"), 5);
        assert_eq!(count(">30.3 KiB<"), 1);
        assert_eq!(count(r#"class="line""#), 5, "memory has no baseline");
    }

    #[test]
    fn distant_bars_are_cut() {
        let svg = recorded_plot();
        assert_eq!(svg.matches("→ 5.00").count(), 2, "axum in a burst");
        let widths = svg.split(" width=\"").skip(1).filter_map(|rest| rest.split_once('"'));
        // The first two are the widths of the image and of its background.
        let bar_widths = widths.skip(2).map(|(width, _)| width.parse::<f64>().unwrap());
        assert!(bar_widths.fold(0.0, f64::max) < PANEL_WIDTH - LABEL_WIDTH - FIGURE_WIDTH);
    }

    #[test]
    fn plot_supports_both_colour_schemes() {
        let svg = recorded_plot();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
        for name in ["text", "title", "style"] {
            let (opened, closed) = (format!("<{name}"), format!("</{name}>"));
            assert_eq!(svg.matches(&opened).count(), svg.matches(&closed).count(), "{name}");
        }
        assert!(svg.contains("prefers-color-scheme: dark"));
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        assert!(write(&ComparisonResults::default()).ends_with("</svg>\n"));
    }
}
