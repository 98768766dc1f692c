//! Options that a source does not allow.

use std::sync::Arc;
use std::time::Duration;

use feeds::{SourceKey, SourceTerms};
use flight::{BoardName, BoardSettings};
use polling::{ApiKey, FeedOptions, MonthlyBudget, PolledFeed};

use crate::row_source::{RowSource, TERMS};

static KEYED_TERMS: SourceTerms =
    SourceTerms { key: SourceKey::Header("key"), monthly_requests: Some(10_000), ..TERMS };

fn options() -> FeedOptions {
    let board = BoardSettings::with_defaults(BoardName::parse("rows").unwrap());
    FeedOptions { boards: vec![board], ..FeedOptions::default() }
}

fn loopback() -> FeedOptions {
    FeedOptions { source_url: Some("http://127.0.0.1:9".parse().unwrap()), ..options() }
}

fn error(terms: &'static SourceTerms, options: FeedOptions) -> Option<String> {
    PolledFeed::new(Box::new(RowSource(terms)), options).err().map(|error| error.to_string())
}

#[test]
fn least_interval_binds_all_but_loopback() {
    let interval = Some(Duration::from_secs(59));
    assert_eq!(
        error(&TERMS, FeedOptions { interval, ..options() }).unwrap(),
        "--interval must be at least 1m for rows; only with a loopback address as --source-url it \
         may be shorter"
    );
    let mirror = Some("https://mirror.example".parse().unwrap());
    assert!(error(&TERMS, FeedOptions { interval, source_url: mirror, ..options() }).is_some());
    assert_eq!(error(&TERMS, FeedOptions { interval, ..loopback() }), None);
    let longer = Some(Duration::from_secs(60));
    assert_eq!(error(&TERMS, FeedOptions { interval: longer, ..options() }), None);
    let zero = Some(Duration::ZERO);
    assert_eq!(
        error(&TERMS, FeedOptions { interval: zero, ..loopback() }).unwrap(),
        "--interval must not be 0"
    );
}

#[test]
fn clock_needs_loopback() {
    let clock = Some("2023-07-10T05:00:00Z".parse().unwrap());
    assert_eq!(
        error(&TERMS, FeedOptions { clock, ..options() }).unwrap(),
        "--clock needs a loopback address as --source-url"
    );
    assert_eq!(error(&TERMS, FeedOptions { clock, ..loopback() }), None);
}

#[test]
fn key_and_budget_are_required() {
    let api_key = Some(ApiKey::parse("secret").unwrap());
    assert_eq!(error(&KEYED_TERMS, options()).unwrap(), "rows needs a key");
    assert_eq!(
        error(&KEYED_TERMS, FeedOptions { api_key: api_key.clone(), ..options() }).unwrap(),
        "rows needs a file in which to count its requests"
    );
    let folder = tempfile::tempdir().unwrap();
    let budget = MonthlyBudget::open(&folder.path().join("requests.json"), 10_000).unwrap();
    let budget = Some(Arc::new(budget));
    assert_eq!(error(&KEYED_TERMS, FeedOptions { api_key, budget, ..options() }), None);
    assert_eq!(error(&KEYED_TERMS, loopback()), None);
}

#[test]
fn boards_have_different_kinds() {
    assert!(error(&TERMS, FeedOptions::default()).is_some());
    let mut options = options();
    options.boards.push(BoardSettings::with_defaults(BoardName::parse("other").unwrap()));
    assert!(error(&TERMS, options).is_some());
}
