//! Finavia, the operator of Finland's airports: an XML feed with a key.

use std::ops::Range;
use std::time::Duration;

use flight::{BoardKind, FlightField};
use jiff::Timestamp;
use jiff::civil::Date;
use roxmltree::Node;

use super::body::{child, child_text, children, ok_body, xml};
use super::values::{airline_of_number, local_date, required_time};
use crate::answer::{AnswerOutcome, RefusedRow, SourceAnswer, UnansweredBoard};
use crate::row_builder::{RowBuilder, build_rows, without_blanks};
use crate::source::{HttpAnswer, Source, SourceAirport, SourceKey, SourceRequest, SourceTerms};

pub(crate) const TERMS: SourceTerms = SourceTerms {
    name: "finavia",
    title: "Finavia",
    owner: "Finavia, 20 Finnish airports",
    key: SourceKey::Header("app_key"),
    least_interval: Duration::from_secs(60),
    monthly_requests: None,
    terms: "unread",
    attribution: "Finavia",
    link: None,
    board_note: None,
};

const FIELDS: &[FlightField] = &[
    FlightField::Origin,
    FlightField::Destination,
    FlightField::Via,
    FlightField::Airline,
    FlightField::Codeshares,
    FlightField::Aircraft,
    FlightField::Arrival,
    FlightField::Departure,
    FlightField::Estimated,
    FlightField::Actual,
    FlightField::State,
    FlightField::Gate,
    FlightField::Stand,
    FlightField::Belt,
    FlightField::CheckIn,
    FlightField::Remark,
];

/// Elements of codeshares. The main number stands in the first if the row has another's.
const CODESHARES: [&str; 7] =
    ["mfltnr", "cflight_1", "cflight_2", "cflight_3", "cflight_4", "cflight_5", "cflight_6"];

/// The feed of one airport.
#[derive(Debug)]
pub(crate) struct Finavia {
    airport: SourceAirport,
}

impl Finavia {
    pub(crate) fn new(airport: SourceAirport) -> Self {
        Self { airport }
    }

    fn read_body(&self, body: &str) -> Result<AnswerOutcome, String> {
        let document = xml(body)?;
        let root = document.root_element();
        if root.tag_name().name() != "flights" {
            return Err(format!("the answer is <{}>, not <flights>", root.tag_name().name()));
        }
        let mut answer = SourceAnswer::default();
        let mut spans = Vec::new();
        for kind in &self.airport.kinds {
            match self.read_direction(root, *kind, &mut answer) {
                Ok(span) => spans.push(span),
                Err(reason) => {
                    answer.unanswered.push(UnansweredBoard { kind: *kind, reason });
                }
            }
        }
        let reasons: Vec<_> = answer.unanswered.iter().map(|board| &*board.reason).collect();
        let reason = (!reasons.is_empty()).then(|| reasons.join("; "));
        if let Some(reason) = &reason
            && spans.is_empty()
        {
            return Err(reason.clone());
        }
        // A board without rows proves nothing. The source does not say which hours it covers: those that
        // lie between the rows of each board.
        let shared = |one: Option<Range<Timestamp>>, other: Option<Range<Timestamp>>| {
            let (one, other) = (one?, other?);
            let start = one.start.max(other.start);
            Some(start..one.end.min(other.end).max(start))
        };
        match spans.into_iter().reduce(shared).flatten().filter(|_| reason.is_none()) {
            Some(covers) => Ok(AnswerOutcome::Full { answer, covers }),
            None => Ok(AnswerOutcome::Partial { answer, reason }),
        }
    }

    /// Reads the flights of one direction, and returns the span from the first scheduled time to the
    /// last, if there are any.
    fn read_direction(
        &self,
        root: Node<'_, '_>,
        kind: BoardKind,
        answer: &mut SourceAnswer,
    ) -> Result<Option<Range<Timestamp>>, String> {
        let name = match kind {
            BoardKind::Arrivals => "arr",
            BoardKind::Departures => "dep",
        };
        let direction = child(root, name).ok_or_else(|| format!("the answer has no <{name}>"))?;
        let body = child(direction, "body").ok_or_else(|| format!("<{name}> has no <body>"))?;
        let mut rows = Vec::new();
        let mut span: Option<Range<Timestamp>> = None;
        for flight in children(body, "flight") {
            let airport = child_text(flight, "h_apt");
            if airport != self.airport.code {
                let code = &self.airport.code;
                return Err(format!("the answer is for the airport {airport:?}, not {code}"));
            }
            match self.read_flight(flight, kind, &mut answer.unknown_words) {
                Ok((row, scheduled)) => {
                    rows.push(row);
                    let known = span.unwrap_or(scheduled..scheduled);
                    span = Some(known.start.min(scheduled)..known.end.max(scheduled));
                }
                Err(refused) => answer.refused.push(refused),
            }
        }
        build_rows(rows, answer);
        Ok(span)
    }

