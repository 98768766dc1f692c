//! The settings of a feed, from `serve --feed` or a configuration file.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use flight::{BoardKind, BoardName};
use jiff::Timestamp;

use crate::flag_values;

/// The keys of a feed, as in `avinor/OSL,kind=arrivals`.
const KEYS: [&str; 10] = [
    "source",
    "airport",
    "kind",
    "board",
    "source-url",
    "interval",
    "clock",
    "key-file",
    "budget-file",
    "monthly-requests",
];

/// The settings of one feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FeedSettings {
    /// The source's name, such as `avinor`.
    pub(crate) source: String,
    /// The airport's code, for sources of more than one.
    pub(crate) airport: Option<String>,
    /// The direction of the rows; both if neither this nor `board` is given.
    pub(crate) kind: Option<BoardKind>,
    /// The board, instead of one named by airport and kind.
    pub(crate) board: Option<BoardName>,
    /// Replaces scheme, host and port of the source's address.
    pub(crate) source_url: Option<String>,
    /// The time between two polls.
    pub(crate) interval: Option<Duration>,
    /// The time at which the feed's clock starts.
    pub(crate) clock: Option<Timestamp>,
    /// The file with the source's key.
    pub(crate) key_file: Option<PathBuf>,
    /// The file that counts the requests of a source with a budget.
    pub(crate) budget_file: Option<PathBuf>,
    /// The number of requests in a month, if it is not the source's.
    pub(crate) monthly_requests: Option<u32>,
}

/// Feeds separated by blanks: a variable has one value for a flag that may repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FeedList(pub(crate) Vec<FeedSettings>);

/// A key of a feed that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InvalidFeed {
    feed: String,
    key: String,
    reason: String,
}

impl FeedSettings {
    /// Reads the pairs of a feed. Keys without a value are absent.
    pub(crate) fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, String)>,
    ) -> Result<Self, InvalidFeed> {
        let mut settings = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        for (key, value) in pairs {
            let outcome = if seen.contains(&key) {
                Err("is given twice".to_owned())
            } else {
                settings.set(key, value)
            };
            outcome.map_err(|reason| settings.invalid(key, reason))?;
            seen.push(key);
        }
        if settings.source.is_empty() {
            let reason = "is missing: give a source such as avinor/OSL";
            return Err(settings.invalid("source", reason));
        }
        Ok(settings)
    }

    fn set(&mut self, key: &str, value: String) -> Result<(), String> {
        match key {
            "source" => match value.split_once('/') {
                Some((source, airport)) => {
                    self.source = source.to_owned();
                    self.set("airport", airport.to_owned())?;
                }
                None => self.source = value,
            },
            "airport" if self.airport.is_some() => return Err("is given twice".to_owned()),
            "airport" => self.airport = Some(value),
            "kind" => self.kind = Some(flag_values::board_kind(&value)?),
            "board" => {
                let board = BoardName::parse(&value).map_err(|error| error.reason)?;
                self.board = Some(board);
            }
            "source-url" => self.source_url = Some(value),
            "interval" => {
                let interval = flags::duration(&value).map_err(|reason| format!("is {reason}"))?;
                self.interval = Some(interval);
            }
            "clock" => self.clock = Some(flag_values::timestamp(&value)?),
            "key-file" => self.key_file = Some(value.into()),
            "budget-file" => self.budget_file = Some(value.into()),
            "monthly-requests" => {
                let requests = value.parse().map_err(|_| "must be a number of requests")?;
                self.monthly_requests = Some(requests);
            }
            _ => return Err(unknown_key(key, &KEYS)),
        }
        Ok(())
    }

    /// An error about a key of this feed.
    pub(crate) fn invalid(&self, key: &str, reason: impl Into<String>) -> InvalidFeed {
        InvalidFeed { feed: self.to_string(), key: key.to_owned(), reason: reason.into() }
    }
}

/// The source and airport, as in `avinor/OSL`.
impl fmt::Display for FeedSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        self.airport.as_ref().map_or(Ok(()), |airport| write!(f, "/{airport}"))
    }
}

impl FromStr for FeedSettings {
    type Err = InvalidFeed;

