//! The state of a row after a message about its leg.

use flight::{BoardKind, Flight, FlightField};
use jiff::Timestamp;

use crate::times::{OperationTimes, Statement, TimeType};
use crate::xml::XmlElement;

const SCHEDULED: &str = "scheduled";
const EXPECTED: &str = "expected";
const CHECK_IN: &str = "check-in";
const GATE_OPEN: &str = "gate open";
const BOARDING: &str = "boarding";
const FINAL_CALL: &str = "final call";
const GATE_CLOSED: &str = "gate closed";
const DEPARTED: &str = "departed";
const LANDING: &str = "landing";
const LANDED: &str = "landed";
const AT_GATE: &str = "at gate";
const BAGGAGE: &str = "baggage";
const CANCELLED: &str = "cancelled";
const DIVERTED: &str = "diverted";

const CHECK_IN_CLOSED_REMARK: &str = "Check-in closed";
const DELAYED_REMARK: &str = "Delayed";
const NOT_OPERATING_REMARK: &str = "Not operating";
const RETURNED_REMARK: &str = "Returned to the stand";

/// Remarks for events without a state. They end with the next state; other remarks stay until they are taken back.
const OWN_REMARKS: [&str; 4] =
    [CHECK_IN_CLOSED_REMARK, DELAYED_REMARK, NOT_OPERATING_REMARK, RETURNED_REMARK];

/// Codes that are true of a leg as a whole.
const WHOLE_LEG_CODES: [&str; 6] = ["DX", "DV", "RT", "GRT", "NOP", "SQ"];

/// Codes without a milestone of their own that the public may see.
const KNOWN_CODES: [&str; 11] =
    ["DX", "DV", "RT", "GRT", "NOP", "SQ", "OP", "SCH", "SCT", "DEL", "EAR"];

/// The events of a departing flight, by codeset 9750, in their order.
const DEPARTURE_MILESTONES: [(&str, &str); 15] = [
    ("CHK", CHECK_IN),
    // No state says that check-in is closed: the times give the state.
    ("CHC", ""),
    ("GTO", GATE_OPEN),
    ("BST", BOARDING),
    ("FCT", FINAL_CALL),
    // "Final boarding".
    ("BEN", FINAL_CALL),
    ("GCL", GATE_CLOSED),
    ("FCL", GATE_CLOSED),
    ("OFB", DEPARTED),
    ("TKO", DEPARTED),
    ("THM", DEPARTED),
    ("TEN", DEPARTED),
    ("TDN", DEPARTED),
    ("LAN", DEPARTED),
    ("ONB", DEPARTED),
];

/// The same for an arriving flight.
const ARRIVAL_MILESTONES: [(&str, &str); 15] = [
    ("OFB", EXPECTED),
    ("TKO", EXPECTED),
    ("FIR", LANDING),
    ("THM", LANDING),
    ("STE", LANDING),
    ("STX", LANDING),
    ("TEN", LANDING),
    ("FIN", LANDING),
    ("TDN", LANDED),
    ("LAN", LANDED),
    ("ONB", AT_GATE),
    ("FBA", BAGGAGE),
    ("FBG", BAGGAGE),
    ("LBG", BAGGAGE),
    ("LBA", BAGGAGE),
];

/// The signs of a leg's state in a message.
#[derive(Debug)]
pub(crate) struct StateSigns<'a> {
    milestones: &'static [(&'static str, &'static str)],
    /// The codes of the leg's status, and those that the public sees.
    codes: Vec<&'a str>,
    /// A code for the public whose meaning is unknown.
    unknown_code: Option<&'a str>,
    /// The newest of the actual times.
    newest: Option<Milestone>,
    scheduled: Statement<Timestamp>,
    estimated: Statement<Timestamp>,
}

/// Something that has happened.
#[derive(Debug, Clone, Copy)]
struct Milestone {
    at: Timestamp,
    qualifier: &'static str,
    /// The state that it brings.
    state: &'static str,
}

/// The changes that follow from a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StateChange {
    pub(crate) state: Option<&'static str>,
    pub(crate) remark: Statement<String>,
}

