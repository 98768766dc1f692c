//! The texts of rows in pages and images, in the time of the board.

use flight::{BoardKind, BoardSettings, FieldValue, FlightField, TimetableRow};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

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

    /// A name in Latin letters for titles of any script: `Departures, Tokyo`.
    pub(crate) fn plain_board(&self) -> String {
        let kind = match self.settings.kind {
            BoardKind::Arrivals => "Arrivals",
            BoardKind::Departures => "Departures",
        };
        let code = self.settings.airport.as_deref();
        let place = code.map(|code| codes::place_name(code).unwrap_or(code));
        format!("{kind}, {}", place.unwrap_or(self.settings.name.as_str()))
    }

    /// Where a flight comes from or goes to.
    pub(crate) fn place_name<'r>(&self, row: &'r TimetableRow) -> &'r str {
        let place = self.place_code(row);
        codes::place_name(place).unwrap_or(place)
    }

    /// The code of the place, or its name as the publisher has it.
    pub(crate) fn place_code<'r>(&self, row: &'r TimetableRow) -> &'r str {
        match self.settings.kind {
            BoardKind::Arrivals => text(row, FlightField::Origin),
            BoardKind::Departures => text(row, FlightField::Destination),
        }
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
        self.local_time(instant).strftime(format).to_string()
    }

    pub(crate) fn local_time(&self, instant: Timestamp) -> Zoned {
        instant.to_zoned(self.zone.clone())
    }

    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
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

/// The elements of a list in a row.
pub(crate) fn list(row: &TimetableRow, field: FlightField) -> impl Iterator<Item = &str> {
    let elements = match row.flight().value(field) {
        Some(FieldValue::List(elements)) => elements.as_slice(),
        Some(FieldValue::Text(_)) | None => &[],
    };
    elements.iter().map(String::as_str)
}
