//! Whether what the followers saw can be true. Everything is held against the oracle's model, which
//! knows nothing of the server but its answers.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use anyhow::Context;
use serde_json::{Map, Value};

use testkit::event_id::split_event_id;

use super::model::{Model, RowsByFlight, apply_update, matches_event};
use super::observer::{Observations, ObservedEvent, TraceStep};
use super::update::{BOARDS, KeyedUpdate};
use testkit::api::ApiClient;

/// What must never happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnomalyKind {
    /// An acknowledged update did not reach a follower.
    Lost,
    /// A follower saw an event twice.
    Duplicated,
    /// A follower saw an event before one that came earlier.
    OutOfOrder,
    /// RowsByFlight that are not what the updates give.
    WrongRows,
    /// One id, two contents; or an event that nobody asked for.
    Contradiction,
    /// A follower was not resumed where it must be, or resumed where it must not be.
    WrongOpening,
    /// A follower did not come to the end.
    Stuck,
}

/// One thing that must never happen, and has.
#[derive(Debug, Clone)]
pub struct Anomaly {
    pub kind: AnomalyKind,
    pub detail: String,
}

/// What a round counts.
#[derive(Debug, Clone, Default)]
pub struct RoundStats {
    pub acknowledged: usize,
    pub events: usize,
    pub openings: usize,
    pub resumed: usize,
    pub timetables: BTreeMap<String, usize>,
    pub cuts: usize,
    pub refused: usize,
    pub branches: usize,
    /// Openings on a replica that had not yet read what the follower had seen.
    pub behind: usize,
    pub kills: usize,
    pub faults: BTreeMap<super::fault::Fault, usize>,
}

/// What a server says at the end, of each board.
pub(super) type FinalStates = HashMap<&'static str, BoardState>;

/// Of one board.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BoardState {
    /// The very bytes, which are the same on every replica.
    text: String,
    rows: Vec<Value>,
    /// That of the newest event.
    pub(super) id: String,
}

impl BoardState {
    pub(super) fn of_all_boards(api: &ApiClient) -> anyhow::Result<FinalStates> {
        BOARDS.into_iter().map(|board| Ok((board, Self::of(api, board)?))).collect()
    }

    fn of(api: &ApiClient, board: &str) -> anyhow::Result<Self> {
        let text = api.get_text(&format!("/boards/{board}/flights"));
        let said: Value = serde_json::from_str(&text)?;
        let rows = said["flights"].as_array().context("there are rows")?.clone();
        let id = said["id"].as_str().context("there is an id")?.to_owned();
        Ok(Self { text, rows, id })
    }
}

/// Judges a round.
pub(super) struct Checker<'a> {
    pub(super) model: Model,
    pub(super) observations: &'a Observations,
    /// Of each replica.
    pub(super) ends: &'a [FinalStates],
    /// Whether the server's window has room for all that happened.
    pub(super) wide: bool,
    pub(super) anomalies: Vec<Anomaly>,
    pub(super) figures: RoundStats,
    rows: HashMap<(usize, &'static str, u64), RowsByFlight>,
}

/// What is wrong with one event.
type Wrong = (AnomalyKind, String);

/// Where a follower is in the model.
struct Place {
    /// Branches of which all that it saw can be.
    branches: Vec<usize>,
    seq: u64,
    rows: RowsByFlight,
}

impl<'a> Checker<'a> {
    pub(super) fn new(
        model: Model,
        observations: &'a Observations,
        ends: &'a [FinalStates],
        wide: bool,
    ) -> Self {
        let (anomalies, figures, rows) = Default::default();
        let mut judge = Self { model, observations, ends, wide, anomalies, figures, rows };
        judge.settle();
        judge.check_ends();
        judge
    }

    /// Gives each event that nobody was answered for the update that it must be.
    fn settle(&mut self) {
        for contradiction in
            self.model.contradictions.iter().chain(&self.observations.contradictions)
        {
            let detail = contradiction.clone();
            self.anomalies.push(Anomaly { kind: AnomalyKind::Contradiction, detail });
        }
        let events = self.observations.all().filter(|seen| seen.name != "timetable");
        let mut unknown: Vec<_> = events.filter(|seen| !self.model.knows(&seen.id)).collect();
        unknown.sort_by_key(|seen| split_event_id(&seen.id).map(|(_, seq)| seq));
        for seen in unknown {
            let ObservedEvent { board, id, name, data, .. } = &**seen;
            if self.model.settle(board, id, name, data).is_none() {
                let detail = format!("nobody asked for {seen:?}");
                self.anomalies.push(Anomaly { kind: AnomalyKind::Contradiction, detail });
            }
        }
    }

