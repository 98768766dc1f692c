//! A feed whose settings are checked: its source, its boards, and the options of its polls.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use codes::Airport;
use engine::error_chain;
use feeds::{AerodataboxWebhook, SOURCES, SourceAirport, SourceKey, SourceTerms};
use flight::{BoardName, BoardSettings};
use jiff::tz::TimeZoneDatabase;
use polling::{ApiKey, FeedCounters, FeedInput, FeedOptions, MonthlyBudget, PolledFeed, SourceUrl};

use crate::airport_boards::airport_boards;
use crate::feed::MapSettings;
use crate::feed_settings::{FeedSettings, InvalidFeed};
use crate::feed_webhook::FeedWebhook;

/// The variable with the key of a source is this and the source's name in upper case.
pub(crate) const KEY_VARIABLE_PREFIX: &str = "FLIGHTBOARD_KEY_";

/// The airport of a source that has only one.
const ONLY_AIRPORTS: [(&str, &str); 1] = [("hkia", "HKG")];

/// A feed that is ready to run.
pub(crate) struct PlannedFeed {
    /// The name in logs and metrics, such as `avinor/OSL`.
    pub(crate) name: String,
    pub(crate) boards: Vec<BoardName>,
    pub(crate) counters: Arc<FeedCounters>,
    pub(crate) feed: PolledFeed,
}

/// The requests of keyed sources by the file that counts them. Feeds of one source share a count.
#[derive(Default)]
pub(crate) struct RequestBudgets(BTreeMap<PathBuf, Arc<MonthlyBudget>>);

impl PlannedFeed {
    /// Checks the settings, reads the key, and opens the count of requests.
    pub(crate) fn new(
        settings: &FeedSettings,
        budgets: &mut RequestBudgets,
        webhook: Option<&FeedWebhook>,
    ) -> Result<Self, InvalidFeed> {
        let terms = find_source(settings)?;
        let (code, airport) = find_airport(settings)?;
        let boards = airport_boards(settings, terms, airport, &code)?;
        let zone = TimeZoneDatabase::bundled().get(&airport.time_zone);
        let zone = zone.map_err(|error| settings.invalid("airport", error.to_string()))?;
        let kinds = boards.iter().map(|board| board.kind).collect();
        let airport = SourceAirport { code, zone, kinds };
        let pushed =
            webhook.map(|webhook| webhook.connect(AerodataboxWebhook::new(airport.clone())));
        let source = feeds::open_source(terms.name, airport);
        let source = source.map_err(|error| settings.invalid("airport", error.to_string()))?;
        let counters = Arc::<FeedCounters>::default();
        let source_url = settings.source_url.as_deref().map(str::parse).transpose();
        let source_url: Option<SourceUrl> =
            source_url.map_err(|reason| settings.invalid("source-url", reason))?;
        let is_loopback = source_url.as_ref().is_some_and(SourceUrl::is_loopback);
        let api_key = read_key(settings, terms)?;
        // Without a key, the source cannot be asked.
        let is_push_only = pushed.is_some() && api_key.is_none() && !is_loopback;
        let options = FeedOptions {
            input: if is_push_only { FeedInput::PushOnly } else { FeedInput::SourceUrls },
            pushed,
            source_url,
            interval: settings.interval,
            clock: settings.clock,
            api_key,
            budget: budgets.open(settings, terms, !is_loopback && !is_push_only)?,
            counters: Arc::clone(&counters),
            boards: boards.clone(),
            ..FeedOptions::default()
        };
        let feed = PolledFeed::new(source, options);
        Ok(Self {
            name: settings.to_string(),
            boards: boards.into_iter().map(|BoardSettings { name, .. }| name).collect(),
            counters,
            feed: feed.map_err(|error| settings.invalid("refused:", error_chain(&error)))?,
        })
    }
}

