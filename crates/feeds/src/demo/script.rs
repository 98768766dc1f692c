//! Changes with their times, played once or forever.
//!
//! Both feeds are scripts: a board, and a round of steps that may repeat. Times in a script are on
//! the feed's clock; [`Speed`] converts them to real time.

use std::iter;
use std::time::Duration;

use flight::{BoardName, Change};
use serde_json::Value;

use crate::demo::speed::Speed;

/// A change to publish, and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Time since the start of the feed, never less than that of the announcement before.
    pub after: Duration,
    /// The change to publish.
    pub change: Change,
}

/// The number of times that a feed is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepeatMode {
    /// The feed ends after one round.
    Once,
    /// The feed starts over after each round and never ends.
    Forever,
}

pub(crate) struct FeedScript {
    pub(crate) board: Change,
    /// In the order of their times.
    pub(crate) round: Vec<ScriptStep>,
    /// Time from the last step of a round to the start of the next round.
    pub(crate) pause: Duration,
}

#[derive(Clone)]
pub(crate) struct ScriptStep {
    /// Time since the start of the round.
    pub(crate) at: Duration,
    pub(crate) change: Change,
}

impl FeedScript {
    pub(crate) fn play(
        self,
        repeat: RepeatMode,
        speed: Speed,
    ) -> impl Iterator<Item = Announcement> {
        let Self { board, round, pause } = self;
        let length = round.last().map_or(Duration::ZERO, |step| step.at) + pause;
        let starts = iter::successors(Some(Duration::ZERO), move |start| Some(*start + length));
        let starts = starts.take(match repeat {
            RepeatMode::Once => 1,
            RepeatMode::Forever => usize::MAX,
        });
        let rounds = starts.flat_map(move |start| {
            let steps = round.clone().into_iter();
            steps.map(move |step| ScriptStep { at: start + step.at, ..step })
        });
        // Only the first round sets the board: the steps change rows and nothing else.
        iter::once(ScriptStep { at: Duration::ZERO, change: board }).chain(rounds).map(
            move |step| Announcement { after: speed.to_real_time(step.at), change: step.change },
        )
    }
}

/// Makes the change that an event of the stream describes.
pub(crate) fn change(board: &BoardName, event: &str, data: &Value) -> Change {
    Change::parse(board, event, data).expect("feeds are constant, and tests play all of them")
}
