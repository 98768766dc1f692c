//! The texts of rows in pages and images, in the time of the board.

use flight::{BoardKind, BoardSettings, FlightField, TimetableRow};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The texts of one board's rows.
pub(crate) struct RowTexts<'a> {
    pub(crate) settings: &'a BoardSettings,
    zone: TimeZone,
}

impl<'a> RowTexts<'a> {
    pub(crate) fn new(settings: &'a BoardSettings) -> Self {
        Self { settings, zone: settings.zone() }
    }

    /// The title of the board, and its airport.
    pub(crate) fn board(&self) -> String {
        let title = &self.settings.title;
        match self.settings.airport.as_deref() {
            Some(code) => format!("{title}, {}", codes::place_name(code).unwrap_or(code)),
            None => title.clone(),
        }
    }

    /// Where a flight comes from or goes to.
    pub(crate) fn place_name<'r>(&self, row: &'r TimetableRow) -> &'r str {
        let place = text(
            row,
            match self.settings.kind {
                BoardKind::Arrivals => FlightField::Origin,
                BoardKind::Departures => FlightField::Destination,
            },
        );
        codes::place_name(place).unwrap_or(place)
    }

    /// `Gate` or `Belt`.
    pub(crate) fn exit_label(&self) -> &'static str {
        match self.settings.kind {
            BoardKind::Arrivals => "Belt",
            BoardKind::Departures => "Gate",
        }
    }

    pub(crate) fn exit<'r>(&self, row: &'r TimetableRow) -> &'r str {
        text(
            row,
            match self.settings.kind {
                BoardKind::Arrivals => FlightField::Belt,
                BoardKind::Departures => FlightField::Gate,
            },
        )
    }

    /// The scheduled time, and the new one if it differs.
    pub(crate) fn times(&self, row: &TimetableRow) -> (String, Option<String>) {
        let scheduled = self.local(row, self.settings.kind.scheduled_field());
        let actual = self.local(row, FlightField::Actual);
        let revised = actual.or_else(|| self.local(row, FlightField::Estimated));
        match scheduled {
            Some(scheduled) => {
                let revised = revised.filter(|revised| *revised != scheduled);
                (scheduled, revised)
            }
            None => (revised.unwrap_or_default(), None),
        }
    }

    /// One flight in a sentence: `CX797 to Jakarta, gate 31, boarding`.
    pub(crate) fn sentence(&self, row: &TimetableRow) -> String {
        let direction = match self.settings.kind {
            BoardKind::Arrivals => "from",
            BoardKind::Departures => "to",
        };
        let (place, exit, state) =
            (self.place_name(row), self.exit(row), text(row, FlightField::State));
        let mut sentence = row.flight().key().flight().to_owned();
        if !place.is_empty() {
            sentence = format!("{sentence} {direction} {place}");
        }
        if !exit.is_empty() {
            sentence = format!("{sentence}, {} {exit}", self.exit_label().to_lowercase());
        }
        if !state.is_empty() {
            sentence = format!("{sentence}, {}", state.to_lowercase());
        }
        sentence
    }

    /// `20:18, Thu 15 Jan, HKT`
    pub(crate) fn as_of(&self, now: Timestamp) -> String {
        self.time(now, "%H:%M, %a %-d %b, %Z")
    }

    pub(crate) fn time(&self, instant: Timestamp, format: &str) -> String {
        instant.to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    fn local(&self, row: &TimetableRow, field: FlightField) -> Option<String> {
        let instant = row.row().instant(field);
        let given = || row.flight().text(field).map(str::to_owned);
        instant.map(|instant| self.time(instant, "%H:%M")).or_else(given)
    }
}

/// A field of a row, or an empty text.
pub(crate) fn text(row: &TimetableRow, field: FlightField) -> &str {
    row.flight().text(field).unwrap_or_default()
}
