//! Updates with their moments, played once or for ever.
//!
//! Both feeds are a script: a board, and a round of cues that may begin anew. What the cues say is
//! theirs. The moments in a script are on its own clock; [`Speed`] makes them those of the wall.

use std::iter;
use std::time::Duration;

use flight::{BoardName, Change};
use serde_json::Value;

use crate::speed::Speed;

/// One update, and when to make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// How long after the feed's start. Never less than that of the announcement before.
    pub after: Duration,
    /// What to announce.
    pub update: Change,
}

/// Whether a feed comes to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// It plays one time and ends.
    Once,
    /// When it is through it begins anew. It never ends.
    Forever,
}

pub(crate) struct Script {
    pub(crate) board: Change,
    /// In the order of their moments.
    pub(crate) round: Vec<Cue>,
    /// From the last cue of a round to the start of the next.
    pub(crate) pause: Duration,
}

#[derive(Clone)]
pub(crate) struct Cue {
    /// Since the start of the round.
    pub(crate) at: Duration,
    pub(crate) update: Change,
}

impl Script {
    pub(crate) fn play(self, run: Run, speed: Speed) -> impl Iterator<Item = Announcement> {
        let Self { board, round, pause } = self;
        let length = round.last().map_or(Duration::ZERO, |cue| cue.at) + pause;
        let starts = iter::successors(Some(Duration::ZERO), move |start| Some(*start + length));
        let starts = starts.take(match run {
            Run::Once => 1,
            Run::Forever => usize::MAX,
        });
        let rounds = starts.flat_map(move |start| {
            let cues = round.clone().into_iter();
            cues.map(move |cue| Cue { at: start + cue.at, ..cue })
        });
        // A later round does not repeat the board: nothing but the rows was changed meanwhile.
        iter::once(Cue { at: Duration::ZERO, update: board })
            .chain(rounds)
            .map(move |cue| Announcement { after: speed.on_the_wall(cue.at), update: cue.update })
    }
}

/// The update that a feed writes in the words of the stream.
pub(crate) fn update(board: &BoardName, event: &str, data: &Value) -> Change {
    Change::parse(board, event, data).expect("what feeds can say is fixed, and tests have it said")
}
