//! A board that a reconciler feeds.

use std::ops::Range;

use feeds::{AnswerOutcome, FullRow, Reconciler, SourceAnswer};
use flight::{
    ApplyOutcome, BoardKind, BoardName, BoardSettings, Boards, Change, Flight, FlightField,
    RemovalDelays, Update,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// The fields of the source, unless a test says otherwise.
const FIELDS: &[FlightField] = &[
    FlightField::Destination,
    FlightField::Departure,
    FlightField::Estimated,
    FlightField::Actual,
    FlightField::State,
    FlightField::Gate,
];

/// A board with the reconciler of its feed, and a clock.
pub(crate) struct FedBoard {
    pub(crate) boards: Boards,
    pub(crate) reconciler: Reconciler,
    pub(crate) now: Timestamp,
    zone: TimeZone,
    fields: Vec<FlightField>,
    seq: u64,
}

impl FedBoard {
    /// An empty board of departures in UTC.
    pub(crate) fn new(now: &str) -> Self {
        Self::of_source("UTC", FIELDS, now)
    }

    /// An empty board of departures, fed by a source with these fields.
    pub(crate) fn of_source(zone: &str, fields: &[FlightField], now: &str) -> Self {
        let mut settings = BoardSettings::with_defaults(name());
        settings.kind = BoardKind::Departures;
        settings.time_zone = zone.to_owned();
        let (zone, fields) = (TimeZone::get(zone).unwrap(), fields.to_vec());
        let mut board = Self {
            boards: Boards::default(),
            reconciler: new_reconciler(&zone, &fields),
            now: now.parse().unwrap(),
            zone,
            fields,
            seq: 0,
        };
        board.apply(Change::PutBoard(Box::new(settings)));
        board
    }

    /// Starts a new process with the same board.
    pub(crate) fn restart(&mut self) {
        self.reconciler = new_reconciler(&self.zone, &self.fields);
    }

    /// Lets time pass, and rows expire.
    pub(crate) fn pass(&mut self, time: SignedDuration) {
        self.now += time;
        for update in self.boards.due_expiries(self.now).collect::<Vec<_>>() {
            self.apply(update.change().clone());
        }
    }

    /// Publishes a change, which must not be refused.
    pub(crate) fn apply(&mut self, change: Change) {
        self.seq += 1;
        let update = Update::new(name(), change);
        let outcome = self.boards.apply(self.seq, self.now, &update);
        let is_change = matches!(outcome, ApplyOutcome::Changed(_));
        assert!(is_change, "a change that changes nothing: {:?}: {outcome:?}", update.change());
    }

    /// Reads an answer, and publishes the changes, each of which must change something.
    pub(crate) fn read(&mut self, outcome: &AnswerOutcome) -> Vec<Change> {
        let changes = self.reconciler.reconcile(&self.rows(), outcome, self.now);
        for change in &changes {
            self.apply(change.clone());
        }
        changes
    }

    pub(crate) fn rows(&self) -> Vec<Flight> {
        let board = self.boards.board(&name()).unwrap();
        board.rows().into_iter().map(|row| row.flight().clone()).collect()
    }

    /// The rows as JSON, by number.
    pub(crate) fn row(&self, number: &str) -> Option<Value> {
        let row = self.rows().into_iter().find(|row| row.key().flight() == number)?;
        Some(serde_json::to_value(row).unwrap())
    }

    /// The numbers of the rows, in order.
    pub(crate) fn numbers(&self) -> Vec<String> {
        let mut numbers: Vec<_> =
            self.rows().iter().map(|row| row.key().flight().to_owned()).collect();
        numbers.sort();
        numbers
    }
}

/// A full answer about 22 November.
pub(crate) fn full(rows: &[Value]) -> AnswerOutcome {
    full_over("2026-11-22T00:00:00Z".."2026-11-23T00:00:00Z", rows)
}

pub(crate) fn full_over(covers: Range<&str>, rows: &[Value]) -> AnswerOutcome {
    let covers = covers.start.parse().unwrap()..covers.end.parse().unwrap();
    AnswerOutcome::Full { answer: answer(rows), covers }
}

pub(crate) fn answer(rows: &[Value]) -> SourceAnswer {
    let full_rows =
        rows.iter().map(|row| FullRow { kind: BoardKind::Departures, flight: flight(row) });
    SourceAnswer { full_rows: full_rows.collect(), ..SourceAnswer::default() }
}

pub(crate) fn flight(row: &Value) -> Flight {
    serde_json::from_value(row.clone()).unwrap()
}

/// A departure of 22 November at `time`, with more fields.
pub(crate) fn departure(number: &str, time: &str, fields: Value) -> Value {
    let mut row = json!({
        "flight": number, "date": "2026-11-22", "destination": "ROM",
        "departure": format!("2026-11-22T{time}:00Z"),
    });
    row.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    row
}

fn name() -> BoardName {
    BoardName::parse("main").unwrap()
}

fn new_reconciler(zone: &TimeZone, fields: &[FlightField]) -> Reconciler {
    let removal = RemovalDelays::default();
    Reconciler::new(BoardKind::Departures, zone.clone(), fields.to_vec(), removal)
}
