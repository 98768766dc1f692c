//! The day that each `HH:MM` of a row means, by the rule in `docs/protocol.md`.
//!
//! Days are counted on the board's clock: one `HH:MM` occurs once in any 24 hours, so every step of
//! the rule is a span of 24 hours, given by its start.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::board::BoardKind;
use crate::field::{FlightField, INSTANTS, RowTime};
use crate::row::Flight;

/// An estimated or actual time is less than an hour early, and at most 23 hours late.
const MAX_EARLINESS: SignedDuration = SignedDuration::from_mins(59);
const MAX_DELAY: SignedDuration = SignedDuration::from_hours(23);

/// Without other evidence a time is at most this long before its record, and up to 18 hours after it.
const MAX_PAST: SignedDuration = SignedDuration::from_hours(6);

/// An actual time is at most an hour after its record: clocks differ, but nothing has happened later.
const MAX_ACTUAL_LEAD: SignedDuration = SignedDuration::from_hours(1);

/// The evidence of an actual time goes before that of a guessed day, unless the flight was so early.
const MAX_PROVEN_EARLINESS: SignedDuration = SignedDuration::from_hours(6);

/// Age at which a row that is put again with the same times means the next day.
const MAX_KEPT_AGE: SignedDuration = SignedDuration::from_hours(18);

const DAY: SignedDuration = SignedDuration::from_hours(24);
const DAY_MINUS_MINUTE: SignedDuration = SignedDuration::from_mins(24 * 60 - 1);
const HALF_DAY: SignedDuration = SignedDuration::from_hours(12);

/// The days of a row's local times.
pub(crate) type LocalDays = BTreeMap<FlightField, LocalDay>;

/// The day of one local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LocalDay {
    pub(crate) day: Date,
    /// The time from which another zone or kind of board finds the day again: usually that of the
    /// record with this `HH:MM`.
    since: Timestamp,
}

/// A row, and what its days depend on apart from the record.
#[derive(Clone, Copy)]
pub(crate) struct DayRule<'a> {
    pub(crate) flight: &'a Flight,
    pub(crate) kind: BoardKind,
    pub(crate) zone: &'a TimeZone,
}

/// The record's time, the days that stay, and the days of another zone after a move.
struct Evidence<'a> {
    recorded: Timestamp,
    kept: LocalDays,
    moved: Option<&'a LocalDays>,
}

/// A time was in the row before the record, or came with it.
#[derive(Clone, Copy)]
enum Origin {
    Kept,
    New,
}

