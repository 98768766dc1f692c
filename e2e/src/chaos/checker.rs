//! Decides whether the observations agree with the model. It knows nothing of the server except its responses.

use std::collections::HashMap;

use serde_json::{Map, Value};
use testkit::event_id::split_event_id;

use super::anomaly::{Anomaly, AnomalyKind};
use super::final_boards::FinalBoards;
use super::model::{Model, RowsByFlight, apply_update, matches_event};
use super::observations::{Observations, ObservedEvent};
use super::observer::TraceStep;
use super::stats::RoundStats;
use super::update::{BOARDS, KeyedUpdate};

/// Checks one round.
pub(super) struct Checker<'a> {
    model: Model,
    observations: &'a Observations,
    /// The boards of each replica at the end of the round.
    final_boards: &'a [FinalBoards],
    /// True if the server's window keeps every event of the round.
    window_keeps_all: bool,
    pub(super) anomalies: Vec<Anomaly>,
    pub(super) stats: RoundStats,
    /// Rows that the model gave, by branch, board and sequence number.
    rows_cache: HashMap<(usize, &'static str, u64), RowsByFlight>,
}

/// A follower's position in the model.
struct ModelCursor {
    /// The branches that agree with everything received since the last timetable.
    branches: Vec<usize>,
    seq: u64,
    rows: RowsByFlight,
}

impl<'a> Checker<'a> {
    /// Checks everything except the traces of the followers.
    pub(super) fn new(
        model: Model,
        observations: &'a Observations,
        final_boards: &'a [FinalBoards],
        window_keeps_all: bool,
    ) -> Self {
        let mut checker = Self {
            model,
            observations,
            final_boards,
            window_keeps_all,
            anomalies: Vec::new(),
            stats: RoundStats::default(),
            rows_cache: HashMap::new(),
        };
        checker.report_contradictions();
        checker.resolve_indeterminate();
        checker.check_final_boards();
        checker
    }

    /// Reports contradictions found while the model and the observations were recorded.
    fn report_contradictions(&mut self) {
        let recorded = self.model.contradictions.iter().chain(&self.observations.contradictions);
        for detail in recorded {
            self.anomalies.push(Anomaly::new(AnomalyKind::Contradiction, detail.clone()));
        }
    }

    /// Attributes each observed event without an acknowledgement to an indeterminate update.
    fn resolve_indeterminate(&mut self) {
        let events = self.observations.events().filter(|event| event.name != "timetable");
        let mut unknown: Vec<_> =
            events.filter(|event| !self.model.contains_id(&event.id)).collect();
        // In the order of the journal, because the expected event depends on the row before it.
        unknown.sort_by_key(|event| split_event_id(&event.id).map(|(_, seq)| seq));
        for event in unknown {
            let ObservedEvent { board, id, name, data, .. } = &**event;
            if !self.model.resolve(board, id, name, data) {
                let detail = format!("no requested update explains {event}");
                self.anomalies.push(Anomaly::new(AnomalyKind::Contradiction, detail));
            }
        }
    }

    /// Compares the boards of each server with the model and with those of the first server.
    fn check_final_boards(&mut self) {
        let branch = self.model.current_branch();
        let all_boards = self.final_boards;
        for (number, boards) in all_boards.iter().enumerate() {
            for board in BOARDS {
                let Some(found) = boards.get(board) else { continue };
                let seq = split_event_id(&found.id).map_or(0, |(_, seq)| seq);
                if let Some((lost, entry)) = self.model.next_after(branch, board, seq) {
                    let id = &found.id;
                    let detail = format!(
                        "server {number} ends board {board} at {id}, but {lost} was acknowledged: {entry:?}"
                    );
                    self.anomalies.push(Anomaly::new(AnomalyKind::LostUpdate, detail));
                }
                let rows = rows_by_flight(&found.rows);
                if let Some(difference) = self.difference(branch, board, seq, &rows) {
                    let id = &found.id;
                    let detail = format!("server {number}, board {board} at {id}: {difference}");
                    self.anomalies.push(Anomaly::new(AnomalyKind::WrongRows, detail));
                }
                if let Some(first) = all_boards[0].get(board)
                    && found != first
                {
                    let detail = format!(
                        "servers disagree on board {board}: server {number} has {found:?}, server 0 {first:?}"
                    );
                    self.anomalies.push(Anomaly::new(AnomalyKind::WrongRows, detail));
                }
            }
        }
    }

