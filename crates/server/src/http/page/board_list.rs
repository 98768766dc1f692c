//! Lists of boards as pages without a script.

use engine::frames::BoardSummary;
use flight::{BoardKind, BoardSettings};
use jiff::Timestamp;
use maud::{Markup, html};

/// A board in a list.
pub(crate) struct BoardEntry {
    settings: BoardSettings,
    flights: usize,
    last_update: Option<Timestamp>,
    is_closed: bool,
}

impl From<&BoardSummary<'_>> for BoardEntry {
    fn from(summary: &BoardSummary<'_>) -> Self {
        Self {
            settings: summary.settings().clone(),
            flights: summary.flights,
            last_update: summary.last_update.as_deref().and_then(|time| time.parse().ok()),
            is_closed: summary.is_closed,
        }
    }
}

/// The list of all boards as a page, below the base path `base`.
pub(super) fn boards(entries: &[BoardEntry], base: &str) -> Markup {
    html! {
        header {
            h1 { "Boards" }
            p { "Each board is a page with a live timetable." }
        }
        (list(entries, base))
    }
}

/// The page for a URL of nothing, a `subject`, with the boards instead.
pub(super) fn nothing(subject: &str, entries: &[BoardEntry], base: &str) -> Markup {
    html! {
        header {
            h1 { "There is no such " (subject) }
            p {
                "Check the address, or go to " a href={ (base) "/" } { "the first board" }
                @if !entries.is_empty() { " or one of these" }
                "."
            }
        }
        (list(entries, base))
    }
}

fn list(entries: &[BoardEntry], base: &str) -> Markup {
    if entries.is_empty() {
        return html! { p { "There are no boards that you may read." } };
    }
    html! {
        table {
            thead {
                tr {
                    th scope="col" { "Board" }
                    th.wide scope="col" { "Kind" }
                    th.number scope="col" { "Flights" }
                    th scope="col" { "Last update" }
                }
            }
            tbody { @for entry in entries { (row(entry, base)) } }
        }
    }
}

fn row(
    BoardEntry { settings, flights, last_update, is_closed }: &BoardEntry,
    base: &str,
) -> Markup {
    let code = settings.airport.as_deref();
    let kind = match settings.kind {
        BoardKind::Arrivals => "arrivals",
        BoardKind::Departures => "departures",
    };
    let time = |at: Timestamp| {
        let at = at.to_zoned(settings.zone());
        at.strftime("%H:%M %Z, %a %-d %b %Y").to_string()
    };
    html! {
        tr {
            th scope="row" {
                a href={ (base) "/boards/" (settings.name) } dir="auto" { (settings.title) }
                @if let Some(code) = code { ", " (codes::place_name(code).unwrap_or(code)) }
                " " span.aside { (settings.name) @if *is_closed { ", closed" } }
            }
            td.wide { (kind) }
            td.number { (flights) }
            td { (last_update.map(time).unwrap_or_default()) }
        }
    }
}
