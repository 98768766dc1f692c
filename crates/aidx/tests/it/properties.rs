//! No bytes of a sender cause a panic, and every answer is XML.

use aidx::{AidxMessage, LegRefusal, MessageOutcome, response};
use flight::{ApplyOutcome, BoardName, Boards, Change, Update};
use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::{prop_assert, prop_assert_eq};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::json;

const MESSAGE: &str = "<IATA_AIDX_FlightLegNotifRQ Version='21.2' TimeStamp='2026-11-22T09:00:00Z' EchoToken='e'>\
    <FlightLeg><LegIdentifier><Airline>SK</Airline><FlightNumber>1472</FlightNumber>\
    <DepartureAirport>CPH</DepartureAirport><ArrivalAirport>OSL</ArrivalAirport>\
    <OriginDate>2026-11-22</OriginDate><RepeatNumber>2</RepeatNumber></LegIdentifier>\
    <LegData><OperationalStatus>DV</OperationalStatus><ServiceType>J</ServiceType>\
    <AirportResources Usage='Actual'><Resource DepartureOrArrival='Arrival'><PassengerGate>B2</PassengerGate>\
    </Resource></AirportResources><AssociatedFlightLegSchedule><DepartureAirport>OSL</DepartureAirport>\
    <ArrivalAirport>CPH</ArrivalAirport></AssociatedFlightLegSchedule>\
    <OperationTime OperationQualifier='ONB' TimeType='SCT'>2026-11-22T10:10:00Z</OperationTime>\
    <RemarkFreeText>a &amp; b</RemarkFreeText></LegData></FlightLeg></IATA_AIDX_FlightLegNotifRQ>";

/// The boards with the arrivals of Oslo.
fn boards() -> (BoardName, Boards) {
    let name = BoardName::parse("osl").unwrap();
    let settings = json!({"airport": "OSL", "kind": "arrivals"});
    let open = Change::parse(&name, "boardUpdate", &settings).unwrap();
    let mut boards = Boards::default();
    boards.apply(1, "2026-11-22T09:00:00Z".parse().unwrap(), &Update::new(name.clone(), open));
    (name, boards)
}

/// Reads a message, applies its legs, and returns the answer.
fn deliver(body: &[u8]) -> String {
    let now = "2026-11-22T09:00:01Z".parse().unwrap();
    let message = match AidxMessage::read(body, None) {
        Ok(message) => message,
        Err(error) => {
            return response(&error.header, MessageOutcome::Refused(&error.to_string()), now);
        }
    };
    let (name, mut boards) = boards();
    let mut warnings = Vec::new();
    for (seq, leg) in (2..).zip(&message.legs) {
        match leg {
            Ok(leg) => match leg.change(boards.board(&name).unwrap()) {
                Ok(change) => {
                    let update = Update::new(name.clone(), change.change);
                    let update = update.with_precondition(change.precondition);
                    boards.apply(seq, now, &update);
                }
                Err(reason) => warnings.push(LegRefusal { leg: leg.to_string(), reason }),
            },
            Err(refusal) => warnings.push(refusal.clone()),
        }
    }
    response(&message.header, MessageOutcome::Success(&warnings), now)
}

fn is_xml(text: &str) -> bool {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Eof) => return true,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_get_an_answer(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(is_xml(&deliver(&body)));
    }

    #[test]
    fn damaged_messages_get_an_answer(
        at in 0..MESSAGE.len(),
        removed in 0..40_usize,
        inserted in "[\\PC<>&;:'\"/a-z\\x00-\\x1f]{0,12}",
    ) {
        let end = (at + removed).min(MESSAGE.len());
        let body = format!("{}{inserted}{}", &MESSAGE[..at], &MESSAGE[end..]);
        let answer = deliver(body.as_bytes());
        prop_assert!(is_xml(&answer), "{answer}");
        prop_assert_eq!(answer.contains("<Success/>"), !answer.contains("<Errors>"));
    }
}

#[test]
fn undamaged_message_is_applied() {
    assert!(!deliver(MESSAGE.as_bytes()).contains("Warning"));
    let message = AidxMessage::read(MESSAGE.as_bytes(), None).unwrap();
    let (name, mut boards) = boards();
    let change = message.legs[0].as_ref().unwrap().change(boards.board(&name).unwrap()).unwrap();
    let time = "2026-11-22T09:00:01Z".parse().unwrap();
    let outcome = boards.apply(2, time, &Update::new(name, change.change));
    assert!(matches!(outcome, ApplyOutcome::Changed(_)), "{outcome:?}");
    assert_eq!(message.header.echo[1..], [("EchoToken", "e".to_owned())]);
}
