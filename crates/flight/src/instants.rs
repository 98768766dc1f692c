//! The instants of a row's local times, and rows as followers see them.

use std::collections::BTreeMap;

use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::board::BoardKind;
use crate::field::{FlightField, RowTime};
use crate::local_days::{DayRule, LocalDays};
use crate::row::{Flight, FlightKey, FlightPatch};

/// The instants of a row's local times. A time with an offset names its instant itself.
pub(crate) type Instants = BTreeMap<FlightField, Timestamp>;

/// A flight as followers see it: with the instant of each local time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Flight")]
pub struct FlightRow {
    pub(crate) flight: Flight,
    pub(crate) instants: Instants,
}

/// The changes of one row, with those of its instants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlightRowPatch {
    patch: FlightPatch,
    instants: BTreeMap<FlightField, Option<Timestamp>>,
}

impl FlightRow {
    /// The flight, as its publishers gave it.
    pub fn flight(&self) -> &Flight {
        &self.flight
    }

    /// The instant of a time field, if it is set.
    pub fn instant(&self, field: FlightField) -> Option<Timestamp> {
        match RowTime::parse(self.flight.text(field)?)? {
            RowTime::Absolute(timestamp) => Some(timestamp),
            RowTime::Local(_) => self.instants.get(&field).copied(),
        }
    }

    /// Puts the local times on their days.
    pub(crate) fn set_instants(&mut self, kind: BoardKind, zone: &TimeZone, days: &LocalDays) {
        self.instants = instants(DayRule { flight: &self.flight, kind, zone }, days);
    }

    /// The patch that leads from `old` to this row, with `patch` as the changes of other fields.
    pub(crate) fn changes_since(&self, old: &Instants, patch: FlightPatch) -> FlightRowPatch {
        let removed = old.keys().filter(|field| !self.instants.contains_key(field));
        let removed = removed.map(|field| (*field, None));
        let changed = self.instants.iter().filter(|(field, at)| old.get(field) != Some(at));
        let changed = changed.map(|(field, at)| (*field, Some(*at)));
        FlightRowPatch { patch, instants: removed.chain(changed).collect() }
    }
}

impl FlightRowPatch {
    /// The key of the row, complete.
    pub fn key(&self) -> &FlightKey {
        self.patch.key()
    }
}

impl From<Flight> for FlightRow {
    fn from(flight: Flight) -> Self {
        Self { flight, instants: Instants::new() }
    }
}

impl Serialize for FlightRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.flight.serialize_into(&mut map)?;
        serialize_instants(&self.instants, &mut map)?;
        map.end()
    }
}

impl Serialize for FlightRowPatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.patch.serialize_into(&mut map)?;
        serialize_instants(&self.instants, &mut map)?;
        map.end()
    }
}

fn serialize_instants<M: SerializeMap>(
    instants: &BTreeMap<FlightField, impl Serialize>,
    map: &mut M,
) -> Result<(), M::Error> {
    for (field, instant) in instants {
        if let Some(name) = field.instant_name() {
            map.serialize_entry(name, instant)?;
        }
    }
    Ok(())
}

/// The instants of the local times on their days. Where the clock is set back, an `HH:MM` occurs
/// twice: the instants count that make the delay what the clock shows, else the first.
fn instants(rule: DayRule<'_>, days: &LocalDays) -> Instants {
    if days.is_empty() {
        return Instants::new();
    }
    let base = base(rule, days);
    let closest = |field: &FlightField| {
        passes(rule, days, *field)
            .into_iter()
            .min_by_key(|at| base.map(|base| clock_error(rule, days, base, (*field, *at))))
    };
    days.keys().filter_map(|field| Some((*field, closest(field)?))).collect()
}

/// The time that others are compared with: the scheduled one, at the pass that suits the revised time.
fn base(rule: DayRule<'_>, days: &LocalDays) -> Option<(FlightField, Timestamp)> {
    let scheduled = rule.kind.scheduled_field();
    let revised = rule.revised_field();
    let base = rule.time(scheduled).map(|_| scheduled).or(revised)?;
    let error = |at: &Timestamp| {
        let revised = revised?;
        let passes = passes(rule, days, revised).into_iter();
        passes.map(|to| clock_error(rule, days, (base, *at), (revised, to))).min()
    };
    let at = passes(rule, days, base).into_iter().min_by_key(error)?;
    Some((base, at))
}

/// The instants at which the board's clock shows the field's time: two where it is set back. A time
/// that is skipped counts from the clock before.
fn passes(rule: DayRule<'_>, days: &LocalDays, field: FlightField) -> Vec<Timestamp> {
    if let Some(RowTime::Absolute(timestamp)) = rule.time(field) {
        return vec![timestamp];
    }
    let Some(shown) = rule.on_day(field, days) else { return Vec::new() };
    let instant = rule.zone.to_ambiguous_timestamp(shown);
    let passes = match instant.offset() {
        AmbiguousOffset::Fold { before, after } => vec![before, after],
        AmbiguousOffset::Gap { before, .. } => vec![before],
        AmbiguousOffset::Unambiguous { offset } => vec![offset],
    };
    passes.into_iter().filter_map(|offset| offset.to_timestamp(shown).ok()).collect()
}

/// The difference between a delay and the one that the clock shows. A delay that the clock shows as
/// negative counts as none, since 01:05 is ten minutes after 01:55 if the clock was set back at 02:00.
fn clock_error(
    rule: DayRule<'_>,
    days: &LocalDays,
    (from, from_at): (FlightField, Timestamp),
    (to, to_at): (FlightField, Timestamp),
) -> SignedDuration {
    let are_local = days.contains_key(&from) && days.contains_key(&to);
    let shown = rule.on_day(to, days).zip(rule.on_day(from, days)).filter(|_| are_local);
    let shown = shown.map_or(SignedDuration::ZERO, |(to, from)| to.duration_since(from));
    (to_at.duration_since(from_at) - shown.max(SignedDuration::ZERO)).abs()
}
