//! Publishes the changes that follow from an AIDX message.

use std::collections::{HashMap, HashSet};

use aidx::{AidxMessage, FlightLeg, LegRefusal};
use engine::{LiveBoards, MAX_PUBLISHED_AT_ONCE, PublishOutcome, UpdateEffect};
use flight::{BoardKind, BoardName, IdempotencyKey, PublisherName, Rejection, Timetable, Update};

use crate::app::App;
use crate::http::authorisation::Caller;
use crate::http::problem::Problem;

/// Most attempts to change a row that changes meanwhile. Of several messages about it at a time, one succeeds
/// in each attempt.
const MAX_DELIVERY_ATTEMPTS: usize = 100;

/// Publishes the changes and waits until they have been applied. Returns the legs that were refused or
/// changed nothing.
///
/// # Errors
/// The caller may change none of the boards, or its token ends meanwhile. Or the journal does not accept updates now, or a row changes all the
/// time. Changes that were applied before stay, and a repetition of the message does not apply them again.
pub(super) async fn deliver(
    app: &App,
    message: &AidxMessage,
    caller: &Caller,
) -> Result<Vec<LegRefusal>, Problem> {
    let boards = app.state.engine.boards();
    let mut reports = vec![LegReport::default(); message.legs.len()];
    let mut pending = deliveries(boards, message, caller);
    pending.iter().for_each(|delivery| reports[delivery.leg].boards += 1);
    let publisher = keep_permitted(&mut pending, caller, &mut reports)?;
    for _ in 0..MAX_DELIVERY_ATTEMPTS {
        let mut outdated = Vec::new();
        for batch in pending.chunks(MAX_PUBLISHED_AT_ONCE) {
            caller.check_still_valid()?;
            let updates = updates(boards, message, batch, &mut reports, &mut outdated);
            let requests = updates.iter().map(|update| update.update.clone());
            let requests = requests.map(|update| update.published_by(publisher.clone())).collect();
            let outcomes = app.state.engine.publisher().publish(requests).await;
            for (update, outcome) in updates.iter().zip(outcomes) {
                match outcome? {
                    Err(rejection) if rejection.is_precondition_failure() => {
                        outdated.push(update.delivery.clone());
                    }
                    outcome => reports[update.delivery.leg].record(update, outcome),
                }
            }
        }
        pending = outdated;
        if pending.is_empty() {
            break;
        }
    }
    if !pending.is_empty() {
        return Err(Problem::not_ready("a row changes all the time"));
    }
    let legs = message.legs.iter().zip(reports);
    Ok(legs.filter_map(|(leg, report)| warning(leg, report)).collect())
}

/// A leg on its way to a board.
#[derive(Debug, Clone)]
struct LegDelivery {
    /// Its position in the message.
    leg: usize,
    board: BoardName,
}

/// The update that follows from a leg.
struct LegUpdate<'a> {
    delivery: &'a LegDelivery,
    update: Update,
    /// Why it changes nothing if there is no such row.
    without_row: String,
}

/// The outcome of a leg on the boards of its airports.
#[derive(Debug, Clone, Default)]
struct LegReport {
    boards: usize,
    has_changed: bool,
    /// The updates that were refused.
    refusals: Vec<(BoardName, String)>,
    /// Why the leg does not change a board. That is no fault if it changes another: a message about a
    /// departure says little of the arrival.
    unfit: Vec<(BoardName, String)>,
    /// Why the leg changed nothing, though it was not refused.
    idle: Option<&'static str>,
}

impl LegReport {
    fn record(&mut self, update: &LegUpdate<'_>, outcome: PublishOutcome) {
        let board = &update.delivery.board;
        match outcome.map(|applied| applied.effect) {
            Ok(UpdateEffect::Changed) => self.has_changed = true,
            Ok(UpdateEffect::Unchanged) => self.idle = Some("changes nothing"),
            // The key names the message, so the update was applied, and the row differs since.
            Ok(UpdateEffect::Repeated) | Err(Rejection::KeyReused) => {
                self.idle = Some("was applied before");
            }
            Err(Rejection::Overtaken) => self.refuse(board, "was overtaken by a newer message"),
            Err(Rejection::UnknownFlight) => {
                self.unfit.push((board.clone(), update.without_row.clone()));
            }
            Err(rejection) => {
                let reason = format!("is refused: {}", Problem::from(rejection).detail());
                self.refuse(board, &reason);
            }
        }
    }

    fn refuse(&mut self, board: &BoardName, reason: &str) {
        self.refusals.push((board.clone(), reason.to_owned()));
    }
}

