//! Folds recorded answers of Hong Kong's feed onto a board, one after another, and checks after each that the
//! board is as the answer says, that only differences were announced, and that a repetition or a
//! restart announces nothing.
//!
//! ```sh
//! HKIA_ANSWERS=path/to/folder cargo run --release -p feeds --example fold_hkia
//! ```
//!
//! The folder has answers as the airport gives them, in files named by day, direction and time of asking:
//! `…2026-03-15_arr_at_2026-03-15T2018.json`, with `final` or a time with unknown digits (`23xx`) for the
//! end of the day. The neighbouring days, which each poll asks for too, are one invented row each.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a check that a developer runs")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use feeds::{AnswerOutcome, HttpAnswer, Reconciler, Source, SourceAirport, open_source};
use flight::{
    ApplyOutcome, BoardKind, BoardName, BoardSettings, Boards, Change, FinalState, Flight,
    FlightField, FlightKey, RemovalDelays, Update,
};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::json;

/// The answer of one poll about the day in the middle.
struct RecordedPoll {
    name: String,
    at: Timestamp,
    body: String,
}

fn main() {
    let Some(folder) = std::env::var_os("HKIA_ANSWERS") else {
        println!("skipped: set HKIA_ANSWERS to a folder of answers");
        return;
    };
    let days = read_folder(Path::new(&folder));
    assert!(!days.is_empty(), "the folder has no answers");
    for ((date, kind), polls) in days {
        fold_day(date, kind, &polls);
    }
}

/// The polls of each day and direction, in order.
fn read_folder(folder: &Path) -> BTreeMap<(Date, &'static str), Vec<RecordedPoll>> {
    let mut days = BTreeMap::<_, Vec<_>>::new();
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for path in entries {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let parts: Vec<_> = name.split('_').collect();
        let [_, date, direction, "at", at] = parts[..] else { continue };
        let kind = if direction == "arr" { "arrivals" } else { "departures" };
        let date: Date = date.parse().unwrap();
        // A day that is over is read as at its end, so that it is today.
        let end = date.at(23, 59, 0, 0);
        let at = jiff::civil::DateTime::strptime("%Y-%m-%dT%H%M", at)
            .unwrap_or(end)
            .clamp(date.at(0, 0, 0, 0), end);
        let at = zone().to_timestamp(at).unwrap();
        let body = std::fs::read_to_string(&path).unwrap();
        days.entry((date, kind)).or_default().push(RecordedPoll { name, at, body });
    }
    for polls in days.values_mut() {
        polls.sort_by(|left, right| left.name.cmp(&right.name));
    }
    days
}

fn fold_day(date: Date, kind: &str, polls: &[RecordedPoll]) {
    let kind = if kind == "arrivals" { BoardKind::Arrivals } else { BoardKind::Departures };
    let mut board = FedTimetable::open(kind);
    let mut last: BTreeMap<FlightKey, Flight> = BTreeMap::new();
    for poll in polls {
        let started = Instant::now();
        let outcome = read_poll(date, kind, poll);
        let parsed = started.elapsed();
        let AnswerOutcome::Full { answer, .. } = &outcome else { panic!("{}", poll.name) };
        assert_eq!(answer.refused, [], "{}", poll.name);
        let rows: BTreeMap<_, _> = answer
            .full_rows
            .iter()
            .map(|row| (row.flight.key().clone(), row.flight.clone()))
            .collect();
        assert_eq!(rows.len(), answer.full_rows.len(), "two rows have one key");

        let before = board.rows();
        let started = Instant::now();
        let changes = board.read(&outcome, poll.at);
        let elapsed = started.elapsed();
        let differing = rows.iter().filter(|(key, row)| last.get(*key) != Some(*row)).count();
        assert!(changes <= differing, "{changes} changes of {differing} rows");
        board.check(&rows, date);
        assert_eq!(board.read(&outcome, poll.at), 0, "a repetition");
        board.restart();
        assert_eq!(board.read(&outcome, poll.at), 0, "a restart");
        println!(
            "{}: {} rows, {} on the board before, {} after, {changes} changes; read in {parsed:.1?}, folded in {elapsed:.1?}",
            poll.name,
            rows.len(),
            before.len(),
            board.rows().len(),
        );
        last = rows;
    }
}