impl DayRule<'_> {
    /// The days after the record at `recorded`, which patched a row that had `old` days.
    pub(crate) fn after_patch(self, recorded: Timestamp, old: (&Flight, &LocalDays)) -> LocalDays {
        let (old_flight, old_days) = old;
        let mut kept = old_days.clone();
        kept.retain(|field, _| self.flight.text(*field) == old_flight.text(*field));
        self.days(&Evidence { recorded, kept, moved: None })
    }

    /// The days after the record at `recorded`, which put the row. A row with `old` days keeps those
    /// of equal times, so that repeating it moves nothing.
    pub(crate) fn after_put(
        self,
        recorded: Timestamp,
        old: Option<(&Flight, &LocalDays)>,
    ) -> LocalDays {
        let is_recent = |(flight, days): &(&Flight, &LocalDays)| {
            let old_rule = DayRule { flight, ..self };
            let current = old_rule.current().and_then(|field| old_rule.on_day(field, days));
            current
                .is_none_or(|current| current >= self.civil(recorded).saturating_sub(MAX_KEPT_AGE))
        };
        match old.filter(is_recent) {
            Some(old) => self.after_patch(recorded, old),
            None => self.days(&Evidence { recorded, kept: LocalDays::new(), moved: None }),
        }
    }

    /// The days on a board whose zone or kind changed, which had `old` days.
    pub(crate) fn after_move(self, recorded: Timestamp, old: &LocalDays) -> LocalDays {
        self.days(&Evidence { recorded, kept: LocalDays::new(), moved: Some(old) })
    }

    /// Returns whether each local time has a day.
    pub(crate) fn has_days(self, days: &LocalDays) -> bool {
        INSTANTS.iter().all(|(field, _)| match self.time(*field) {
            Some(RowTime::Local(_)) => days.contains_key(field),
            _ => true,
        })
    }

    /// The field with the time that is valid at present, the scheduled one left aside.
    pub(crate) fn revised_field(self) -> Option<FlightField> {
        let fields = [FlightField::Actual, FlightField::Estimated];
        fields.into_iter().find(|field| self.time(*field).is_some())
    }

    pub(crate) fn time(self, field: FlightField) -> Option<RowTime> {
        RowTime::parse(self.flight.text(field)?)
    }

    /// The time of a field on the board's clock.
    pub(crate) fn on_day(self, field: FlightField, days: &LocalDays) -> Option<DateTime> {
        match self.time(field)? {
            RowTime::Absolute(timestamp) => Some(self.civil(timestamp)),
            RowTime::Local(time) => Some(days.get(&field)?.day.to_datetime(time)),
        }
    }

    fn days(self, evidence: &Evidence<'_>) -> LocalDays {
        let mut days = LocalDays::new();
        let scheduled = self.scheduled(evidence, &mut days);
        for field in [FlightField::Actual, FlightField::Estimated] {
            if let Some(RowTime::Local(time)) = self.time(field) {
                let day = self.revised_day(field, time, scheduled, evidence, &days);
                days.insert(field, day);
            }
        }
        let other = match self.kind {
            BoardKind::Arrivals => FlightField::Departure,
            BoardKind::Departures => FlightField::Arrival,
        };
        if let Some(RowTime::Local(time)) = self.time(other) {
            days.insert(other, self.other_day(other, time, scheduled, evidence));
        }
        days
    }

    /// The scheduled time at the board's airport; adds its day if it is local.
    fn scheduled(self, evidence: &Evidence<'_>, days: &mut LocalDays) -> Option<DateTime> {
        let field = self.kind.scheduled_field();
        let time = match self.time(field)? {
            RowTime::Absolute(timestamp) => return Some(self.civil(timestamp)),
            RowTime::Local(time) => time,
        };
        let day = match self.certain_day(time) {
            Some(day) => LocalDay { day, since: evidence.recorded(field) },
            None => self.guessed_day(field, time, evidence),
        };
        days.insert(field, day);
        Some(day.day.to_datetime(time))
    }

    /// The day of the scheduled `time` that the row itself tells.
    fn certain_day(self, time: Time) -> Option<Date> {
        let date = self.flight.key().date();
        match self.kind {
            BoardKind::Departures => date.or_else(|| {
                let arrival = self.absolute(FlightField::Arrival)?;
                Some(first_from(arrival.saturating_sub(DAY_MINUS_MINUTE), time).date())
            }),
            BoardKind::Arrivals => {
                let departure = match self.time(FlightField::Departure)? {
                    RowTime::Absolute(departure) => self.civil(departure),
                    RowTime::Local(departure) => date?.to_datetime(departure),
                };
                Some(first_from(departure, time).date())
            }
        }
    }

    /// The day of the scheduled `time` that the record suggests.
    fn guessed_day(self, field: FlightField, time: Time, evidence: &Evidence<'_>) -> LocalDay {
        let kept = evidence.kept.get(&field).copied().filter(|kept| {
            let revised = self.revised_field().and_then(|field| self.absolute(field));
            revised.is_none_or(|revised| fits(kept.day.to_datetime(time), revised))
        });
        let day = kept.unwrap_or_else(|| self.new_day(field, time, evidence));
        self.proven_day(day, time, evidence)
    }

    fn new_day(self, field: FlightField, time: Time, evidence: &Evidence<'_>) -> LocalDay {
        let recorded = self.civil(evidence.recorded(field));
        let alone = first_from(recorded.saturating_sub(MAX_PAST), time);
        let scheduled = match self.revised(evidence) {
            // The estimate of a flight that was put off may be older than its new time.
            Some((revised, Origin::Kept)) if is_close(alone, revised) => alone,
            Some((revised, _)) => first_from(revised.saturating_sub(MAX_DELAY), time),
            None => alone,
        };
        let day = match self.flight.key().date() {
            // An arrival is on the day of leaving or on the next one.
            Some(date) if date.tomorrow().ok() != Some(scheduled.date()) => date,
            _ => scheduled.date(),
        };
        let since = evidence.recorded(field);
        if day == alone.date() {
            LocalDay { day, since }
        } else {
            self.found_again(day, time, since)
        }
    }

    /// The actual or estimated time, as far as it is known without the scheduled one.
    fn revised(self, evidence: &Evidence<'_>) -> Option<(DateTime, Origin)> {
        let field = self.revised_field()?;
        let time = match self.time(field)? {
            RowTime::Absolute(timestamp) => return Some((self.civil(timestamp), Origin::New)),
            RowTime::Local(time) => time,
        };
        if let Some(kept) = evidence.kept.get(&field) {
            return Some((kept.day.to_datetime(time), Origin::Kept));
        }
        // On a move, the time from which the scheduled day is found again already includes this.
        let is_new = evidence.moved.is_none();
        is_new.then(|| (self.alone(field, time, evidence), Origin::New))
    }

    /// A guessed day is a day late if an actual time of this record proves it.
    fn proven_day(self, guessed: LocalDay, time: Time, evidence: &Evidence<'_>) -> LocalDay {
        let field = FlightField::Actual;
        let Some(RowTime::Local(actual)) = self.time(field) else { return guessed };
        let scheduled = guessed.day.to_datetime(time);
        let actual = first_from(scheduled.saturating_sub(MAX_EARLINESS), actual);
        let is_early = !is_close(scheduled, actual.saturating_sub(DAY));
        let is_late_date = self.flight.key().date() != Some(guessed.day);
        let is_new = !evidence.kept.contains_key(&field);
        if is_new && is_early && is_late_date && self.is_a_day_ahead(actual, evidence) {
            return self.found_again(scheduled.saturating_sub(DAY).date(), time, guessed.since);
        }
        guessed
    }

    /// The day of an actual or estimated time.
    fn revised_day(
        self,
        field: FlightField,
        time: Time,
        scheduled: Option<DateTime>,
        evidence: &Evidence<'_>,
        days: &LocalDays,
    ) -> LocalDay {
        let is_moved = evidence.moves(self.kind.scheduled_field(), days);
        let suits = |kept: &&LocalDay| {
            scheduled.is_none_or(|scheduled| fits(scheduled, kept.day.to_datetime(time)))
        };
        if let Some(kept) = evidence.kept.get(&field).filter(|_| !is_moved).filter(suits) {
            return *kept;
        }
        let since = evidence.recorded(field);
        let placed = match scheduled {
            Some(scheduled) => {
                let placed = first_from(scheduled.saturating_sub(MAX_EARLINESS), time);
                let is_ahead =
                    field == FlightField::Actual && self.is_a_day_ahead(placed, evidence);
                if is_ahead { placed.saturating_sub(DAY) } else { placed }
            }
            None => match self.on_day(FlightField::Actual, days) {
                Some(actual) => first_from(actual.saturating_sub(HALF_DAY), time),
                None => self.alone(field, time, evidence),
            },
        };
        LocalDay { day: placed.date(), since }
    }

    /// The day of the scheduled time at the other airport.
    fn other_day(
        self,
        field: FlightField,
        time: Time,
        scheduled: Option<DateTime>,
        evidence: &Evidence<'_>,
    ) -> LocalDay {
        let date = self.flight.key().date();
        let day = match (self.kind, scheduled, date) {
            (BoardKind::Departures, Some(departure), _) => first_from(departure, time).date(),
            (BoardKind::Arrivals, Some(arrival), None) => {
                first_from(arrival.saturating_sub(DAY_MINUS_MINUTE), time).date()
            }
            (_, _, Some(date)) => date,
            (_, None, None) => match evidence.kept.get(&field) {
                Some(kept) => return *kept,
                None => self.alone(field, time, evidence).date(),
            },
        };
        LocalDay { day, since: evidence.recorded(field) }
    }

    /// A time of which nothing but the record is known.
    fn alone(self, field: FlightField, time: Time, evidence: &Evidence<'_>) -> DateTime {
        let recorded = self.civil(evidence.recorded(field));
        match field {
            FlightField::Actual => {
                first_from(recorded.saturating_add(MAX_ACTUAL_LEAD - DAY_MINUS_MINUTE), time)
            }
            _ => first_from(recorded.saturating_sub(MAX_PAST), time),
        }
    }

    /// Returns whether an actual time has not happened yet, while the same time a day earlier has.
    fn is_a_day_ahead(self, actual: DateTime, evidence: &Evidence<'_>) -> bool {
        let latest =
            self.civil(evidence.recorded(FlightField::Actual)).saturating_add(MAX_ACTUAL_LEAD);
        actual > latest && actual.saturating_sub(DAY) <= latest
    }

    fn current(self) -> Option<FlightField> {
        let scheduled = self.kind.scheduled_field();
        self.revised_field().or(self.time(scheduled).is_some().then_some(scheduled))
    }

    fn absolute(self, field: FlightField) -> Option<DateTime> {
        match self.time(field)? {
            RowTime::Absolute(timestamp) => Some(self.civil(timestamp)),
            RowTime::Local(_) => None,
        }
    }

    /// The board's clock, to the minute, as `HH:MM` is.
    fn civil(self, timestamp: Timestamp) -> DateTime {
        let civil = self.zone.to_datetime(timestamp);
        let time = Time::constant(civil.hour(), civil.minute(), 0, 0);
        civil.date().to_datetime(time)
    }

    /// A day that the time of its record does not suggest. Its own time does.
    fn found_again(self, day: Date, time: Time, recorded: Timestamp) -> LocalDay {
        let since = self.zone.to_timestamp(day.to_datetime(time)).unwrap_or(recorded);
        LocalDay { day, since }
    }
}

