//! The feeds of `flightboard serve`.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use engine::{Engine, FeedFigures};
use polling::FeedCounts;
use server::Webhook;
use tokio::task::JoinSet;

use crate::config_file::ConfigFile;
use crate::engine_target::EngineTarget;
use crate::feed_plan::{PlannedFeed, RequestBudgets};
use crate::feed_settings::{FeedList, FeedSettings, InvalidFeed, ServedFeed};
use crate::feed_webhook::FeedWebhook;

/// The only source that pushes its answers.
const PUSHING_SOURCE: &str = "aerodatabox";

const WEBHOOK_KEY: &str = "webhook-file";

/// The settings of the feeds that a server runs. A replica that restarts starts them again.
#[derive(Default)]
pub(crate) struct ServedFeeds {
    feeds: Vec<(ServedFeed, Option<Arc<FeedWebhook>>)>,
    webhooks: Vec<Webhook>,
}

/// Running feeds. Dropping it ends them.
#[derive(Default)]
pub(crate) struct RunningFeeds {
    _tasks: JoinSet<()>,
}

impl ServedFeeds {
    /// The feeds of the flags and of the configuration file, with all settings checked.
    pub(crate) fn new(flags: Vec<FeedList>, config: Option<&Path>) -> Result<Self> {
        let mut settings: Vec<_> = flags.into_iter().flat_map(|list| list.0).collect();
        if let Some(file) = config {
            settings.extend(ConfigFile::read(file)?.feeds);
        }
        let mut feeds = Self::default();
        for settings in settings {
            let webhook = match &settings {
                ServedFeed::Airport(settings) => feeds.open_webhook(settings)?,
                ServedFeed::Map(_) => None,
            };
            feeds.feeds.push((settings, webhook));
        }
        let mut boards = Vec::new();
        for feed in feeds.plan()? {
            for board in feed.boards {
                if boards.contains(&board) {
                    bail!("feed {}: board {board} has another feed already", feed.name);
                }
                boards.push(board);
            }
        }
        Ok(feeds)
    }

    /// The URLs to which the sources push.
    pub(crate) fn webhooks(&self) -> Vec<Webhook> {
        self.webhooks.clone()
    }

    fn open_webhook(
        &mut self,
        settings: &FeedSettings,
    ) -> Result<Option<Arc<FeedWebhook>>, InvalidFeed> {
        let Some(file) = &settings.webhook_file else { return Ok(None) };
        if settings.source != PUSHING_SOURCE {
            let reason = format!("is of no use: only {PUSHING_SOURCE} pushes");
            return Err(settings.invalid(WEBHOOK_KEY, reason));
        }
        let webhook = Arc::<FeedWebhook>::default();
        let secret = fs::read_to_string(file);
        let secret = secret.map_err(|error| settings.invalid(WEBHOOK_KEY, error.to_string()))?;
        let url = webhook.open(&secret);
        let url = url.map_err(|reason| {
            settings.invalid(WEBHOOK_KEY, format!("has a secret that {reason}"))
        })?;
        self.webhooks.push(url);
        Ok(Some(webhook))
    }

    fn plan(&self) -> Result<Vec<PlannedFeed>> {
        let mut budgets = RequestBudgets::default();
        let feeds = self.feeds.iter().map(|(feed, webhook)| match feed {
            ServedFeed::Airport(settings) => {
                Ok(PlannedFeed::new(settings, &mut budgets, webhook.as_deref())?)
            }
            ServedFeed::Map(settings) => PlannedFeed::mapped(settings),
        });
        feeds.collect()
    }

    /// Starts the feeds on the boards of `engine`.
    pub(crate) fn start(&self, engine: &Engine) -> Result<RunningFeeds> {
        let target = EngineTarget::new(engine.clone());
        let mut tasks = JoinSet::new();
        for planned in self.plan()? {
            let counters = Arc::clone(&planned.counters);
            engine.metrics().watch_feed(&planned.name, move || figures(&counters.counts()));
            tasks.spawn(run(planned, target.clone()));
        }
        Ok(RunningFeeds { _tasks: tasks })
    }
}

async fn run(planned: PlannedFeed, target: EngineTarget) {
    let PlannedFeed { name, feed, .. } = planned;
    if let Err(error) = feed.run(&target, std::future::pending()).await {
        tracing::error!("the feed {name} ended: {error}");
    }
}

fn figures(counts: &FeedCounts) -> FeedFigures {
    FeedFigures {
        full_answers: counts.full_answers,
        partial_answers: counts.partial_answers,
        unchanged_answers: counts.unchanged_answers,
        failed_answers: counts.failed_answers,
        changes: counts.changes,
        rejected_changes: counts.rejected_changes,
        refused_rows: counts.refused_rows,
        unknown_words: counts.unknown_words,
        budget_left: counts.budget_left.map(u64::from),
    }
}