impl<'a> StateSigns<'a> {
    pub(crate) fn read(kind: BoardKind, data: &'a XmlElement, times: &OperationTimes) -> Self {
        let milestones: &[_] = match kind {
            BoardKind::Arrivals => &ARRIVAL_MILESTONES,
            BoardKind::Departures => &DEPARTURE_MILESTONES,
        };
        let is_known = |code: &str| KNOWN_CODES.contains(&code) || rank(milestones, code).is_some();
        let public_codes = public_codes(kind, data);
        let unknown_code = public_codes.iter().copied().find(|code| !is_known(code));
        let mut codes = status_codes(kind, data);
        codes.extend(public_codes);
        // After a return to the stand, the departure does not count any more.
        let counts = |qualifier| !codes.contains(&"GRT") || !["OFB", "TKO"].contains(&qualifier);
        let actual = times.actual().filter(|(qualifier, _)| counts(*qualifier));
        let newest = actual.filter_map(|(code, at)| Some((at, rank(milestones, code)?))).max();
        Self {
            milestones,
            codes,
            unknown_code,
            newest: newest.map(|(at, rank)| {
                let (qualifier, state) = milestones[rank];
                Milestone { at, qualifier, state }
            }),
            scheduled: times.first(block_qualifiers(kind), TimeType::Scheduled),
            estimated: times.first(block_qualifiers(kind), TimeType::Estimated),
        }
    }

    /// Returns whether the aircraft is back at its stand, so that it has not departed after all.
    pub(crate) fn has_returned(&self) -> bool {
        self.has("GRT")
    }

    /// Decides the changes of `row`, the row on the board.
    pub(crate) fn change(&self, row: Option<&Flight>) -> StateChange {
        let text = |field| row.and_then(|row| row.text(field)).unwrap_or_default();
        let (state, remark) = (text(FlightField::State), text(FlightField::Remark));
        let had_estimate = !text(FlightField::Estimated).is_empty();
        let is_passed = row.zip(self.newest).is_some_and(|(row, it)| has_passed(row, it.at));
        let next = match self.next_state(&state.to_ascii_lowercase(), remark, had_estimate) {
            // A touchdown that is reported again does not take the aircraft off its stand.
            Some(LANDED) if is_passed => None,
            next => next,
        };
        let own = self.own_remark(had_estimate);
        let remark = match self.unknown_code.or(own) {
            Some(new) => Statement::Value(new.to_owned()),
            None if next.is_some() && OWN_REMARKS.contains(&remark) => Statement::Cleared,
            None => Statement::Absent,
        };
        StateChange { state: next, remark }
    }