impl Evidence<'_> {
    /// The time of the record that gave the field its `HH:MM`.
    fn recorded(&self, field: FlightField) -> Timestamp {
        let moved = self.moved.and_then(|days| days.get(&field));
        moved.map_or(self.recorded, |day| day.since)
    }

    /// Returns whether the field has the same `HH:MM` as before, on another day.
    fn moves(&self, field: FlightField, days: &LocalDays) -> bool {
        let kept = self.kept.get(&field);
        kept.is_some_and(|kept| days.get(&field).is_none_or(|day| day.day != kept.day))
    }
}

/// Returns whether a flight may be at most so early.
fn is_close(scheduled: DateTime, revised: DateTime) -> bool {
    (-MAX_PROVEN_EARLINESS..=MAX_DELAY).contains(&revised.duration_since(scheduled))
}

/// Returns whether a day that was found earlier still suits the scheduled time.
fn fits(scheduled: DateTime, revised: DateTime) -> bool {
    let most_early = DAY + MAX_EARLINESS;
    (-most_early..=MAX_DELAY).contains(&revised.duration_since(scheduled))
}

/// The first `time` of day at or after `start`.
fn first_from(start: DateTime, time: Time) -> DateTime {
    let same_day = start.date().to_datetime(time);
    if same_day >= start { same_day } else { same_day.saturating_add(DAY) }
}
