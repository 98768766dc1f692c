//! The configuration file of `flightboard serve`: feeds that need more than a flag.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use toml::{Table, Value};

use crate::feed_settings::{ServedFeed, unknown_key};

/// The only key of the file: a list of tables, each written as `[[feed]]`.
const FEED_KEY: &str = "feed";

/// Reads the feeds of a configuration file.
pub(crate) fn read_feeds(path: &Path) -> Result<Vec<ServedFeed>> {
    let name = path.display();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
    parse_feeds(&text).with_context(|| format!("{name} is not a configuration"))
}

fn parse_feeds(text: &str) -> Result<Vec<ServedFeed>> {
    let file: Table = text.parse().map_err(|error: toml::de::Error| {
        let start = error.span().map_or(0, |span| span.start);
        let line = 1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count();
        anyhow!("line {line}: {}", error.message())
    })?;
    let mut feeds = Vec::new();
    for (key, value) in file {
        match value {
            _ if key != FEED_KEY => bail!("{key} {}", unknown_key(&key, &[FEED_KEY])),
            Value::Array(tables) => {
                for (table, number) in tables.into_iter().zip(1..) {
                    feeds.push(parse_feed(table).with_context(|| format!("feed {number}"))?);
                }
            }
            _ => bail!("feed must be written as [[feed]], with its keys on the next lines"),
        }
    }
    Ok(feeds)
}

fn parse_feed(table: Value) -> Result<ServedFeed> {
    let Value::Table(mut table) = table else { bail!("must be a table, written as [[feed]]") };
    // The source comes first: errors name it.
    let source = table.remove_entry("source");
    let pairs = source.into_iter().chain(table);
    let pairs: Vec<_> =
        pairs.map(|(key, value)| Ok((key, text_of(value)?))).collect::<Result<_>>()?;
    let pairs = pairs.iter().map(|(key, value)| (key.as_str(), value.clone()));
    Ok(ServedFeed::from_pairs(pairs.collect())?)
}

/// A value as it would stand in a flag.
fn text_of(value: Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(number.to_string()),
        Value::Boolean(value) => Ok(value.to_string()),
        Value::Datetime(time) => Ok(time.to_string()),
        Value::Array(_) | Value::Table(_) => bail!("a value must be a text, a number or a time"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        format!("{:#}", parse_feeds(text).unwrap_err())
    }

    #[test]
    fn tables_read_as_flags() {
        let text = "
            [[feed]]
            source = \"avinor/OSL\"
            kind = \"arrivals\"
            clock = 2026-01-07T09:00:00Z

            [[feed]]
            interval = \"1m\"
            source = \"hkia\"

            [[feed]]
            source = \"map\"
            file = \"a.csv\"
            header = true
            rows = \"a.jq\"
            board = \"gates\"
        ";
        let feeds = parse_feeds(text).unwrap();
        let flags = [
            "avinor/OSL,kind=arrivals,clock=2026-01-07T09:00:00Z",
            "hkia,interval=1m",
            "map,file=a.csv,header=true,rows=a.jq,board=gates",
        ];
        assert_eq!(feeds, flags.map(|flag| flag.parse().unwrap()));
        assert_eq!(parse_feeds("").unwrap(), []);
    }

    #[test]
    fn errors_name_the_place() {
        for (text, expected) in [
            ("[[feed]]\nsource = ", "line 2: "),
            ("[[feeds]]\nsource = \"hkia\"", "feeds is no key: did you mean feed?"),
            ("feed = \"hkia\"", "feed must be written as [[feed]]"),
            ("[feed]\nsource = \"hkia\"", "feed must be written as [[feed]]"),
            ("feed = [1]", "feed 1: must be a table"),
            ("[[feed]]\nkind = \"arrivals\"", "feed 1: source is missing"),
            (
                "[[feed]]\nsource = \"hkia\"\n[[feed]]\nborad = \"x\"\nsource = \"avinor/OSL\"",
                "feed 2: feed avinor/OSL: borad is no key: did you mean board?",
            ),
        ] {
            assert!(error(text).starts_with(expected), "{}", error(text));
        }
    }
}