    fn next_state(&self, current: &str, remark: &str, had_estimate: bool) -> Option<&'static str> {
        if self.is_cancelled() {
            return Some(CANCELLED);
        }
        // Only SQ reinstates a cancelled flight. A flight that did not operate may operate after all.
        let operates_again = remark == NOT_OPERATING_REMARK && self.has("OP");
        let is_reinstated = self.has("SQ") || operates_again;
        if current == CANCELLED && !is_reinstated {
            return None;
        }
        if self.has("DV") || self.has("RT") {
            return Some(DIVERTED);
        }
        let reached = self.newest.map(|newest| newest.state).or_else(|| self.state_of_codes());
        match reached {
            // A diverted flight may reach its destination later.
            _ if current == DIVERTED && !is_reinstated => {
                reached.filter(|state| [LANDED, AT_GATE, BAGGAGE].contains(state))
            }
            Some(state) if !state.is_empty() => Some(state),
            _ => {
                let restarts = is_reinstated || self.has_returned() || reached.is_some();
                self.state_before_boarding(current, had_estimate, restarts)
            }
        }
    }

    /// The state of a flight of which only times are known, if `current` is such a state or the flight
    /// is there again.
    fn state_before_boarding(
        &self,
        current: &str,
        had_estimate: bool,
        restarts: bool,
    ) -> Option<&'static str> {
        if !restarts && !["", SCHEDULED, EXPECTED].contains(&current) {
            return None;
        }
        let is_late = self.has("DEL") || self.has("EAR");
        let is_expected = is_late
            || match self.estimated {
                Statement::Value(_) => true,
                Statement::Cleared => false,
                Statement::Absent => had_estimate || current == EXPECTED,
            };
        if is_expected {
            return Some(EXPECTED);
        }
        let is_known = restarts || self.scheduled != Statement::Absent || current == EXPECTED;
        is_known.then_some(SCHEDULED)
    }

    /// The state that the codes of the message name.
    fn state_of_codes(&self) -> Option<&'static str> {
        let ranks = self.codes.iter().filter_map(|code| rank(self.milestones, code));
        ranks.max().map(|rank| self.milestones[rank].1)
    }

    /// The remark for an event without a state.
    fn own_remark(&self, had_estimate: bool) -> Option<&'static str> {
        let has_estimate = had_estimate || matches!(self.estimated, Statement::Value(_));
        let newest = self.newest.map(|newest| newest.qualifier);
        if self.is_cancelled() {
            (!self.has("DX")).then_some(NOT_OPERATING_REMARK)
        } else if self.has_returned() {
            Some(RETURNED_REMARK)
        } else if newest == Some("CHC") {
            Some(CHECK_IN_CLOSED_REMARK)
        } else if self.has("DEL") && newest.is_none() && !has_estimate {
            Some(DELAYED_REMARK)
        } else {
            None
        }
    }

    fn is_cancelled(&self) -> bool {
        (self.has("DX") || self.has("NOP")) && !self.has("SQ")
    }

    fn has(&self, code: &str) -> bool {
        self.codes.contains(&code)
    }
}

/// Returns whether the row is past a touchdown or take-off at this time: it has the time on or off
/// block, which counts.
pub(crate) fn has_passed(row: &Flight, at: Timestamp) -> bool {
    let actual = row.timestamp(FlightField::Actual);
    match &*row.text(FlightField::State).unwrap_or_default().to_ascii_lowercase() {
        DEPARTED => actual.is_some(),
        AT_GATE | BAGGAGE => actual.is_some_and(|actual| actual >= at),
        _ => false,
    }
}

/// The qualifiers of the times that boards show: on or off block, else touchdown or take-off.
pub(crate) fn block_qualifiers(kind: BoardKind) -> &'static [&'static str] {
    match kind {
        BoardKind::Arrivals => &["ONB", "TDN"],
        BoardKind::Departures => &["OFB", "TKO"],
    }
}

/// The codes of `OperationalStatus` that concern this end of the leg. A cancellation or diversion
/// concerns both ends.
fn status_codes(kind: BoardKind, data: &XmlElement) -> Vec<&str> {
    let statuses = data.children_named("OperationalStatus");
    let codes = statuses.filter_map(|status| {
        let code = status.text()?;
        (concerns(kind, status) || WHOLE_LEG_CODES.contains(&code)).then_some(code)
    });
    codes.collect()
}

/// The codes that passengers see: remarks for the terminal, and the older `PublicStatus`.
fn public_codes(kind: BoardKind, data: &XmlElement) -> Vec<&str> {
    let is_public =
        |remark: &&XmlElement| remark.attribute("Qualifier").is_none_or(|it| it == "TER");
    let remarks = data.children_named("RemarkTextCode").filter(is_public);
    let all = remarks.chain(data.children_named("PublicStatus"));
    all.filter(|code| concerns(kind, code)).filter_map(XmlElement::text).collect()
}

/// Returns whether an element with a `FlightLegScope` is about this end of the leg.
fn concerns(kind: BoardKind, element: &XmlElement) -> bool {
    let other = match kind {
        BoardKind::Arrivals => "Departure",
        BoardKind::Departures => "Arrival",
    };
    element.attribute("FlightLegScope") != Some(other)
}

fn rank(milestones: &[(&str, &str)], code: &str) -> Option<usize> {
    milestones.iter().position(|(known, _)| *known == code)
}