    /// Checks the trace of one follower. Reports its first anomaly only, because others follow from it.
    pub(super) fn check_trace(&mut self, name: &str, board: &'static str, trace: &[TraceStep]) {
        let mut cursor: Option<ModelCursor> = None;
        let mut unchecked_opening: Option<(&str, Option<usize>)> = None;
        let mut shown = RowsByFlight::new();
        for step in trace {
            let event = match step {
                TraceStep::Opened { last_event_id, branch } => {
                    self.stats.openings += 1;
                    unchecked_opening = Some((last_event_id, *branch));
                    continue;
                }
                TraceStep::Received(event) => event,
            };
            self.stats.events += 1;
            // The first event of a stream shows whether the server resumed it rightly.
            let opened = match unchecked_opening.take() {
                Some((last_event_id, branch)) => self.check_opening(last_event_id, branch, event),
                None => Ok(()),
            };
            let advanced = opened.and_then(|()| self.advance(&mut cursor, board, event));
            show_event(&mut shown, event);
            if let Err(Anomaly { kind, detail }) = advanced {
                self.anomalies.push(Anomaly::new(kind, format!("{name}: {detail}")));
                return;
            }
        }
        if let Some(last) = self.final_boards.first().and_then(|boards| boards.get(board))
            && shown != rows_by_flight(&last.rows)
        {
            let (id, rows) = (&last.id, &last.rows);
            let detail = format!("{name} shows {shown:?} at {id}, but the server has {rows:?}");
            self.anomalies.push(Anomaly::new(AnomalyKind::WrongRows, detail));
        }
    }

    /// Checks the first event of a stream that was opened with `last_event_id` while the server appended to `branch`.
    fn check_opening(
        &mut self,
        last_event_id: &str,
        branch: Option<usize>,
        first: &ObservedEvent,
    ) -> Result<(), Anomaly> {
        let reason = first.data["reason"].as_str().filter(|_| first.name == "timetable");
        self.stats.resumed += usize::from(reason.is_none());
        // Unknown if the branch changed meanwhile, or if no update of the id's epoch was acknowledged.
        let is_lost = branch.and_then(|branch| self.model.is_lost(last_event_id, branch));
        // A replica that has not read the follower's last event takes the id for unknown. It rightly sends a
        // timetable that is older than the id, and continues from there.
        let seq = |id: &str| split_event_id(id).map(|(_, seq)| seq);
        let is_lagging = self.final_boards.len() > 1
            && reason == Some("unknown")
            && seq(&first.id) < seq(last_event_id);
        self.stats.lagging += usize::from(is_lagging);
        let is_right = match (last_event_id, is_lost) {
            ("", _) => reason == Some("start"),
            (_, Some(false)) if is_lagging => true,
            (_, Some(true)) => reason == Some("unknown"),
            (_, Some(false)) if self.window_keeps_all => reason.is_none(),
            // A small window may have passed the id, so a timetable with the reason "expired" is right as well.
            (_, Some(false)) => reason != Some("start") && reason != Some("unknown"),
            (_, None) => reason != Some("start"),
        };
        if is_right {
            return Ok(());
        }
        let state = if is_lost == Some(true) { "lost" } else { "known" };
        let detail =
            format!("resumed from the {state} id {last_event_id:?}, first received {first}");
        Err(Anomaly::new(AnomalyKind::WrongResume, detail))
    }

    /// Moves a follower's cursor by one received event.
    fn advance(
        &mut self,
        cursor: &mut Option<ModelCursor>,
        board: &'static str,
        event: &ObservedEvent,
    ) -> Result<(), Anomaly> {
        let Some((_, seq)) = split_event_id(&event.id) else {
            let detail = format!("{:?} is not an event id", event.id);
            return Err(Anomaly::new(AnomalyKind::Contradiction, detail));
        };
        // A timetable replaces everything received before, so the follower starts again from it.
        if event.name == "timetable" {
            *cursor = Some(self.locate_timetable(board, seq, event)?);
            return Ok(());
        }
        let Some(ModelCursor { branches, seq: last_seq, rows }) = cursor else {
            let detail = format!("received before any timetable: {event}");
            return Err(Anomaly::new(AnomalyKind::WrongResume, detail));
        };
        // Branches share their records up to the fork, so an event may agree with several of them. Keep those whose
        // next entry is this event. If none remains, the reason against the last one is the anomaly.
        let mut received: Option<KeyedUpdate> = None;
        let mut anomaly =
            Anomaly::new(AnomalyKind::Contradiction, format!("on no branch: {event}"));
        branches.retain(|branch| {
            match self.check_next(*branch, board, *last_seq, rows, seq, event) {
                Ok(update) => received = Some(update),
                Err(reason) => {
                    anomaly = reason;
                    return false;
                }
            }
            true
        });
        let Some(update) = received else { return Err(anomaly) };
        apply_update(rows, &update);
        *last_seq = seq;
        Ok(())
    }

