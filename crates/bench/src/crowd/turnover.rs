//! Followers that come and go while messages are published: who goes when and how, who is away until
//! when, and what each has seen.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::{CONNECTING_AT_ONCE, Crowd};
use crate::orders::Plan;
use crate::seen::Seen;
use crate::stamps::{self, Stamp};

/// How long one that went is away: long enough to miss something, short enough to be resumed.
pub(crate) const AWAY: Duration = Duration::from_secs(1);

/// How one goes and comes back, in turn.
const WAYS: [Way; 4] = [
    Way { going: Going::Closes, coming: Coming::WithId },
    Way { going: Going::IsReset, coming: Coming::Anew },
    Way { going: Going::Closes, coming: Coming::Anew },
    Way { going: Going::IsReset, coming: Coming::WithId },
];

#[derive(Debug, Clone, Copy)]
struct Way {
    going: Going,
    coming: Coming,
}

#[derive(Debug, Clone, Copy)]
enum Going {
    Closes,
    IsReset,
}

#[derive(Debug, Clone, Copy)]
enum Coming {
    WithId,
    Anew,
}

pub(super) struct Turnover {
    /// How many go in a second.
    per_sec: f64,
    /// Since when they go, while they do, and how many should have gone.
    since: Option<(Instant, u64)>,
    /// Who is away, and from when; the first to come back first. Everyone is in it once at most.
    away: VecDeque<(Instant, usize)>,
    /// Of each follower.
    seen: Vec<Seen>,
}

impl Turnover {
    /// `None` if they are to stay.
    pub(super) fn new(plan: &Plan) -> Option<Self> {
        let per_sec = plan.going_per_sec? * plan.followers as f64;
        let seen = vec![Seen::default(); plan.followers];
        Some(Self { per_sec, since: None, away: VecDeque::new(), seen })
    }

    /// How many should go now.
    fn due(&mut self) -> u64 {
        let Some((since, gone)) = &mut self.since else { return 0 };
        let whole = (since.elapsed().as_secs_f64() * self.per_sec) as u64;
        let due = whole - *gone;
        *gone = whole;
        due
    }

    /// One whose time has come; with nobody going any more, everyone's has.
    fn returning(&mut self) -> Option<usize> {
        let (since, at) = *self.away.front()?;
        let is_due = self.since.is_none() || since.elapsed() >= AWAY;
        is_due.then(|| self.away.pop_front())?;
        Some(at)
    }
}

impl Crowd {
    pub(crate) fn churn(&mut self) {
        if let Some(turnover) = &mut self.turnover {
            turnover.since = Some((Instant::now(), 0));
        }
    }

    pub(crate) fn settle(&mut self) {
        if let Some(turnover) = &mut self.turnover {
            turnover.since = None;
        }
    }

    /// Lets those go and come back whose time it is.
    pub(super) fn come_and_go(&mut self) -> Result<()> {
        for _ in 0..self.turnover.as_mut().map_or(0, Turnover::due) {
            self.let_one_go()?;
        }
        while self.connecting < CONNECTING_AT_ONCE
            && let Some(at) = self.turnover.as_mut().and_then(Turnover::returning)
        {
            self.begin(at);
        }
        Ok(())
    }

    /// Whoever is there and chance hits, or else the next one.
    fn let_one_go(&mut self) -> Result<()> {
        let count = self.followers.len();
        let first = rand::random_range(0..count);
        let mut all = (first..count).chain(0..first);
        let open = all.find(|at| self.followers[*at].is_open());
        let (Some(at), Some(turnover)) = (open, &mut self.turnover) else { return Ok(()) };
        let way = WAYS[self.progress.went as usize % WAYS.len()];
        match way.going {
            Going::Closes => self.followers[at].leave(),
            Going::IsReset => self.followers[at].reset()?,
        }
        if let Coming::Anew = way.coming {
            self.followers[at].forget();
            turnover.seen[at].forget();
        }
        turnover.away.push_back((Instant::now(), at));
        self.progress.open -= 1;
        self.progress.went += 1;
        Ok(())
    }

    pub(super) fn opened(&mut self, at: usize) {
        let Some(turnover) = &mut self.turnover else { return };
        let was_there_before = turnover.seen[at].open(stamps::now_nanos());
        self.progress.came_back += u64::from(was_there_before);
    }

    /// What a follower got, of those that come and go; and whether it was there when it was sent.
    pub(super) fn see(&mut self, at: usize, stamp: Stamp) -> bool {
        let Some(turnover) = &mut self.turnover else { return true };
        let seen = &mut turnover.seen[at];
        seen.see(stamp, &mut self.progress);
        seen.was_there(stamp)
    }
}
