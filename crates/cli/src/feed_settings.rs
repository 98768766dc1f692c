//! The settings of a feed, from `serve --feed` or a configuration file.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use flight::{BoardKind, BoardName};
use jiff::Timestamp;

use crate::feed::MapSettings;
use crate::flag_values;

/// The keys of a feed, as in `avinor/OSL,kind=arrivals`.
const KEYS: [&str; 11] = [
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
    "webhook-file",
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
    /// The file with the secret of the URL to which the source pushes.
    pub(crate) webhook_file: Option<PathBuf>,
}

/// The settings of a feed of `serve`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ServedFeed {
    /// An airport's feed.
    Airport(FeedSettings),
    /// Any JSON, XML or CSV, by a jq program.
    Map(MapSettings),
}

/// Feeds separated by blanks: a variable has one value for a flag that may repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FeedList(pub(crate) Vec<ServedFeed>);

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
            "webhook-file" => self.webhook_file = Some(value.into()),
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
        InvalidFeed::new(self.to_string(), key, reason)
    }
}

/// The source and airport, as in `avinor/OSL`.
impl fmt::Display for FeedSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        self.airport.as_ref().map_or(Ok(()), |airport| write!(f, "/{airport}"))
    }
}

impl ServedFeed {
    /// Reads the pairs of a feed, of which `source` is the first. It is `map` for a mapped feed.
    pub(crate) fn from_pairs(mut pairs: Vec<(&str, String)>) -> Result<Self, InvalidFeed> {
        if pairs.first().is_none_or(|(key, source)| (*key, source.as_str()) != ("source", "map")) {
            return FeedSettings::from_pairs(pairs).map(Self::Airport);
        }
        let pairs = pairs.drain(1..).map(|(key, value)| (key.to_owned(), value)).collect();
        MapSettings::from_pairs(pairs).map(Self::Map)
    }
}

impl FromStr for ServedFeed {
    type Err = InvalidFeed;

    fn from_str(text: &str) -> Result<Self, InvalidFeed> {
        Self::from_pairs(split_pairs(text)?)
    }
}

impl FromStr for FeedSettings {
    type Err = InvalidFeed;

    fn from_str(text: &str) -> Result<Self, InvalidFeed> {
        Self::from_pairs(split_pairs(text)?)
    }
}

impl FromStr for FeedList {
    type Err = InvalidFeed;

    fn from_str(text: &str) -> Result<Self, InvalidFeed> {
        text.split_whitespace().map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl InvalidFeed {
    pub(crate) fn new(feed: impl Into<String>, key: &str, reason: impl Into<String>) -> Self {
        Self { feed: feed.into(), key: key.to_owned(), reason: reason.into() }
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

/// Splits `avinor/OSL,kind=arrivals`. A value with a comma must stand in a configuration file.
fn split_pairs(text: &str) -> Result<Vec<(&str, String)>, InvalidFeed> {
    let (source, rest) = text.split_once(',').unwrap_or((text, ""));
    let mut pairs = vec![("source", source.to_owned())];
    for pair in rest.split(',').filter(|pair| !pair.is_empty()) {
        let Some((key, value)) = pair.split_once('=') else {
            let reason = "has no value: write key=value, and a value with a comma or a blank \
                          in a file for --config";
            return Err(InvalidFeed::new(source, pair, reason));
        };
        pairs.push((key, value.to_owned()));
    }
    Ok(pairs)
}

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
            webhook_file: None,
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
    fn mapped_feeds_have_keys_of_flags() {
        let text = "map,url=http://127.0.0.1:9/x,rows=a.jq,board=gates,header=true,interval=2m";
        let ServedFeed::Map(_) = text.parse().unwrap() else { panic!("not a mapped feed") };
        for (text, expected) in [
            ("map,file=a.csv,rows=a.jq", "feed map: board is missing"),
            ("map,file=a.csv,row=a.jq", "feed map: row is no key: did you mean rows?"),
            ("map,file=a.csv,header=yes", "feed map: header must be true or false"),
            (
                "map,file=-,rows=a.jq,board=x",
                "feed map: file must not be standard input, which `feed map` can read",
            ),
        ] {
            assert_eq!(text.parse::<ServedFeed>().unwrap_err().to_string(), expected);
        }
        for (text, words) in [
            ("map,rows=a.jq,board=x", "the following required arguments were not provided:"),
            ("map,file=a,rows=b,board=x,kind=y", "invalid value 'y' for '--kind <KIND>': must be"),
            ("map,file=a,rows=b,board=x,rows=c", "the argument '--rows <PROGRAM>' cannot be used"),
        ] {
            let error = text.parse::<ServedFeed>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("feed map: settings: {words}")), "{error}");
        }
    }

    #[test]
    fn lists_are_split_at_blanks() {
        let list: FeedList = " avinor/OSL,kind=arrivals  hkia\nvatsim/EDDF ".parse().unwrap();
        let expected = ["avinor/OSL,kind=arrivals", "hkia", "vatsim/EDDF"];
        assert_eq!(list.0, expected.map(|text| ServedFeed::Airport(text.parse().unwrap())));
        assert_eq!("".parse(), Ok(FeedList(Vec::new())));
    }
}