    /// Checks that `event` is the next one on `branch` after `last_seq`, and returns its update.
    fn check_next(
        &self,
        branch: usize,
        board: &str,
        last_seq: u64,
        rows: &RowsByFlight,
        seq: u64,
        event: &ObservedEvent,
    ) -> Result<KeyedUpdate, Anomaly> {
        let (kind, detail) = match self.model.next_after(branch, board, last_seq) {
            // The right record: its event must be exactly the change of the row that the follower has.
            Some((next, entry)) if next == seq && entry.id == event.id => {
                let row = entry.update.flight().and_then(|flight| rows.get(flight));
                if matches_event(&entry.update, row, &event.name, &event.data) {
                    return Ok(entry.update.clone());
                }
                let (name, data) = entry.update.expected_event(row);
                (AnomalyKind::WrongRows, format!("received {event}, instead of {name} {data}"))
            }
            // The follower skipped a record.
            Some((next, _)) if next < seq => (
                AnomalyKind::LostUpdate,
                format!("event {next} is missing between {last_seq} and {event}"),
            ),
            // The follower went back, or received a record that this branch does not have.
            _ => {
                let kind = match seq.cmp(&last_seq) {
                    std::cmp::Ordering::Equal => AnomalyKind::DuplicateEvent,
                    std::cmp::Ordering::Less => AnomalyKind::OutOfOrder,
                    std::cmp::Ordering::Greater => AnomalyKind::Contradiction,
                };
                (kind, format!("after {last_seq}, received {event}"))
            }
        };
        Err(Anomaly::new(kind, detail))
    }

    /// Finds the branches on which a board has the rows of this timetable at its sequence number.
    fn locate_timetable(
        &mut self,
        board: &'static str,
        seq: u64,
        timetable: &ObservedEvent,
    ) -> Result<ModelCursor, Anomaly> {
        let reason = timetable.data["reason"].as_str().unwrap_or_default();
        *self.stats.timetables.entry(reason.to_owned()).or_default() += 1;
        let flights = timetable.data["flights"].as_array();
        let rows = rows_by_flight(flights.map_or(&[][..], Vec::as_slice));
        let mut branches = Vec::new();
        let mut difference_on_last = String::new();
        for branch in self.model.branches() {
            match self.difference(branch, board, seq, &rows) {
                None => branches.push(branch),
                Some(difference) => difference_on_last = difference,
            }
        }
        if branches.is_empty() {
            let detail = format!("timetable at {}: {difference_on_last}", timetable.id);
            return Err(Anomaly::new(AnomalyKind::WrongRows, detail));
        }
        Ok(ModelCursor { branches, seq, rows })
    }

    /// Describes how `rows` differ from the model at `seq`, apart from differences that indeterminate updates explain.
    fn difference(
        &mut self,
        branch: usize,
        board: &'static str,
        seq: u64,
        rows: &RowsByFlight,
    ) -> Option<String> {
        let model = &self.model;
        let cached = self.rows_cache.entry((branch, board, seq));
        let expected = cached.or_insert_with(|| model.rows_at(branch, board, seq));
        let flights = expected.keys().chain(rows.keys());
        let is_wrong = |flight: &&String| {
            let (expected, found) = (expected.get(*flight), rows.get(*flight));
            expected != found && !model.may_differ(branch, board, flight, expected, found)
        };
        let wrong: Vec<_> = flights.filter(is_wrong).collect();
        let flight = *wrong.first()?;
        let (expected, found) = (expected.get(flight), rows.get(flight));
        Some(format!(
            "{} wrong rows, for example {flight}: {found:?} instead of {expected:?}",
            wrong.len()
        ))
    }
}

/// Applies an event to the rows that a follower shows, by the rules of the protocol.
fn show_event(rows: &mut RowsByFlight, event: &ObservedEvent) {
    let Value::Object(data) = &event.data else { return };
    let flight = || data.get("flight").and_then(Value::as_str).unwrap_or_default().to_owned();
    match event.name.as_str() {
        "timetable" => {
            let flights = data.get("flights").and_then(Value::as_array);
            *rows = rows_by_flight(flights.map_or(&[][..], Vec::as_slice));
        }
        "flightAddition" => drop(rows.insert(flight(), data.clone())),
        "flightStateUpdate" => {
            if let Some(row) = rows.get_mut(&flight()) {
                row.extend(data.clone());
                row.retain(|_, value| !value.is_null());
            }
        }
        "flightRemoval" => drop(rows.remove(&flight())),
        _ => {}
    }
}

fn rows_by_flight(rows: &[Value]) -> RowsByFlight {
    let with_flight = |row: &Value| {
        let row: &Map<String, Value> = row.as_object()?;
        Some((row.get("flight")?.as_str()?.to_owned(), row.clone()))
    };
    rows.iter().filter_map(with_flight).collect()
}
