//! `flightboard feed map`: rows from any JSON, XML or CSV by a jq program.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgGroup, Args, CommandFactory, FromArgMatches, Parser};
use feeds::SourceCredit;
use flight::{BoardKind, BoardName, BoardSettings};
use jiff::Timestamp;
use jiff::tz::TimeZoneDatabase;
use mapping::{AnswerFormat, CsvOptions, MapOptions, MapProgram, MapSource};
use polling::{Charset, FeedInput, FeedOptions, PolledFeed, SourceUrl};

use crate::client::TargetArgs;
use crate::feed_settings::{InvalidFeed, unknown_key};
use crate::http_target::HttpTarget;
use crate::map_worker::map_worker;
use crate::{flag_values, listen, runtime, stdout};

/// Publish rows that a jq program makes of any JSON, XML or CSV.
#[derive(Args)]
pub(crate) struct MapFeed {
    #[command(flatten)]
    settings: MapSettings,
    #[command(flatten)]
    target: TargetArgs,
    /// Print the rows of one answer, and for each refused one the field and the reason. Publish nothing.
    #[arg(long, env = "FLIGHTBOARD_EXPLAIN")]
    explain: bool,
}

/// The settings of a mapped feed.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
#[command(group = ArgGroup::new("input").required(true).args(["url", "file"]))]
pub(crate) struct MapSettings {
    /// URL to poll.
    #[arg(long, env = "FLIGHTBOARD_URL", value_name = "URL")]
    url: Option<String>,
    /// File to read now and whenever it changes, or - for standard input, which is read once.
    #[arg(long, env = "FLIGHTBOARD_FILE", value_name = "PATH")]
    file: Option<PathBuf>,
    /// File with the jq program.
    #[arg(long, env = "FLIGHTBOARD_ROWS", value_name = "PROGRAM")]
    rows: PathBuf,
    /// Board to publish to. Not needed to explain an answer.
    #[arg(long, env = "FLIGHTBOARD_BOARD", value_name = "NAME", value_parser = BoardName::parse)]
    board: Option<BoardName>,
    /// Direction of the rows: arrivals or departures. By default arrivals, unless the program names
    /// only departure.
    #[arg(long, env = "FLIGHTBOARD_KIND", value_parser = flag_values::board_kind)]
    kind: Option<BoardKind>,
    /// Code of the airport, for the new board and its time zone.
    #[arg(long, env = "FLIGHTBOARD_AIRPORT", value_name = "CODE")]
    airport: Option<String>,
    /// Time zone of the board and of times without an offset, by default the airport's, else UTC.
    #[arg(long, env = "FLIGHTBOARD_ZONE")]
    zone: Option<String>,
    /// Title of the new board.
    #[arg(long, env = "FLIGHTBOARD_TITLE")]
    title: Option<String>,
    /// Format of the answer: json, xml, csv, tsv or lines. By default the first character decides.
    #[arg(long, env = "FLIGHTBOARD_FORMAT")]
    format: Option<AnswerFormat>,
    /// Character between the fields of a CSV. By default the most frequent of , ; | and tab.
    #[arg(long, env = "FLIGHTBOARD_DELIMITER", value_name = "CHAR", value_parser = delimiter)]
    delimiter: Option<u8>,
    /// Take the first line of a CSV as the names of its fields.
    #[arg(long, env = "FLIGHTBOARD_HEADER")]
    header: bool,
    /// Character set of the answer, if it does not declare one.
    #[arg(long, env = "FLIGHTBOARD_CHARSET")]
    charset: Option<Charset>,
    /// Name of the source on the page, by default the host of the URL or the name of the file.
    #[arg(long, env = "FLIGHTBOARD_SOURCE", value_name = "NAME")]
    source: Option<String>,
    /// Attribution on the page, by default the name of the source.
    #[arg(long, env = "FLIGHTBOARD_ATTRIBUTION", value_name = "TEXT")]
    attribution: Option<String>,
    /// Address to which the attribution links.
    #[arg(long, env = "FLIGHTBOARD_LINK", value_name = "URL")]
    link: Option<String>,
    /// URL that replaces scheme, host and port of the URL to poll.
    #[arg(long, env = "FLIGHTBOARD_SOURCE_URL", value_name = "URL")]
    source_url: Option<SourceUrl>,
    /// Time between two polls, by default 1m.
    #[arg(long, env = "FLIGHTBOARD_INTERVAL", value_name = "DURATION",
          value_parser = flags::duration)]
    interval: Option<Duration>,
    /// Time at which the feed's clock starts, for a source at a loopback address.
    #[arg(long, env = "FLIGHTBOARD_CLOCK", value_name = "TIME",
          value_parser = flag_values::timestamp)]
    clock: Option<Timestamp>,
}