    /// The servers' own rows against the fold of all that was acknowledged, and against each other.
    fn check_ends(&mut self) {
        let (branch, all) = (self.model.branch(), self.ends);
        for (number, ends) in all.iter().enumerate() {
            for board in BOARDS {
                let (Some(end), Some(first)) = (ends.get(board), all[0].get(board)) else {
                    continue;
                };
                let seq = split_event_id(&end.id).map_or(0, |(_, seq)| seq);
                if let Some((after, entry)) = self.model.next(branch, board, seq) {
                    let id = &end.id;
                    let detail =
                        format!("{board} ends at {id}, but {after} is acknowledged: {entry:?}");
                    self.anomalies.push(Anomaly { kind: AnomalyKind::Lost, detail });
                }
                let rows = by_flight(&end.rows);
                if let Some(difference) = self.difference(branch, board, seq, &rows) {
                    let detail =
                        format!("server {number}'s rows of {board} at {}: {difference}", end.id);
                    self.anomalies.push(Anomaly { kind: AnomalyKind::WrongRows, detail });
                }
                if end != first {
                    let detail =
                        format!("server {number} says {end:?} of {board}, the first {first:?}");
                    self.anomalies.push(Anomaly { kind: AnomalyKind::WrongRows, detail });
                }
            }
        }
    }

    /// Everything that one follower has lived through.
    pub(super) fn judge(&mut self, name: &str, board: &'static str, steps: &[TraceStep]) {
        let mut place: Option<Place> = None;
        let mut opened: Option<(&str, Option<usize>)> = None;
        let mut shown = RowsByFlight::new();
        for step in steps {
            let seen = match step {
                TraceStep::Opened { sent, branch } => {
                    self.figures.openings += 1;
                    opened = Some((sent, *branch));
                    continue;
                }
                TraceStep::Saw(seen) => seen,
            };
            self.figures.events += 1;
            let outcome = opened
                .take()
                .map_or(Ok(()), |(sent, branch)| self.check_opening(sent, branch, seen))
                .and_then(|()| self.advance(&mut place, board, seen));
            show(&mut shown, seen);
            if let Err((kind, detail)) = outcome {
                self.anomalies.push(Anomaly { kind, detail: format!("{name}: {detail}") });
                return;
            }
        }
        if let Some(BoardState { rows, id, .. }) =
            self.ends.first().and_then(|ends| ends.get(board))
            && shown != by_flight(rows)
        {
            let detail = format!("{name} shows {shown:?} at {id}, the server has {rows:?}");
            self.anomalies.push(Anomaly { kind: AnomalyKind::WrongRows, detail });
        }
    }

    /// Whether a stream began as it must, by its first event.
    fn check_opening(
        &mut self,
        sent: &str,
        branch: Option<usize>,
        first: &ObservedEvent,
    ) -> Result<(), Wrong> {
        let reason = first.data["reason"].as_str().filter(|_| first.name == "timetable");
        self.figures.resumed += usize::from(reason.is_none());
        let lost = branch.and_then(|branch| self.model.is_lost(sent, branch));
        let at = |id: &str| split_event_id(id).map(|(_, seq)| seq);
        let behind = self.ends.len() > 1 && reason == Some("unknown") && at(&first.id) < at(sent);
        self.figures.behind += usize::from(behind);
        let right = match (sent, lost) {
            ("", _) => reason == Some("start"),
            // A replica that has not read it can say no more than what it has, and goes on from there.
            (_, Some(false)) if behind => true,
            (_, Some(true)) => reason == Some("unknown"),
            (_, Some(false)) if self.wide => reason.is_none(),
            (_, Some(false)) => reason != Some("start") && reason != Some("unknown"),
            (_, None) => reason != Some("start"),
        };
        let state = if lost == Some(true) { "lost" } else { "known" };
        let detail = || format!("came back with {state} {sent:?}, and first saw {first:?}");
        if right { Ok(()) } else { Err((AnomalyKind::WrongOpening, detail())) }
    }

