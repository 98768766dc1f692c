//! Messages of IATA's Aviation Information Data Exchange (AIDX), with which an airport's own systems
//! report the progress of a flight.
//!
//! An [`AidxMessage`] is read from the bytes of an `IATA_AIDX_FlightLegNotifRQ`. Each of its
//! [legs](FlightLeg) becomes a [change](FlightLeg::change) of the boards of its two airports, and the
//! [`response`] says which legs changed nothing. Pure: no I/O and no clock.
//!
//! ```
//! use aidx::AidxMessage;
//! use flight::BoardKind;
//!
//! let message = AidxMessage::read(
//!     br#"<IATA_AIDX_FlightLegNotifRQ xmlns="http://www.iata.org/IATA/2007/00" Version="21.2"
//!           TimeStamp="2026-11-22T09:10:00Z"><Originator CompanyShortName="AODB"/><FlightLeg>
//!         <LegIdentifier><Airline>SK</Airline><FlightNumber>1472</FlightNumber>
//!           <DepartureAirport>CPH</DepartureAirport><ArrivalAirport>OSL</ArrivalAirport>
//!           <OriginDate>2026-11-22</OriginDate></LegIdentifier>
//!         <LegData><OperationTime OperationQualifier="ONB" TimeType="SCT">2026-11-22T10:10:00Z</OperationTime>
//!         </LegData></FlightLeg></IATA_AIDX_FlightLegNotifRQ>"#,
//!     None,
//! )?;
//! let leg = message.legs[0].as_ref().expect("a leg that can be read");
//! assert_eq!(leg.to_string(), "SK1472 of 2026-11-22 from CPH to OSL");
//! assert!(leg.is_for("ENGM", BoardKind::Arrivals));
//! # Ok::<(), aidx::MessageError>(())
//! ```

/// Decodes a body by its character set.
mod encoding;

/// Reads XML into a bounded tree.
mod xml;

/// A message: its envelope, its identity, and its legs.
mod message;

/// A leg: its identity and its data.
mod leg;

/// The operation times of a leg.
mod times;

/// The state of a row after a message.
mod state;

/// Gates, belts and the like.
mod resources;

/// The other airports of a flight with several legs.
mod route;

/// The fields of a row.
mod fields;

/// The change of a board.
mod row;

/// The answer to a message.
mod response;

pub use leg::{FlightLeg, LegRefusal, same_airport};
pub use message::{AidxMessage, MAX_LEGS, MessageError, MessageFault, MessageHeader, SoapVersion};
pub use response::{MessageOutcome, response};
pub use row::LegChange;
pub use xml::{MAX_XML_ATTRIBUTES, MAX_XML_DEPTH, MAX_XML_ELEMENTS};