    /// Parses `avinor/OSL,kind=arrivals`. A value with a comma must stand in a configuration file.
    fn from_str(text: &str) -> Result<Self, InvalidFeed> {
        let (source, rest) = text.split_once(',').unwrap_or((text, ""));
        let mut pairs = vec![("source", source.to_owned())];
        for pair in rest.split(',').filter(|pair| !pair.is_empty()) {
            let Some((key, value)) = pair.split_once('=') else {
                let reason = "has no value: write key=value, and a value with a comma or a blank \
                              in a file for --config";
                return Err(Self::from_pairs(pairs)?.invalid(pair, reason));
            };
            pairs.push((key, value.to_owned()));
        }
        Self::from_pairs(pairs)
    }
}

impl FromStr for FeedList {
    type Err = InvalidFeed;

    fn from_str(text: &str) -> Result<Self, InvalidFeed> {
        text.split_whitespace().map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for InvalidFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { feed, key, reason } = self;
        match feed.as_str() {
            "" => write!(f, "{key} {reason}"),
            _ => write!(f, "feed {feed}: {key} {reason}"),
        }
    }
}

impl std::error::Error for InvalidFeed {}

/// The reason to refuse a key, with the known one that it may stand for.
pub(crate) fn unknown_key(key: &str, known: &[&str]) -> String {
    match flags::nearest_name(key, known, "") {
        Some(nearest) => format!("is no key: did you mean {nearest}?"),
        None => format!("is no key: the keys are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        text.parse::<FeedSettings>().unwrap_err().to_string()
    }

    #[test]
    fn keys_are_read() {
        let text = "avinor/OSL,kind=arrivals,board=x,source-url=http://127.0.0.1:9000,interval=1s,\
                    clock=2026-01-07T09:00:00Z,key-file=/run/key,monthly-requests=600";
        let settings: FeedSettings = text.parse().unwrap();
        let expected = FeedSettings {
            source: "avinor".to_owned(),
            airport: Some("OSL".to_owned()),
            kind: Some(BoardKind::Arrivals),
            board: Some(BoardName::parse("x").unwrap()),
            source_url: Some("http://127.0.0.1:9000".to_owned()),
            interval: Some(Duration::from_secs(1)),
            clock: Some("2026-01-07T09:00:00Z".parse().unwrap()),
            key_file: Some("/run/key".into()),
            budget_file: None,
            monthly_requests: Some(600),
        };
        assert_eq!(settings, expected);
        assert_eq!(settings.to_string(), "avinor/OSL");
        let hkia: FeedSettings = "hkia,airport=HKG".parse().unwrap();
        assert_eq!(hkia.to_string(), "hkia/HKG");
    }

    #[test]
    fn errors_name_feed_and_key() {
        for (text, expected) in [
            ("", "source is missing: give a source such as avinor/OSL"),
            ("avinor/OSL,kind=cargo", "feed avinor/OSL: kind must be arrivals or departures"),
            (
                "avinor/OSL,intervall=1s",
                "feed avinor/OSL: intervall is no key: did you mean interval?",
            ),
            (
                "avinor/OSL,source_url=x",
                "feed avinor/OSL: source_url is no key: did you mean source-url?",
            ),
            ("avinor/OSL,kind=arrivals,kind=arrivals", "feed avinor/OSL: kind is given twice"),
            ("avinor/OSL,airport=BGO", "feed avinor/OSL: airport is given twice"),
            ("avinor,airport=OSL,airport=BGO", "feed avinor/OSL: airport is given twice"),
        ] {
            assert_eq!(error(text), expected);
        }
        for (text, words) in [
            ("avinor/OSL,interval=7", "feed avinor/OSL: interval is not a duration such as"),
            ("avinor/OSL,clock=noon", "feed avinor/OSL: clock must be a time with an offset"),
            ("avinor/OSL,board=a b", "feed avinor/OSL: board must be 1 to 40 letters"),
            ("avinor/OSL,key-file=a,b", "feed avinor/OSL: b has no value"),
            ("avinor/OSL,colour=red", "feed avinor/OSL: colour is no key: the keys are source,"),
        ] {
            assert!(error(text).starts_with(words), "{}", error(text));
        }
    }

    #[test]
    fn lists_are_split_at_blanks() {
        let list: FeedList = " avinor/OSL,kind=arrivals  hkia\nvatsim/EDDF ".parse().unwrap();
        let names: Vec<_> = list.0.iter().map(ToString::to_string).collect();
        assert_eq!(names, ["avinor/OSL", "hkia", "vatsim/EDDF"]);
        assert_eq!("".parse(), Ok(FeedList(Vec::new())));
    }
}