    fn read_flight(
        &self,
        node: Node<'_, '_>,
        kind: BoardKind,
        unknown_words: &mut Vec<String>,
    ) -> Result<(RowBuilder, Timestamp), RefusedRow> {
        let text = |name| child_text(node, name);
        let time = |name| text(name).parse().ok();
        let number = without_blanks(text("fltnr"));
        let (other_end, scheduled) = match kind {
            BoardKind::Arrivals => (FlightField::Origin, FlightField::Arrival),
            BoardKind::Departures => (FlightField::Destination, FlightField::Departure),
        };
        let zone = &self.airport.zone;
        let schedule_time = required_time(&number, "sdt", text("sdt"))?;
        let date = Date::strptime("%Y%m%d", text("sdate"));
        let place = if text("route_1").is_empty() { text("route_n_1") } else { text("route_1") };
        let codeshares = CODESHARES.map(text).into_iter().filter(|code| *code != number);
        let estimated: Option<Timestamp> = time("pest_d").or_else(|| time("est_d"));
        let mut row = RowBuilder::new(kind, &number);
        row.key("date", date.unwrap_or_else(|_| local_date(schedule_time, zone)))
            .text(other_end, place)
            .list(FlightField::Via, ["route_2", "route_3", "route_4"].map(text))
            .text(FlightField::Airline, airline_of_number(&number))
            .list(FlightField::Codeshares, codeshares)
            .text(FlightField::Aircraft, text("acreg"))
            .time(scheduled, Some(schedule_time), zone)
            .time(FlightField::Estimated, estimated, zone)
            .time(FlightField::Actual, time("act_d"), zone)
            .text(FlightField::Gate, text("gate"))
            .text(FlightField::Stand, text("park"))
            .text(FlightField::Belt, text("bltarea"))
            .text(FlightField::CheckIn, &desks(node));
        let word = text("prt");
        match state(kind, word) {
            Some(state) => row.text(FlightField::State, state),
            None => {
                unknown_words.push(word.to_owned());
                row.text(FlightField::Remark, word)
            }
        };
        // Travellers see no new time, so the word says it.
        if word.eq_ignore_ascii_case("delayed") && estimated.is_none() {
            row.text(FlightField::Remark, word);
        }
        Ok((row, schedule_time))
    }
}

impl Source for Finavia {
    fn terms(&self) -> &'static SourceTerms {
        &TERMS
    }

    fn fields(&self) -> &'static [FlightField] {
        FIELDS
    }

    fn requests(&self, _now: Timestamp) -> Vec<SourceRequest> {
        let direction = match self.airport.kinds[..] {
            [BoardKind::Arrivals] => "arr",
            [BoardKind::Departures] => "dep",
            _ => "all",
        };
        let base = "https://apigw.finavia.fi/flights/public/v0/flights";
        vec![SourceRequest::get(format!("{base}/{direction}/{}", self.airport.code))]
    }

    fn read(
        &mut self,
        answers: &[Result<HttpAnswer, String>],
        _asked_at: Timestamp,
    ) -> AnswerOutcome {
        let outcome = ok_body(answers.first()).and_then(|body| self.read_body(body));
        outcome.unwrap_or_else(AnswerOutcome::failed)
    }
}

/// The state of the public remark, in English or as a code.
fn state(kind: BoardKind, word: &str) -> Option<&'static str> {
    match &*word.to_ascii_lowercase() {
        "" | "on time" | "scheduled" => Some("scheduled"),
        "estimated" | "delayed" | "dly" => Some("expected"),
        "check-in" => Some("check-in"),
        "go to gate" | "gate open" | "gto" => Some("gate open"),
        "boarding" | "bor" | "brd" => Some("boarding"),
        "final call" | "last call" | "lcl" => Some("final call"),
        "gate closed" | "gtc" | "gcl" => Some("gate closed"),
        "departed" | "dep" => Some("departed"),
        "airborne" | "air" => Some(match kind {
            BoardKind::Arrivals => "expected",
            BoardKind::Departures => "departed",
        }),
        "landed" => Some("landed"),
        "cancelled" | "canceled" | "cnx" => Some("cancelled"),
        "diverted" | "div" => Some("diverted"),
        _ => None,
    }
}

/// The desks, such as `207-215`, or their area.
fn desks(node: Node<'_, '_>) -> String {
    let (first, last) = (child_text(node, "chkdsk_1"), child_text(node, "chkdsk_2"));
    match (first, last) {
        ("", "") => child_text(node, "chkarea").to_owned(),
        (one, "") | ("", one) => one.to_owned(),
        (first, last) if first == last => first.to_owned(),
        (first, last) => format!("{first}-{last}"),
    }
}