/// The settings as a command, so that a file may have the same keys as the flags.
#[derive(Parser)]
struct MapKeys {
    #[command(flatten)]
    settings: MapSettings,
}

impl MapFeed {
    pub(crate) fn run(self) -> Result<ExitCode> {
        if self.explain {
            let Self { settings, .. } = self;
            return explain(settings.map_options()?, &settings.feed_options());
        }
        let feed = self.settings.open(FeedOptions::default())?;
        let target = HttpTarget::new(self.target.connect()?);
        let runtime = runtime::full()?;
        let ended = runtime.block_on(async {
            let stop = listen::stop_signal()?;
            Ok::<_, anyhow::Error>(feed.run(&target, stop).await?)
        });
        // A program that runs must not delay the end.
        runtime.shutdown_background();
        ended.map(|()| ExitCode::SUCCESS)
    }
}

impl MapSettings {
    /// Reads the keys of a feed of `serve`, which are named as the flags.
    pub(crate) fn from_pairs(pairs: Vec<(String, String)>) -> Result<Self, InvalidFeed> {
        // Variables belong to the command `feed map`.
        let command = MapKeys::command().no_binary_name(true).mut_args(|arg| arg.env(None::<&str>));
        let keys: Vec<_> = command.get_arguments().filter_map(Arg::get_long).collect();
        let mut flags = Vec::new();
        for (key, value) in &pairs {
            let is_flag = key == "header";
            match value.as_str() {
                _ if !keys.contains(&key.as_str()) => {
                    return Err(invalid(key, unknown_key(key, &keys)));
                }
                "true" if is_flag => flags.push(format!("--{key}")),
                "false" if is_flag => {}
                _ if is_flag => return Err(invalid(key, "must be true or false")),
                _ => flags.push(format!("--{key}={value}")),
            }
        }
        let matches = command.try_get_matches_from(flags);
        let keys = matches.and_then(|matches| MapKeys::from_arg_matches(&matches));
        let MapKeys { settings } = keys.map_err(|error| {
            let text = error.to_string();
            let reason = text.trim_start_matches("error: ").lines().map(str::trim);
            let reason: Vec<_> = reason.take_while(|line| !line.is_empty()).collect();
            invalid("settings:", reason.join(" "))
        })?;
        if settings.board.is_none() {
            return Err(invalid("board", "is missing"));
        }
        if settings.file.as_deref().is_some_and(is_standard_input) {
            return Err(invalid("file", "must not be standard input, which `feed map` can read"));
        }
        Ok(settings)
    }

    /// The board to publish to.
    pub(crate) fn board(&self) -> Result<&BoardName> {
        self.board.as_ref().context("name a board with --board")
    }

    /// Opens the feed. `options` has what the settings do not say.
    pub(crate) fn open(&self, options: FeedOptions) -> Result<PolledFeed> {
        let board = self.board()?.clone();
        let map_options = self.map_options()?;
        let settings = BoardSettings {
            kind: map_options.kind,
            title: self.title.clone().unwrap_or_else(|| board.to_string()),
            airport: self.airport.clone(),
            time_zone: map_options.zone.iana_name().unwrap_or("UTC").to_owned(),
            ..BoardSettings::with_defaults(board)
        };
        let source = MapSource::new(map_options, map_worker()?)?;
        let FeedOptions { counters, .. } = options;
        let options = FeedOptions { boards: vec![settings], counters, ..self.feed_options() };
        Ok(PolledFeed::new(Box::new(source), options)?)
    }

