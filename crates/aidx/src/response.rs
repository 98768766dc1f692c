//! The answer to a message: `IATA_AIDX_FlightLegRS`.

use jiff::Timestamp;
use quick_xml::escape::escape;

use crate::leg::LegRefusal;
use crate::message::{MessageHeader, SOAP_1_2, SoapVersion};

const AIDX: &str = "http://www.iata.org/IATA/2007/00";
const SOAP_1_1: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// The version of an answer to a message that has none.
const DEFAULT_VERSION: &str = "22.1";

/// The outcome of a message.
#[derive(Debug, Clone, Copy)]
pub enum MessageOutcome<'a> {
    /// It was applied, except for these legs.
    Success(&'a [LegRefusal]),
    /// Nothing was applied, and a repetition would fail too.
    Refused(&'a str),
    /// It could not be applied now.
    Unavailable(&'a str),
}

/// The answer, made at `now`.
pub fn response(header: &MessageHeader, outcome: MessageOutcome<'_>, now: Timestamp) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let soap = header.soap.map(|version| match version {
        SoapVersion::V1_1 => SOAP_1_1,
        SoapVersion::V1_2 => SOAP_1_2,
    });
    if let Some(namespace) = soap {
        xml += &format!("<s:Envelope xmlns:s=\"{namespace}\"><s:Body>");
    }
    xml += &format!("<IATA_AIDX_FlightLegRS xmlns=\"{AIDX}\"");
    if !header.echo.iter().any(|(name, _)| *name == "Version") {
        xml += &format!(" Version=\"{DEFAULT_VERSION}\"");
    }
    for (name, value) in &header.echo {
        xml += &format!(" {name}=\"{}\"", escape(value));
    }
    xml += &format!(" TimeStamp=\"{}\">", now.strftime("%Y-%m-%dT%H:%M:%SZ"));
    xml += &match outcome {
        MessageOutcome::Success(warnings) => success(warnings),
        // Codeset 9321: invalid format, do not resend; unable to process, resend.
        MessageOutcome::Refused(reason) => errors("294", reason),
        MessageOutcome::Unavailable(reason) => errors("911", reason),
    };
    xml += "</IATA_AIDX_FlightLegRS>";
    if soap.is_some() {
        xml += "</s:Body></s:Envelope>";
    }
    xml + "\n"
}

fn success(warnings: &[LegRefusal]) -> String {
    let mut xml = "<Success/>".to_owned();
    if !warnings.is_empty() {
        xml += "<Warnings>";
        for LegRefusal { leg, reason } in warnings {
            let text = plain(&format!("{leg}: {reason}"));
            xml +=
                &format!("<Warning RecordID=\"{}\">{}</Warning>", escape(plain(leg)), escape(text));
        }
        xml += "</Warnings>";
    }
    xml
}

fn errors(code: &str, reason: &str) -> String {
    let reason = plain(reason);
    let reason = escape(&reason);
    format!("<Errors><Error Type=\"{code}\" ShortText=\"{reason}\">{reason}</Error></Errors>")
}

/// The text without characters that XML cannot have.
fn plain(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}
