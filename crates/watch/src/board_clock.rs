//! The times of a board on its own clock, never on that of the terminal.

use std::time::SystemTime;

use flightboard_client::{Board, BoardRow};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The zone and the kind of a board.
#[derive(Debug, Clone)]
pub(crate) struct BoardClock {
    zone: TimeZone,
    is_departures: bool,
}

impl BoardClock {
    /// UTC and arrivals as long as the board is not known.
    pub(crate) fn of_board(board: &Board) -> Self {
        let text = |name: &str| board.settings().and_then(|settings| settings.get(name)?.as_str());
        let zone = text("timeZone").and_then(|name| TimeZone::get(name).ok());
        Self {
            zone: zone.unwrap_or(TimeZone::UTC),
            is_departures: text("kind") == Some("departures"),
        }
    }

    pub(crate) fn time_zone(&self) -> TimeZone {
        self.zone.clone()
    }

    pub(crate) fn is_departures(&self) -> bool {
        self.is_departures
    }

    /// The field with the scheduled time at the board's own airport.
    pub(crate) fn scheduled_field(&self) -> &'static str {
        if self.is_departures { "departure" } else { "arrival" }
    }

    /// The field with the airport at the other end.
    pub(crate) fn place_field(&self) -> &'static str {
        if self.is_departures { "destination" } else { "origin" }
    }

    /// `HH:MM`.
    pub(crate) fn minute(&self, instant: Timestamp) -> String {
        movement::clock_text(instant, &self.zone)
    }

    /// `HH:MM:SS, 22 Nov`, as the page has it: a screen may have been in doubt for days.
    pub(crate) fn second_and_day(&self, instant: SystemTime) -> String {
        let instant = Timestamp::try_from(instant).unwrap_or(Timestamp::UNIX_EPOCH);
        instant.to_zoned(self.zone.clone()).strftime("%H:%M:%S, %-d %b").to_string()
    }

    /// `22 Nov`.
    pub(crate) fn day_text(&self, instant: Timestamp) -> String {
        instant.to_zoned(self.zone.clone()).strftime("%-d %b").to_string()
    }

    pub(crate) fn day(&self, instant: Timestamp) -> Date {
        instant.to_zoned(self.zone.clone()).date()
    }
}

/// The instant of a row's time: RFC 3339, or the board-local `HH:MM` with the instant that the server computed. `None` if it
/// is not set.
pub(crate) fn instant_of(row: &BoardRow, field: &str) -> Option<Timestamp> {
    let instant = row.text(&format!("{field}Instant")).or_else(|| row.text(field))?;
    instant.parse().ok()
}
