//! The rows of a board as a table in the page itself, for browsers without JavaScript.

use flight::{BoardKind, BoardSettings, FlightField, Timetable, TimetableRow};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

/// Most rows of the table. The first ones are left out: they are the oldest.
const MAX_STATIC_ROWS: usize = 2_000;

/// The table of a board as of `now`, sorted by the scheduled time.
pub(super) fn static_rows(timetable: &Timetable, now: Timestamp) -> Markup {
    let settings = timetable.settings();
    let zone = settings.zone();
    let scheduled = settings.kind.scheduled_field();
    let mut rows = timetable.rows();
    rows.sort_by_cached_key(|row| {
        (row.row().instant(scheduled).unwrap_or(Timestamp::MAX), row.flight().key().clone())
    });
    let left_out = rows.len().saturating_sub(MAX_STATIC_ROWS);
    let rows = &rows[left_out..];
    let is_current = |row: &&TimetableRow| row.row().instant(scheduled).is_none_or(|at| at >= now);
    let first_current = rows.iter().position(is_current);
    let table = StaticTable { settings, zone };
    html! {
        header {
            h1 dir="auto" { (settings.title) }
            p {
                "As of " (table.time(now, "%H:%M, %-d %B %Y")) ", times in " (settings.time_zone) ". "
                "This list does not change by itself: load the page again, or allow JavaScript to follow it live. "
                @if first_current.is_some() { a href="#now" { "To the flights from now on" } }
            }
        }
        @if left_out > 0 { p { "The first " (left_out) " flights are left out." } }
        table {
            thead { tr { @for heading in table.headings() { th scope="col" { (heading) } } } }
            tbody {
                @for (index, row) in rows.iter().enumerate() {
                    (table.row(row, (Some(index) == first_current).then_some("now")))
                }
            }
        }
    }
}

struct StaticTable<'a> {
    settings: &'a BoardSettings,
    zone: TimeZone,
}

impl StaticTable<'_> {
    fn headings(&self) -> [&'static str; 5] {
        match self.settings.kind {
            BoardKind::Arrivals => ["Time", "From", "Flight", "Belt", "Status"],
            BoardKind::Departures => ["Time", "To", "Flight", "Gate", "Status"],
        }
    }

    fn row(&self, row: &TimetableRow, id: Option<&str>) -> Markup {
        let (place, exit) = match self.settings.kind {
            BoardKind::Arrivals => (FlightField::Origin, FlightField::Belt),
            BoardKind::Departures => (FlightField::Destination, FlightField::Gate),
        };
        let flight = row.flight();
        let key = flight.key();
        let text = |field| flight.text(field).unwrap_or_default();
        let state = text(FlightField::State);
        html! {
            tr id=[id] data-flight=(key.flight()) data-date=[key.date()] data-leg=[key.leg()] data-state=(state) {
                td { (self.times(row)) }
                td dir="auto" { (codes::place_name(text(place)).unwrap_or(text(place))) }
                th scope="row" dir="auto" { (key.flight()) }
                td dir="auto" { (text(exit)) }
                td dir="auto" { (state) " " (text(FlightField::Remark)) }
            }
        }
    }

    /// The scheduled time, and the new one if it differs.
    fn times(&self, row: &TimetableRow) -> Markup {
        let scheduled = self.local(row, self.settings.kind.scheduled_field());
        let actual = self.local(row, FlightField::Actual);
        let revised = actual.or_else(|| self.local(row, FlightField::Estimated));
        match (scheduled, revised) {
            (Some(scheduled), Some(revised)) if scheduled != revised => {
                html! { s { (scheduled) } " " ins { (revised) } }
            }
            (scheduled, revised) => html! { (scheduled.or(revised).unwrap_or_default()) },
        }
    }

    fn local(&self, row: &TimetableRow, field: FlightField) -> Option<String> {
        let instant = row.row().instant(field);
        let given = || row.flight().text(field).map(str::to_owned);
        instant.map(|instant| self.time(instant, "%H:%M")).or_else(given)
    }

    fn time(&self, instant: Timestamp, format: &str) -> String {
        instant.to_zoned(self.zone.clone()).strftime(format).to_string()
    }
}