    fn map_options(&self) -> Result<MapOptions> {
        let name = self.rows.display().to_string();
        let text =
            std::fs::read_to_string(&self.rows).with_context(|| format!("cannot read {name}"))?;
        let program = MapProgram { name, text };
        let title = self.source.clone().unwrap_or_else(|| self.source_name());
        Ok(MapOptions {
            url: self.url.clone().unwrap_or_default(),
            kind: self.kind.unwrap_or_else(|| program.kind()),
            program,
            zone: self.zone()?,
            format: self.format,
            csv: CsvOptions { delimiter: self.delimiter, header: self.header },
            credit: SourceCredit {
                attribution: self.attribution.clone().unwrap_or_else(|| title.clone()),
                title,
                link: self.link.clone(),
            },
        })
    }

    /// The host of the URL, or the name of the file.
    fn source_name(&self) -> String {
        match (&self.url, &self.file) {
            (Some(url), _) => {
                let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
                rest.split(['/', '?', '#']).next().unwrap_or(rest).to_owned()
            }
            (None, Some(file)) if !is_standard_input(file) => {
                file.file_name().unwrap_or_default().to_string_lossy().into_owned()
            }
            _ => "standard input".to_owned(),
        }
    }

    fn zone(&self) -> Result<jiff::tz::TimeZone> {
        let of_airport = match &self.airport {
            None => None,
            Some(code) => {
                codes::airport(&code.to_ascii_uppercase()).map(|airport| airport.time_zone.as_str())
            }
        };
        let name = self.zone.as_deref().or(of_airport).unwrap_or("UTC");
        let zone = TimeZoneDatabase::bundled().get(name);
        zone.with_context(|| {
            format!("--zone must be an IANA time zone such as Europe/Oslo, not {name}")
        })
    }

    fn feed_options(&self) -> FeedOptions {
        let input = match &self.file {
            Some(file) if is_standard_input(file) => FeedInput::StandardInput,
            Some(file) => FeedInput::File(file.clone()),
            None => FeedInput::SourceUrls,
        };
        // A URL that is a loopback address may be polled as often as one that replaces it.
        let own_url = self.url.as_deref().and_then(|url| own_origin(url).parse().ok());
        let own_url = own_url.filter(SourceUrl::is_loopback);
        FeedOptions {
            input,
            source_url: self.source_url.clone().or(own_url),
            interval: self.interval,
            clock: self.clock,
            charset: self.charset,
            ..FeedOptions::default()
        }
    }
}

/// Fetches one answer and prints what the program makes of it.
fn explain(options: MapOptions, feed_options: &FeedOptions) -> Result<ExitCode> {
    let worker = map_worker()?;
    let source = MapSource::new(options, worker.clone())?;
    let now = feed_options.clock.unwrap_or_else(Timestamp::now);
    let runtime = runtime::full()?;
    let answer = runtime.block_on(polling::fetch_once(&source, feed_options, now));
    runtime.shutdown_background();
    let answer = answer.map_err(anyhow::Error::msg)?;
    if !(200..300).contains(&answer.status) {
        bail!("the answer has the status {}", answer.status);
    }
    let explanation = mapping::explain(source.options(), &worker, &answer.body, now);
    stdout::print(&explanation.to_string())?;
    Ok(if explanation.failure.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn is_standard_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}

fn invalid(key: &str, reason: impl Into<String>) -> InvalidFeed {
    InvalidFeed::new("map", key, reason)
}

/// Scheme, host and port of a URL.
fn own_origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + "://".len());
    let end = url[start..].find(['/', '?', '#']).map_or(url.len(), |at| start + at);
    &url[..end]
}

/// One ASCII character, or `tab`.
fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() => Ok(*byte),
        _ => Err("must be one character such as ; or the word tab".to_owned()),
    }
}