/// Reads an answer, with those of the neighbouring days.
fn read_poll(date: Date, kind: BoardKind, poll: &RecordedPoll) -> AnswerOutcome {
    let mut source = source(kind);
    let neighbour = |date: Date| {
        let row = json!({"time": "12:00", "flight": [{"no": "ZZ 1"}], "status": "Cancelled"});
        let is_arrival = kind == BoardKind::Arrivals;
        json!([{"date": date, "arrival": is_arrival, "cargo": false, "list": [row]}]).to_string()
    };
    let before = neighbour(date.saturating_sub(1.day()));
    let after = neighbour(date.saturating_add(1.day()));
    let bodies = [before, poll.body.clone(), after];
    let answers = bodies.map(|body| Ok(HttpAnswer { status: 200, body }));
    source.read(&answers, poll.at)
}

/// A board that a reconciler feeds.
struct FedTimetable {
    kind: BoardKind,
    boards: Boards,
    reconciler: Reconciler,
    seq: u64,
}

impl FedTimetable {
    fn open(kind: BoardKind) -> Self {
        let reconciler = new_reconciler(kind);
        let mut board = Self { kind, boards: Boards::default(), reconciler, seq: 0 };
        let mut settings = BoardSettings::with_defaults(board_name());
        settings.kind = kind;
        settings.time_zone = "Asia/Hong_Kong".to_owned();
        board.apply(Change::PutBoard(Box::new(settings)), Timestamp::UNIX_EPOCH);
        board
    }

    fn restart(&mut self) {
        self.reconciler = new_reconciler(self.kind);
    }

    fn apply(&mut self, change: Change, at: Timestamp) {
        self.seq += 1;
        let outcome = self.boards.apply(self.seq, at, &Update::new(board_name(), change.clone()));
        assert!(matches!(outcome, ApplyOutcome::Changed(_)), "{change:?}: {outcome:?}");
    }

    /// Folds an answer. Returns the number of changes.
    fn read(&mut self, outcome: &AnswerOutcome, at: Timestamp) -> usize {
        let changes = self.reconciler.reconcile(&self.rows(), outcome, at);
        let count = changes.len();
        for change in changes {
            self.apply(change, at);
        }
        count
    }

    fn rows(&self) -> Vec<Flight> {
        let board = self.boards.board(&board_name()).unwrap();
        board.rows().into_iter().map(|row| row.flight().clone()).collect()
    }

    /// Checks that each row of the answer is on the board as it is, or was over before today.
    fn check(&self, rows: &BTreeMap<FlightKey, Flight>, today: Date) {
        let on_board = self.rows();
        for (key, row) in rows {
            let number = key.flight();
            let found = on_board.iter().find(|found| found.key() == key).or_else(|| {
                let stem = number.strip_suffix('D').unwrap_or(number);
                on_board
                    .iter()
                    .find(|found| (found.key().flight(), found.key().date()) == (stem, key.date()))
            });
            let state = row.text(FlightField::State).unwrap_or_default();
            let is_over = FinalState::parse(state).is_some() && key.date() < Some(today);
            match found {
                None => assert!(is_over, "{key} is missing"),
                Some(found) => assert_same(found, row, self.kind),
            }
        }
    }
}

fn assert_same(found: &Flight, row: &Flight, kind: BoardKind) {
    for field in source(kind).fields() {
        let wanted = row.value(*field);
        if wanted.is_some() || *field != FlightField::State {
            assert_eq!(found.value(*field), wanted, "{} of {}", field.name(), row.key());
        }
    }
}

fn source(kind: BoardKind) -> Box<dyn Source> {
    let airport = SourceAirport { code: "HKG".to_owned(), zone: zone(), kinds: vec![kind] };
    open_source("hkia", airport).unwrap()
}

fn new_reconciler(kind: BoardKind) -> Reconciler {
    let fields = source(kind).fields().to_vec();
    Reconciler::new(kind, zone(), fields, RemovalDelays::default())
}

fn zone() -> TimeZone {
    TimeZone::get("Asia/Hong_Kong").unwrap()
}

fn board_name() -> BoardName {
    BoardName::parse("hkg").unwrap()
}
