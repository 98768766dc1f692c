//! Builds a row from the values of a source.

use std::collections::{HashMap, HashSet};

use flight::{BoardKind, FieldType, Flight, FlightField, FlightPatch, is_bidi_control};
use jiff::tz::TimeZone;
use jiff::{RoundMode, Timestamp, Unit, Zoned, ZonedRound};
use serde_json::{Map, Value};

use crate::answer::{DeltaRow, FullRow, RefusedRow, SourceAnswer};

/// Collects the fields of one row. Blank values count as absent.
#[derive(Debug)]
pub(crate) struct RowBuilder {
    kind: BoardKind,
    fields: Map<String, Value>,
}

impl RowBuilder {
    /// A row of this flight number, whose blanks are dropped (`CX 251` becomes `CX251`).
    pub(crate) fn new(kind: BoardKind, flight: &str) -> Self {
        let mut fields = Map::new();
        fields.insert("flight".to_owned(), without_blanks(flight).into());
        Self { kind, fields }
    }

    /// Sets `date` or `leg`.
    pub(crate) fn key(&mut self, name: &str, value: impl ToString) -> &mut Self {
        self.fields.insert(name.to_owned(), value.to_string().into());
        self
    }

    /// Sets a text field, unless `value` is blank. A text that is too long is cut, and loses marks of its
    /// direction: neither is a reason to refuse the row.
    pub(crate) fn text(&mut self, field: FlightField, value: &str) -> &mut Self {
        let value = value.replace(is_bidi_control, "");
        let value = value.trim();
        if !value.is_empty() {
            self.fields.insert(field.name().to_owned(), cut_text(field, value).into());
        }
        self
    }

    /// Sets a list to its items that are not blank, unless there are none. Items past the field's limit
    /// are left out.
    pub(crate) fn list<T: AsRef<str>>(
        &mut self,
        field: FlightField,
        items: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        let items = items
            .into_iter()
            .map(|item| item.as_ref().replace(is_bidi_control, "").trim().to_owned());
        let items = items.filter(|item| !item.is_empty()).take(max_items(field));
        let items: Vec<Value> = items.map(Value::from).collect();
        if !items.is_empty() {
            self.fields.insert(field.name().to_owned(), items.into());
        }
        self
    }

    /// Sets a time, cut to the minute, with the offset of `zone`.
    pub(crate) fn time(
        &mut self,
        field: FlightField,
        time: Option<Timestamp>,
        zone: &TimeZone,
    ) -> &mut Self {
        let Some(time) = time else { return self };
        let time = cut_to_minute(time.to_zoned(zone.clone()));
        let text = time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        self.fields.insert(field.name().to_owned(), text.into());
        self
    }

    /// Parses the fields as a change of a row: those that are absent stay as they are.
    pub(crate) fn build_delta(self) -> Result<DeltaRow, RefusedRow> {
        let row = self.number().to_owned();
        match FlightPatch::try_from(self.fields) {
            Ok(patch) => Ok(DeltaRow { kind: self.kind, patch }),
            Err(error) => Err(RefusedRow { row, field: error.field, reason: error.reason }),
        }
    }

    /// Parses the fields by the rules of a row.
    pub(crate) fn build(self) -> Result<FullRow, RefusedRow> {
        let row = self.number().to_owned();
        match Flight::try_from(self.fields) {
            Ok(flight) => Ok(FullRow { kind: self.kind, flight }),
            Err(error) => Err(RefusedRow { row, field: error.field, reason: error.reason }),
        }
    }

    fn number(&self) -> &str {
        self.fields.get("flight").and_then(Value::as_str).unwrap_or_default()
    }

    /// The parts of the key that a source gives.
    fn identity(&self) -> (bool, Option<&Value>, Option<&Value>) {
        let is_arrival = self.kind == BoardKind::Arrivals;
        (is_arrival, self.fields.get("flight"), self.fields.get("date"))
    }

    fn scheduled(&self) -> Option<&str> {
        let field = match self.kind {
            BoardKind::Arrivals => FlightField::Arrival,
            BoardKind::Departures => FlightField::Departure,
        };
        self.fields.get(field.name()).and_then(Value::as_str)
    }

    /// Names the leg by its scheduled time of day.
    fn add_leg(&mut self) {
        let time_of_day = self.scheduled().and_then(|time| time.get(11..16)).map(str::to_owned);
        if let Some(leg) = time_of_day {
            self.key("leg", leg);
        }
    }
}

/// Builds the rows of an answer. Where a number flies twice on a day, the scheduled time of each tells
/// them apart; the board's row keeps its key when its twin comes or goes.
pub(crate) fn build_rows(builders: Vec<RowBuilder>, answer: &mut SourceAnswer) {
    let mut times = HashMap::<_, HashSet<_>>::new();
    for builder in &builders {
        times.entry(builder.identity()).or_default().insert(builder.scheduled());
    }
    let is_twin: Vec<_> = builders.iter().map(|one| times[&one.identity()].len() > 1).collect();
    for (mut builder, is_twin) in builders.into_iter().zip(is_twin) {
        if is_twin {
            builder.add_leg();
        }
        match builder.build() {
            Ok(row) => answer.full_rows.push(row),
            Err(refused) => answer.refused.push(refused),
        }
    }
}

/// A flight number without its blanks.
pub(crate) fn without_blanks(number: &str) -> String {
    number.split_whitespace().collect()
}

fn cut_text(field: FlightField, value: &str) -> String {
    let Some((_, FieldType::Text { max_chars })) = FlightField::by_name(field.name()) else {
        return value.to_owned();
    };
    if value.chars().count() <= max_chars {
        return value.to_owned();
    }
    let start: String = value.chars().take(max_chars - 1).collect();
    format!("{}…", start.trim_end())
}

fn max_items(field: FlightField) -> usize {
    match FlightField::by_name(field.name()) {
        Some((_, FieldType::List { max_items, .. })) => max_items,
        _ => usize::MAX,
    }
}

fn cut_to_minute(time: Zoned) -> Zoned {
    let round = ZonedRound::new().smallest(Unit::Minute).mode(RoundMode::Trunc);
    time.round(round).unwrap_or(time)
}