/// Drops and reports the deliveries to boards that the caller may not change. Returns the name of its credential.
///
/// # Errors
/// It may change none of the boards.
fn keep_permitted(
    pending: &mut Vec<LegDelivery>,
    caller: &Caller,
    reports: &mut [LegReport],
) -> Result<Option<PublisherName>, Problem> {
    let mut publisher = None;
    let mut refusal = None;
    pending.retain(|delivery| match caller.publisher(&delivery.board) {
        Ok(name) => {
            publisher = name;
            true
        }
        Err(problem) => {
            reports[delivery.leg].refuse(&delivery.board, "may not be changed with this token");
            refusal = Some(problem);
            false
        }
    });
    match refusal {
        Some(problem) if pending.is_empty() => Err(problem),
        _ => Ok(publisher),
    }
}

/// Finds the open boards of each leg's airports, but not those of which the caller must not know.
fn deliveries(boards: &LiveBoards, message: &AidxMessage, caller: &Caller) -> Vec<LegDelivery> {
    let open: Vec<(BoardName, BoardKind, String)> = boards.read(|boards, _| {
        let open = boards.iter().filter(|(_, board)| board.close_reason().is_none());
        let settings = open.map(|(name, board)| (name, board.settings()));
        let settings = settings.filter(|(name, it)| !it.is_private || caller.may_see(name));
        let airports = settings.filter_map(|(name, settings)| {
            Some((name.clone(), settings.kind, settings.airport.clone()?))
        });
        airports.collect()
    });
    let mut deliveries = Vec::new();
    for (position, leg) in message.legs.iter().enumerate() {
        let Ok(leg) = leg else { continue };
        let fitting = open.iter().filter(|(_, kind, airport)| leg.is_for(airport, *kind));
        deliveries
            .extend(fitting.map(|(board, ..)| LegDelivery { leg: position, board: board.clone() }));
    }
    deliveries
}

/// The updates for the present rows, one for each row: other legs of the same row are `outdated` by it. Legs
/// that are refused are reported.
fn updates<'a>(
    boards: &LiveBoards,
    message: &AidxMessage,
    batch: &'a [LegDelivery],
    reports: &mut [LegReport],
    outdated: &mut Vec<LegDelivery>,
) -> Vec<LegUpdate<'a>> {
    // A clone shares the rows, so the lock is held for a moment only.
    let timetables: HashMap<&BoardName, Timetable> = boards.read(|boards, _| {
        let names = batch.iter().map(|delivery| &delivery.board);
        names.filter_map(|name| Some((name, boards.board(name)?.clone()))).collect()
    });
    let mut rows = HashSet::new();
    let mut updates = Vec::with_capacity(batch.len());
    for delivery in batch {
        let (Ok(leg), Some(board)) = (&message.legs[delivery.leg], timetables.get(&delivery.board))
        else {
            continue;
        };
        match leg.change(board) {
            Ok(change) if !rows.insert((&delivery.board, change.change.flight().cloned())) => {
                outdated.push(delivery.clone());
            }
            Ok(change) => {
                let update = Update::new(delivery.board.clone(), change.change)
                    .from_feed()
                    .as_of(message.as_of())
                    .with_precondition(change.precondition)
                    .with_idempotency_key(idempotency_key(message, leg, board));
                updates.push(LegUpdate { delivery, update, without_row: change.without_row });
            }
            Err(reason) => reports[delivery.leg].unfit.push((delivery.board.clone(), reason)),
        }
    }
    updates
}

/// Names the leg in this message, so that a repetition of the message changes nothing, even if somebody has
/// changed the row since. A board that was closed and opened again is another one.
fn idempotency_key(
    message: &AidxMessage,
    leg: &FlightLeg,
    board: &Timetable,
) -> Option<IdempotencyKey> {
    let (time, opened) = (message.as_of().as_nanosecond(), board.opened_seq());
    IdempotencyKey::parse(&format!("aidx/{time}/{opened}/{:032x}", leg.fingerprint())).ok()
}

/// The warning for a leg, unless it changed every board that it should.
fn warning(leg: &Result<FlightLeg, LegRefusal>, report: LegReport) -> Option<LegRefusal> {
    let leg = match leg {
        Ok(leg) => leg,
        Err(refusal) => return Some(refusal.clone()),
    };
    let mut reasons = report.refusals;
    if !report.has_changed && report.idle.is_none() {
        reasons.extend(report.unfit);
    }
    let reason = match (&reasons[..], report.idle) {
        ([], _) if report.has_changed => return None,
        ([], Some(idle)) => idle.to_owned(),
        ([], None) => {
            let (arrival, departure) =
                (leg.airport(BoardKind::Arrivals), leg.airport(BoardKind::Departures));
            format!("has no open board: no arrivals of {arrival}, no departures of {departure}")
        }
        ([(_, reason)], _) if report.boards == 1 => reason.clone(),
        (reasons, _) => {
            let reasons = reasons.iter().map(|(board, reason)| format!("on {board}: {reason}"));
            reasons.collect::<Vec<_>>().join("; ")
        }
    };
    Some(LegRefusal { leg: leg.to_string(), reason })
}
