//! The input and the rules of a mapping.

use feeds::SourceCredit;
use flight::BoardKind;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::decode::AnswerFormat;

/// The settings of a mapped source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapOptions {
    /// The URL of the request; not used to [`explain`](crate::explain).
    pub url: String,
    /// The program.
    pub program: MapProgram,
    /// The kind of the board: on arrivals `arrival` is the scheduled time of a row, on departures `departure`.
    pub kind: BoardKind,
    /// The zone of times without an offset.
    pub zone: TimeZone,
    /// The format of answers. Without one, the first good answer decides.
    pub format: Option<AnswerFormat>,
    /// How to read CSV.
    pub csv: CsvOptions,
    /// The words about the source on the page.
    pub credit: SourceCredit,
}

/// A jq program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapProgram {
    /// Its name for messages, such as the path of its file.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl MapProgram {
    /// The kind of board for which the program seems to be written: departures, if it has the word `departure` and not
    /// the word `arrival`.
    pub fn kind(&self) -> BoardKind {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let words =
            self.text.split(|character: char| !character.is_ascii() || !is_word(character as u8));
        let words: Vec<_> = words.collect();
        match (words.contains(&"arrival"), words.contains(&"departure")) {
            (false, true) => BoardKind::Departures,
            _ => BoardKind::Arrivals,
        }
    }
}

/// How to read CSV.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsvOptions {
    /// The byte between two fields. Without one, the most frequent of `,`, `;`, tab and `|` in the first line.
    pub delimiter: Option<u8>,
    /// True if the first line has the names of the fields: then lines become objects, else arrays.
    pub header: bool,
}

/// A mapped source that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// The program does not compile: the place and the reason.
    #[error("{0}")]
    Program(String),
}