impl PlannedFeed {
    /// Reads the program of a mapped feed.
    pub(crate) fn mapped(settings: &MapSettings) -> Result<Self> {
        let board = settings.board()?.clone();
        let name = format!("map/{board}");
        let counters = Arc::<FeedCounters>::default();
        let options = FeedOptions { counters: Arc::clone(&counters), ..FeedOptions::default() };
        let feed = settings.open(options).with_context(|| format!("feed {name}"))?;
        Ok(Self { name, boards: vec![board], counters, feed })
    }
}

impl RequestBudgets {
    fn open(
        &mut self,
        settings: &FeedSettings,
        terms: &SourceTerms,
        asks_source: bool,
    ) -> Result<Option<Arc<MonthlyBudget>>, InvalidFeed> {
        let Some(requests) = settings.monthly_requests.or(terms.monthly_requests) else {
            return Ok(None);
        };
        // Requests that do not reach the source are counted only if the user asks for it.
        let is_asked = settings.monthly_requests.is_some() || settings.budget_file.is_some();
        if !asks_source && !is_asked {
            return Ok(None);
        }
        let default = || format!("{}-requests.json", terms.name).into();
        let file = settings.budget_file.clone().unwrap_or_else(default);
        if let Some(budget) = self.0.get(&file) {
            return Ok(Some(Arc::clone(budget)));
        }
        let budget = MonthlyBudget::open(&file, requests)
            .map_err(|error| settings.invalid("budget-file", error_chain(&error)))?;
        let budget = Arc::new(budget);
        self.0.insert(file, Arc::clone(&budget));
        Ok(Some(budget))
    }
}

fn find_source(settings: &FeedSettings) -> Result<&'static SourceTerms, InvalidFeed> {
    let name = settings.source.as_str();
    let found = SOURCES.iter().find(|terms| terms.name == name).copied();
    found.ok_or_else(|| {
        let names: Vec<_> = SOURCES.iter().map(|terms| terms.name).collect();
        let reason = match flags::nearest_name(name, &names, "") {
            Some(nearest) => format!("{name} is unknown: did you mean {nearest}?"),
            None => format!("{name} is unknown: the sources are {}", names.join(", ")),
        };
        settings.invalid("source", reason)
    })
}

/// The airport, with the code that boards and requests name.
fn find_airport(settings: &FeedSettings) -> Result<(String, &'static Airport), InvalidFeed> {
    let only = ONLY_AIRPORTS.iter().find(|(source, _)| *source == settings.source);
    let code = settings.airport.as_deref().or(only.map(|(_, code)| *code));
    let Some(code) = code.map(str::to_ascii_uppercase) else {
        let reason = format!("is missing: write {}/ and its code", settings.source);
        return Err(settings.invalid("airport", reason));
    };
    match codes::airport(&code) {
        Some(airport) => Ok((code, airport)),
        None => Err(settings.invalid("airport", "is not the IATA or ICAO code of an airport")),
    }
}

/// Reads the source's key from the file, or else from the variable.
fn read_key(settings: &FeedSettings, terms: &SourceTerms) -> Result<Option<ApiKey>, InvalidFeed> {
    let key = match (&settings.key_file, terms.key) {
        (Some(_), SourceKey::None) => {
            return Err(settings.invalid("key-file", "is not needed: the source has no key"));
        }
        (None, SourceKey::None) => return Ok(None),
        (Some(file), SourceKey::Header(_)) => ApiKey::from_file(file),
        (None, SourceKey::Header(_)) => {
            let variable = key_variable(terms);
            match std::env::var(&variable) {
                Ok(text) if !text.trim().is_empty() => ApiKey::parse(&text),
                _ => return Ok(None),
            }
        }
    };
    key.map(Some).map_err(|error| settings.invalid("key-file", error_chain(&error)))
}

fn key_variable(terms: &SourceTerms) -> String {
    format!("{KEY_VARIABLE_PREFIX}{}", terms.name.to_ascii_uppercase())
}