    /// One event further.
    fn advance(
        &mut self,
        place: &mut Option<Place>,
        board: &'static str,
        seen: &Arc<ObservedEvent>,
    ) -> Result<(), Wrong> {
        let Some((_, seq)) = split_event_id(&seen.id) else {
            return Err((AnomalyKind::Contradiction, format!("{} is no event id", seen.id)));
        };
        if seen.name == "timetable" {
            *place = Some(self.begin(board, seq, seen)?);
            return Ok(());
        }
        let Some(place) = place else {
            return Err((AnomalyKind::WrongOpening, format!("{seen:?} came before any timetable")));
        };
        let mut why = (AnomalyKind::Contradiction, format!("no branch has {seen:?}"));
        let mut fitting: Option<KeyedUpdate> = None;
        place.branches.retain(|branch| match self.model.next(*branch, board, place.seq) {
            Some((next, entry)) if next == seq && entry.id == seen.id => {
                let row = entry.update.flight().and_then(|flight| place.rows.get(flight));
                let fits = matches_event(&entry.update, row, &seen.name, &seen.data);
                if fits {
                    fitting = Some(entry.update.clone());
                } else {
                    let expected = entry.update.event(row);
                    why = (AnomalyKind::WrongRows, format!("{seen:?} instead of {expected:?}"));
                }
                fits
            }
            Some((next, _)) if next < seq => {
                let detail = format!("{seen:?} came after {}, without {next}", place.seq);
                why = (AnomalyKind::Lost, detail);
                false
            }
            _ => {
                why.1 = format!("{seen:?} came after {}", place.seq);
                if seq <= place.seq {
                    why.0 = AnomalyKind::OutOfOrder;
                }
                if seq == place.seq {
                    why.0 = AnomalyKind::Duplicated;
                }
                false
            }
        });
        let Some(update) = fitting else { return Err(why) };
        apply_update(&mut place.rows, &update);
        place.seq = seq;
        Ok(())
    }

    /// Where a timetable puts a follower.
    fn begin(
        &mut self,
        board: &'static str,
        seq: u64,
        seen: &ObservedEvent,
    ) -> Result<Place, Wrong> {
        let reason = seen.data["reason"].as_str().unwrap_or_default();
        *self.figures.timetables.entry(reason.to_owned()).or_default() += 1;
        let rows = by_flight(seen.data["flights"].as_array().map_or(&[][..], Vec::as_slice));
        let mut branches = Vec::new();
        let mut why = String::from("no branch");
        for branch in self.model.branches() {
            match self.difference(branch, board, seq, &rows) {
                None => branches.push(branch),
                Some(difference) => why = difference,
            }
        }
        if branches.is_empty() {
            let detail = format!("the timetable at {}: {why}", seen.id);
            return Err((AnomalyKind::WrongRows, detail));
        }
        Ok(Place { branches, seq, rows })
    }

    /// Where rows differ from what was acknowledged up to `seq`, beyond what is in doubt.
    fn difference(
        &mut self,
        branch: usize,
        board: &'static str,
        seq: u64,
        rows: &RowsByFlight,
    ) -> Option<String> {
        let model = &self.model;
        let known = (branch, board, seq);
        let expected = self.rows.entry(known).or_insert_with(|| model.rows(branch, board, seq));
        let flights = expected.keys().chain(rows.keys());
        let wrong = flights.filter(|flight| {
            let (before, found) = (expected.get(*flight), rows.get(*flight));
            before != found && !model.may_be(branch, board, flight, before, found)
        });
        let wrong: Vec<_> = wrong.collect();
        let flight = *wrong.first()?;
        let (expected, found) = (expected.get(flight), rows.get(flight));
        Some(format!(
            "{} rows are wrong, such as {flight}: {found:?}, not {expected:?}",
            wrong.len()
        ))
    }
}

/// What a follower's screen makes of an event, by the rules of the protocol.
fn show(rows: &mut RowsByFlight, seen: &ObservedEvent) {
    let Value::Object(data) = &seen.data else { return };
    let flight = || data.get("flight").and_then(Value::as_str).unwrap_or_default().to_owned();
    match seen.name.as_str() {
        "timetable" => {
            let flights = data.get("flights").and_then(Value::as_array);
            *rows = by_flight(flights.map_or(&[][..], Vec::as_slice));
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

fn by_flight(rows: &[Value]) -> RowsByFlight {
    let row = |row: &Value| {
        let row: &Map<String, Value> = row.as_object()?;
        Some((row.get("flight")?.as_str()?.to_owned(), row.clone()))
    };
    rows.iter().filter_map(row).collect()
}

impl RoundStats {
    /// Both together.
    pub fn add(&mut self, other: &RoundStats) {
        self.acknowledged += other.acknowledged;
        self.events += other.events;
        self.openings += other.openings;
        self.resumed += other.resumed;
        self.cuts += other.cuts;
        self.refused += other.refused;
        self.behind += other.behind;
        self.kills += other.kills;
        self.branches += other.branches;
        for (reason, count) in &other.timetables {
            *self.timetables.entry(reason.clone()).or_default() += count;
        }
        for (fault, count) in &other.faults {
            *self.faults.entry(*fault).or_default() += count;
        }
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.detail)
    }
}
