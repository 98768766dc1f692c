//! Decodes an answer to the input of a program.

/// JSON.
mod json;

/// XML, folded to objects.
mod xml;

/// Text in lines: CSV, TSV and plain lines.
mod lines;

use jaq_json::Val;
use serde::{Deserialize, Serialize};

use crate::options::CsvOptions;

/// Deepest nesting of a JSON or XML answer. jq programs and jaq itself recurse along the nesting.
pub(crate) const MAX_DEPTH: usize = 127;

/// The format of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerFormat {
    /// One JSON value.
    Json,
    /// XML: an element is an object of its attributes (`@name`), its child elements and its text (`#text`), or
    /// only its text if it has nothing else; several of one name are an array.
    Xml,
    /// Comma-separated values: an array with an array of strings for each line, or an object if there is a header.
    Csv,
    /// The same with tabs between the fields, and without quotes.
    Tsv,
    /// An array of strings, one for each line that is not blank.
    Lines,
}

impl AnswerFormat {
    /// All formats.
    pub const ALL: [Self; 5] = [Self::Json, Self::Xml, Self::Csv, Self::Tsv, Self::Lines];

    /// The name in flags and configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Xml => "xml",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Lines => "lines",
        }
    }

    /// The format by the first character: `<` begins XML, `{` and `[` begin JSON, and anything else is CSV.
    pub fn detect(body: &str) -> Self {
        match without_mark(body).trim_start().chars().next() {
            Some('<') => Self::Xml,
            Some('{' | '[') => Self::Json,
            _ => Self::Csv,
        }
    }

    /// Decodes `body`, or says in a clause why it is not of this format.
    pub(crate) fn decode(self, body: &str, csv: CsvOptions) -> Result<Val, String> {
        let body = without_mark(body);
        match self {
            Self::Json => json::decode(body),
            Self::Xml => xml::decode(body),
            Self::Csv => lines::decode_csv(body, csv),
            Self::Tsv => lines::decode_tsv(body, csv.header),
            Self::Lines => Ok(lines::decode_lines(body)),
        }
    }
}

impl std::str::FromStr for AnswerFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|format| format.name() == text);
        known
            .ok_or_else(|| format!("not a format: one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}

/// The text without a byte order mark.
fn without_mark(body: &str) -> &str {
    body.strip_prefix('\u{feff}').unwrap_or(body)
}

/// A string as a value.
fn text_value(text: impl Into<String>) -> Val {
    Val::utf8_str(text.into().into_bytes())
}
