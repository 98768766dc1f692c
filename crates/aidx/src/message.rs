//! A message: its envelope, its identity, and its legs.

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use crate::encoding;
use crate::leg::{FlightLeg, LegRefusal};
use crate::xml::{self, XmlElement};

/// The message that is accepted.
const NOTIFICATION: &str = "IATA_AIDX_FlightLegNotifRQ";

/// Most legs of a message: several days of a large airport.
pub const MAX_LEGS: usize = 5_000;

/// Longest value that the answer repeats, as the AIDX schema has it.
const MAX_ECHO_CHARS: usize = 128;

/// The namespace of SOAP 1.2.
pub(crate) const SOAP_1_2: &str = "http://www.w3.org/2003/05/soap-envelope";

/// An `IATA_AIDX_FlightLegNotifRQ`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AidxMessage {
    /// When the sender made it: of two messages about a leg, the one with the later time counts.
    pub time_stamp: Timestamp,
    /// The sender's number of the message, which decides between equal times.
    pub sequence_number: Option<u64>,
    /// The attributes and the envelope of the answer.
    pub header: MessageHeader,
    /// The legs, in order.
    pub legs: Vec<Result<FlightLeg, LegRefusal>>,
}

/// The parts of a message that its answer repeats.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageHeader {
    /// The SOAP envelope around the message, if there is one.
    pub soap: Option<SoapVersion>,
    /// The attributes that identify the message, by name.
    pub echo: Vec<(&'static str, String)>,
}

/// A version of SOAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SoapVersion {
    /// SOAP 1.1, sent as `text/xml`.
    V1_1,
    /// SOAP 1.2, sent as `application/soap+xml`.
    V1_2,
}

/// A message that was refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the message {reason}")]
pub struct MessageError {
    /// The kind of fault.
    pub fault: MessageFault,
    /// The reason, of which the message is the subject.
    pub reason: String,
    /// The parts of the message for the answer, as far as they could be read.
    pub header: MessageHeader,
}

/// The kinds of faults of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageFault {
    /// It is not text, not XML, or XML of a kind that is refused.
    Malformed,
    /// It is XML, but not a message that is accepted.
    Unsupported,
    /// It has too many legs.
    TooLarge,
}

impl AidxMessage {
    /// Reads a message. `charset` is that of the content type.
    ///
    /// # Errors
    /// The message is refused as a whole. Faults of a leg concern only that leg.
    pub fn read(body: &[u8], charset: Option<&str>) -> Result<Self, MessageError> {
        let document = encoding::decode(body, charset).and_then(|text| xml::parse(&text));
        let root = document.map_err(|reason| MessageError {
            fault: MessageFault::Malformed,
            reason,
            header: MessageHeader::default(),
        })?;
        let soap = soap_version(&root);
        let message = if soap.is_some() { soap_body(&root) } else { Some(&root) };
        let header = MessageHeader { soap, echo: message.map(echo).unwrap_or_default() };
        let refused = |(fault, reason)| MessageError { fault, reason, header: header.clone() };
        let (time_stamp, sequence_number) = check(message).map_err(refused)?;
        let legs = message.into_iter().flat_map(|message| message.children_named("FlightLeg"));
        let legs = legs.map(FlightLeg::read).collect();
        Ok(Self { time_stamp, sequence_number, header, legs })
    }

    /// The moment of the message for the order of updates: its time, cut to milliseconds, and below
    /// that its sequence number.
    pub fn as_of(&self) -> Timestamp {
        let Some(number) = self.sequence_number else { return self.time_stamp };
        let millis = Timestamp::from_millisecond(self.time_stamp.as_millisecond());
        let number = i64::try_from(number % 1_000_000).unwrap_or_default();
        let as_of = millis.and_then(|time| time.checked_add(SignedDuration::from_nanos(number)));
        as_of.unwrap_or(self.time_stamp)
    }
}

/// Parses an `xs:dateTime`. AIDX times are UTC, so one without an offset is, too.
pub(crate) fn parse_time(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let time: jiff::civil::DateTime = text.parse().ok()?;
        // A date alone is not a time.
        text.contains('T').then(|| Offset::UTC.to_timestamp(time).ok())?
    })
}

fn soap_version(root: &XmlElement) -> Option<SoapVersion> {
    (root.name == "Envelope").then(|| match root.has_attribute_value(SOAP_1_2) {
        true => SoapVersion::V1_2,
        false => SoapVersion::V1_1,
    })
}

/// The first AIDX message in the body of an envelope: services wrap it in an element of their own.
fn soap_body(envelope: &XmlElement) -> Option<&XmlElement> {
    let mut elements: Vec<_> = envelope.children_named("Body").collect();
    while let Some(element) = elements.pop() {
        if element.name.starts_with("IATA_AIDX_") {
            return Some(element);
        }
        elements.extend(element.children.iter().rev());
    }
    None
}

fn echo(message: &XmlElement) -> Vec<(&'static str, String)> {
    let names = ["Version", "EchoToken", "TransactionIdentifier", "SequenceNmbr", "CorrelationID"];
    let values = names.map(|name| (name, message.attribute(name)));
    let is_plain = |value: &&str| {
        value.chars().count() <= MAX_ECHO_CHARS && !value.chars().any(char::is_control)
    };
    let values =
        values.into_iter().filter_map(|(name, value)| Some((name, value.filter(is_plain)?)));
    values.map(|(name, value)| (name, value.to_owned())).collect()
}

/// Checks the message as a whole. Returns its time and number.
fn check(message: Option<&XmlElement>) -> Result<(Timestamp, Option<u64>), (MessageFault, String)> {
    let unsupported = |reason: String| (MessageFault::Unsupported, reason);
    let message =
        message.ok_or_else(|| unsupported(format!("has no {NOTIFICATION} in its SOAP body")))?;
    if message.name != NOTIFICATION {
        let reason = format!("must be {NOTIFICATION}, not {}", message.name);
        return Err(unsupported(reason));
    }
    let time = message.attribute("TimeStamp").ok_or_else(|| {
        unsupported("has no TimeStamp, which tells it from older messages".to_owned())
    })?;
    let time_stamp = parse_time(time).ok_or_else(|| {
        unsupported("has a TimeStamp that is not a time such as 2026-11-22T09:10:00Z".to_owned())
    })?;
    let number = message.attribute("SequenceNmbr").map(str::parse).transpose();
    let number =
        number.map_err(|_| unsupported("has a SequenceNmbr that is not a number".to_owned()))?;
    match message.children_named("FlightLeg").count() {
        0 => Err(unsupported("has no FlightLeg".to_owned())),
        legs if legs > MAX_LEGS => {
            Err((MessageFault::TooLarge, format!("has {legs} legs, more than {MAX_LEGS}")))
        }
        _ => Ok((time_stamp, number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_any_offset_and_fraction() {
        let expected: Timestamp = "2026-11-22T09:10:00.4014748Z".parse().unwrap();
        for text in ["2026-11-22T09:10:00.4014748Z", "2026-11-22T10:10:00.4014748+01:00"] {
            assert_eq!(parse_time(text), Some(expected), "{text}");
        }
        assert_eq!(parse_time("2026-11-22T09:10:00.4014748"), Some(expected));
        for text in ["", "2026-11-22", "09:10", "yesterday", "2026-13-22T09:10:00Z"] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }
}
