//! The rows of a board as a table in the page itself, for browsers without JavaScript.

use flight::{BoardKind, FlightField, Timetable, TimetableRow};
use jiff::Timestamp;
use maud::{Markup, html};

use super::row_texts::{RowTexts, text};

/// Most rows of the table. The first ones are left out: they are the oldest.
const MAX_STATIC_ROWS: usize = 2_000;

/// The table of a board as of `now`, sorted by the scheduled time.
pub(super) fn static_rows(timetable: &Timetable, now: Timestamp) -> Markup {
    let settings = timetable.settings();
    let scheduled = settings.kind.scheduled_field();
    let mut rows = timetable.rows();
    rows.sort_by_cached_key(|row| {
        (row.row().instant(scheduled).unwrap_or(Timestamp::MAX), row.flight().key().clone())
    });
    let left_out = rows.len().saturating_sub(MAX_STATIC_ROWS);
    let rows = &rows[left_out..];
    let is_current = |row: &&TimetableRow| row.row().instant(scheduled).is_none_or(|at| at >= now);
    let first_current = rows.iter().position(is_current);
    let texts = RowTexts::new(settings);
    html! {
        header {
            h1 dir="auto" { (settings.title) }
            p {
                "As of " (texts.time(now, "%H:%M, %-d %B %Y")) ", times in " (settings.time_zone) ". "
                "This list does not change by itself: load the page again, or allow JavaScript to follow it live. "
                @if first_current.is_some() { a href="#now" { "To the flights from now on" } }
            }
        }
        @if left_out > 0 { p { "The first " (left_out) " flights are left out." } }
        table {
            thead { tr { @for heading in headings(settings.kind) { th scope="col" { (heading) } } } }
            tbody {
                @for (index, row) in rows.iter().enumerate() {
                    (table_row(&texts, row, (Some(index) == first_current).then_some("now")))
                }
            }
        }
    }
}

fn headings(kind: BoardKind) -> [&'static str; 5] {
    match kind {
        BoardKind::Arrivals => ["Time", "From", "Flight", "Belt", "Status"],
        BoardKind::Departures => ["Time", "To", "Flight", "Gate", "Status"],
    }
}

fn table_row(texts: &RowTexts<'_>, row: &TimetableRow, id: Option<&str>) -> Markup {
    let key = row.flight().key();
    let state = text(row, FlightField::State);
    let (scheduled, revised) = texts.times(row);
    html! {
        tr id=[id] data-flight=(key.flight()) data-date=[key.date()] data-leg=[key.leg()] data-state=(state) {
            td {
                @if let Some(revised) = revised {
                    s { (scheduled) } " " ins { (revised) }
                } @else {
                    (scheduled)
                }
            }
            td dir="auto" { (texts.place_name(row)) }
            th scope="row" dir="auto" { (key.flight()) }
            td dir="auto" { (texts.exit(row)) }
            td dir="auto" { (state) " " (text(row, FlightField::Remark)) }
        }
    }
}
