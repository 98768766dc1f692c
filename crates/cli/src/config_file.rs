//! The configuration file of `flightboard serve`: the flags by their names, and feeds that need more than a flag.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use toml::de::DeTable;
use toml::{Table, Value};

use crate::feed_settings::{ServedFeed, unknown_key};

/// The key with a list of tables, each written as `[[feed]]`.
const FEED_KEY: &str = "feed";

/// Flags that are no keys: the file cannot name another one, and does not decide which task the program has.
const FLAGS_WITHOUT_KEY: [&str; 2] = ["config", "check"];

/// The content of a configuration file. Its feeds are checked, its other keys only by [`ConfigFile::flags`].
pub(crate) struct ConfigFile {
    settings: Table,
    /// The line of each key.
    lines: BTreeMap<String, usize>,
    pub(crate) feeds: Vec<ServedFeed>,
}

impl ConfigFile {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let name = path.display();
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        Self::parse(&text).with_context(|| format!("{name} is not a configuration"))
    }

    fn parse(text: &str) -> Result<Self> {
        let line_at = |start| 1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count();
        let located = |error: toml::de::Error| {
            let start = error.span().map_or(0, |span| span.start);
            anyhow!("line {}: {}", line_at(start), error.message())
        };
        let mut settings: Table = text.parse().map_err(located)?;
        let spanned = DeTable::parse(text).map_err(located)?;
        let keys = spanned.get_ref().keys();
        let lines = keys.map(|key| (key.get_ref().to_string(), line_at(key.span().start)));
        let lines = lines.collect();
        let mut feeds = Vec::new();
        match settings.remove(FEED_KEY) {
            Some(Value::Array(tables)) => {
                for (table, number) in tables.into_iter().zip(1..) {
                    feeds.push(parse_feed(table).with_context(|| format!("feed {number}"))?);
                }
            }
            Some(_) => {
                bail!("feed must be written as [[feed]], with its keys on the next lines")
            }
            None => {}
        }
        Ok(Self { settings, lines, feeds })
    }

    /// The keys as flags of `command`, without those that `matches` has from the command line or from a variable.
    pub(crate) fn flags(&self, command: &Command, matches: &ArgMatches) -> Result<Vec<String>> {
        let args: Vec<(&str, &Arg)> = command
            .get_arguments()
            .filter_map(|arg| Some((arg.get_long()?, arg)))
            .filter(|(name, _)| !FLAGS_WITHOUT_KEY.contains(name))
            .collect();
        let mut flags = Vec::new();
        for (key, value) in &self.settings {
            let Some((_, arg)) = args.iter().find(|(name, _)| name == key) else {
                let keys: Vec<_> = args.iter().map(|(name, _)| *name).collect();
                bail!("line {}: {key} {}", self.line_of(key), unknown_key(key, &keys));
            };
            let place = || format!("line {}: {key}", self.line_of(key));
            let value = flag_of(arg, key, value).with_context(place)?;
            let source = matches.value_source(arg.get_id().as_str());
            if !matches!(source, Some(ValueSource::CommandLine | ValueSource::EnvVariable)) {
                flags.extend(value);
            }
        }
        Ok(flags)
    }

    fn line_of(&self, key: &str) -> usize {
        self.lines.get(key).copied().unwrap_or(1)
    }
}

/// The flag that sets `arg` to `value`: none for a switch that is off, several for a list.
fn flag_of(arg: &Arg, key: &str, value: &Value) -> Result<Vec<String>> {
    let with_value = |value: &Value| Ok(format!("--{key}={}", text_of(value.clone())?));
    match (arg.get_action(), value) {
        (ArgAction::SetTrue, Value::Boolean(true)) => Ok(vec![format!("--{key}")]),
        (ArgAction::SetTrue, Value::Boolean(false)) => Ok(Vec::new()),
        (ArgAction::SetTrue, _) => bail!("must be true or false"),
        (ArgAction::Append, Value::Array(values)) => values.iter().map(with_value).collect(),
        (_, value) => Ok(vec![with_value(value)?]),
    }
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
        let error = ConfigFile::parse(text).and_then(|file| flags(&file, &[]));
        format!("{:#}", error.unwrap_err())
    }

    /// The flags that a file adds to a command line.
    fn flags(file: &ConfigFile, args: &[&str]) -> Result<Vec<String>> {
        let command = Command::new("serve").args([
            Arg::new("window").long("window").env("TEST_NO_SUCH_VARIABLE").default_value("8MiB"),
            Arg::new("max_followers").long("max-followers"),
            Arg::new("memory").long("memory").action(ArgAction::SetTrue),
            Arg::new("allow_origin").long("allow-origin").action(ArgAction::Append),
            Arg::new("feed").long("feed").action(ArgAction::Append),
            Arg::new("config").long("config"),
        ]);
        let matches = command.clone().no_binary_name(true).try_get_matches_from(args)?;
        file.flags(&command, &matches)
    }

    #[test]
    fn keys_become_flags() {
        let text = "
            window = \"4MiB\"
            max-followers = 100
            memory = true
            allow-origin = [\"https://a.example\", \"https://b.example\"]
        ";
        let file = ConfigFile::parse(text).unwrap();
        let rest = ["--max-followers=100", "--memory", "--window=4MiB"];
        let origins = ["--allow-origin=https://a.example", "--allow-origin=https://b.example"];
        assert_eq!(flags(&file, &[]).unwrap(), [&origins[..], &rest[..]].concat());
        let given = ["--window", "1MiB", "--memory", "--allow-origin", "https://c.example"];
        assert_eq!(flags(&file, &given).unwrap(), ["--max-followers=100"]);
        let off = ConfigFile::parse("memory = false").unwrap();
        assert_eq!(flags(&off, &[]).unwrap(), [""; 0]);
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
        let feeds = ConfigFile::parse(text).unwrap().feeds;
        let flags = [
            "avinor/OSL,kind=arrivals,clock=2026-01-07T09:00:00Z",
            "hkia,interval=1m",
            "map,file=a.csv,header=true,rows=a.jq,board=gates",
        ];
        assert_eq!(feeds, flags.map(|flag| flag.parse().unwrap()));
        assert_eq!(ConfigFile::parse("").unwrap().feeds, []);
    }

    #[test]
    fn errors_name_the_place() {
        for (text, expected) in [
            ("[[feed]]\nsource = ", "line 2: "),
            ("\n[[feeds]]\nsource = \"hkia\"", "line 2: feeds is no key: did you mean feed?"),
            ("memory = true\n\nwindw = \"1MiB\"", "line 3: windw is no key: did you mean window?"),
            ("max_followers = 1", "line 1: max_followers is no key: did you mean max-followers?"),
            ("config = \"other.toml\"", "line 1: config is no key"),
            ("# b\nmemory = \"yes\"", "line 2: memory: must be true or false"),
            ("window = [\"1MiB\"]", "line 1: window: a value must be a text, a number or a time"),
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
