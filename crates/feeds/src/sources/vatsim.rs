//! VATSIM, a network of flight simulators: one JSON file of all aircraft, without a key.
//!
//! The address of the file is fixed here. It has not changed since version 3 of the format, while
//! asking `status.vatsim.net` for it would add a second host that can fail.

use std::time::Duration;

use codes::Airport;
use flight::{BoardKind, Flight, FlightField};
use jiff::Timestamp;

use self::known_rows::KnownRows;
use self::network_file::NetworkFile;
use self::traffic::{FlightSighting, sightings};
use super::body::ok_body;
use super::registry::SourceError;
use super::values::is_overtaken;
use crate::answer::{AnswerOutcome, SourceAnswer};
use crate::source::{HttpAnswer, Source, SourceAirport, SourceKey, SourceRequest, SourceTerms};

/// The file, parsed without names, ids and remarks.
mod network_file;

/// Positions: distances, and the phase of a flight.
mod phase;

/// The flights of one airport.
mod traffic;

/// A row as it was before, and the states that follow.
mod known_row;

/// The rows of one board, as they were before.
mod known_rows;

pub(crate) const TERMS: SourceTerms = SourceTerms {
    name: "vatsim",
    title: "VATSIM",
    owner: "VATSIM",
    key: SourceKey::None,
    least_interval: Duration::from_secs(15),
    monthly_requests: None,
    terms: "VATSIM user agreement (not read); say that it is not endorsed; personal data (names, \
            CIDs) inside, never stored or shown",
    attribution: "Simulated traffic: VATSIM",
    link: Some("https://vatsim.net"),
    board_note: Some("Simulated traffic, not real flights. Not endorsed by VATSIM."),
};

const FIELDS: &[FlightField] = &[
    FlightField::Origin,
    FlightField::Destination,
    FlightField::Airline,
    FlightField::Aircraft,
    FlightField::Arrival,
    FlightField::Departure,
    FlightField::Estimated,
    FlightField::Actual,
    FlightField::State,
];

const URL: &str = "https://data.vatsim.net/v3/vatsim-data.json";

/// The traffic of one airport.
#[derive(Debug)]
pub(crate) struct Vatsim {
    airport: SourceAirport,
    place: &'static Airport,
    boards: Vec<KnownRows>,
    /// The time of the newest file.
    newest_update: Option<Timestamp>,
    /// The number of aircraft in the newest file.
    newest_count: usize,
}

impl Vatsim {
    pub(crate) fn new(airport: SourceAirport) -> Result<Self, SourceError> {
        let place = codes::airport(&airport.code).filter(|place| place.icao.is_some());
        let place =
            place.ok_or_else(|| SourceError::UnknownAirport { code: airport.code.clone() })?;
        let boards = airport.kinds.iter().map(|kind| KnownRows::new(*kind)).collect();
        Ok(Self { airport, place, boards, newest_update: None, newest_count: 0 })
    }

    fn read_body(&mut self, body: &str, asked_at: Timestamp) -> Result<AnswerOutcome, String> {
        let file = NetworkFile::parse(body)?;
        let is_known = self.newest_update == Some(file.updated_at);
        if is_known || is_overtaken(file.updated_at, self.newest_update) {
            return Ok(AnswerOutcome::Unchanged);
        }
        // Hundreds of aircraft are always connected. Where half of them vanish at once, the network
        // has a fault, and the absence of one proves nothing.
        let is_short = file.pilots.is_empty() || file.pilots.len() * 2 < self.newest_count;
        self.newest_update = Some(file.updated_at);
        self.newest_count = file.pilots.len();

        let mut answer = SourceAnswer { refused: file.refused, ..SourceAnswer::default() };
        let today = self.airport.zone.to_datetime(asked_at).date();
        let sightings: Vec<FlightSighting> = sightings(self.place, file.pilots, file.prefiles);
        for board in &mut self.boards {
            board.read(&sightings, file.updated_at, today, &self.airport.zone, &mut answer);
            if is_short {
                board.excuse_absent(file.updated_at);
            } else {
                board.remove_absent(file.updated_at, &mut answer);
            }
        }
        if is_short {
            let reason = Some("most aircraft are missing from the answer".to_owned());
            return Ok(AnswerOutcome::Partial { answer, reason });
        }
        // Disconnects are frequent and rows may have no scheduled time, so the source itself decides
        // which rows are gone, and covers no span.
        Ok(AnswerOutcome::Full { answer, covers: file.updated_at..file.updated_at })
    }
}

impl Source for Vatsim {
    fn terms(&self) -> &'static SourceTerms {
        &TERMS
    }

    fn fields(&self) -> &'static [FlightField] {
        FIELDS
    }

    fn requests(&self, _now: Timestamp) -> Vec<SourceRequest> {
        vec![SourceRequest::get(URL.to_owned())]
    }

    fn recall(&mut self, kind: BoardKind, rows: &[Flight]) {
        for board in self.boards.iter_mut().filter(|board| board.kind() == kind) {
            board.recall(rows);
        }
    }

    fn read(
        &mut self,
        answers: &[Result<HttpAnswer, String>],
        asked_at: Timestamp,
    ) -> AnswerOutcome {
        let outcome = ok_body(answers.first()).and_then(|body| self.read_body(body, asked_at));
        outcome.unwrap_or_else(AnswerOutcome::failed)
    }
}
