//! The feeds of `flightboard serve`.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use engine::{Engine, FeedFigures};
use polling::FeedCounts;
use tokio::task::JoinSet;

use crate::config_file;
use crate::engine_target::EngineTarget;
use crate::feed_plan::{PlannedFeed, RequestBudgets};
use crate::feed_settings::{FeedList, ServedFeed};

/// The settings of the feeds that a server runs. A replica that restarts starts them again.
#[derive(Default)]
pub(crate) struct ServedFeeds(Vec<ServedFeed>);

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
            settings.extend(config_file::read_feeds(file)?);
        }
        let feeds = Self(settings);
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

    fn plan(&self) -> Result<Vec<PlannedFeed>> {
        let mut budgets = RequestBudgets::default();
        let feeds = self.0.iter().map(|feed| match feed {
            ServedFeed::Airport(settings) => Ok(PlannedFeed::new(settings, &mut budgets)?),
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
