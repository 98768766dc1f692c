//! When the next message may be published: at an even rate, or when enough of those before have come.

use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until};

use crate::orders::Progress;
use crate::workers::{self, State};

/// Nothing more comes when nothing has come for so long.
pub(crate) const SILENCE: Duration = Duration::from_secs(5);

/// How messages follow each other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rhythm {
    /// So many a second.
    Rate(f64),
    /// So many at most that were published and have not come to all.
    Window(u64),
}

/// Gives each message to one of those who publish.
pub(crate) struct Pace {
    /// Messages that were published before.
    before: u64,
    messages: u64,
    rhythm: Rhythm,
    followers: u64,
    start: Instant,
    next: Mutex<Next>,
}

struct Next {
    /// How many were given.
    given: u64,
    states: watch::Receiver<Vec<State>>,
    /// How late the latest was.
    latest: Duration,
}

impl Pace {
    pub(crate) fn new(
        messages: u64,
        rhythm: Rhythm,
        followers: usize,
        states: watch::Receiver<Vec<State>>,
    ) -> Self {
        let next = Mutex::new(Next { given: 0, states, latest: Duration::ZERO });
        let followers = followers.max(1) as u64;
        Self { before: 0, messages, rhythm, followers, start: Instant::now(), next }
    }

    /// Goes on with the numbers after those of so many messages.
    pub(crate) fn after(self, before: u64) -> Self {
        Self { before, ..self }
    }

    /// The number of the next message, when it may be published. `None` when there are no more, or
    /// when none of those before come.
    pub(crate) async fn next(&self) -> Option<u64> {
        let mut next = self.next.lock().await;
        if next.given == self.messages {
            return None;
        }
        match self.rhythm {
            Rhythm::Rate(per_sec) => {
                let due = self.start + Duration::from_secs_f64(next.given as f64 / per_sec);
                sleep_until(due).await;
                next.latest = next.latest.max(due.elapsed());
            }
            Rhythm::Window(window) => {
                let (given, followers) = (next.given, self.followers);
                let has_room = |all: &Progress| given < all.delivered / followers + window;
                workers::wait(&mut next.states, SILENCE, has_room, |all| all.delivered).await;
                if !has_room(&workers::progress(&next.states.borrow())) {
                    next.given = self.messages;
                    return None;
                }
            }
        }
        next.given += 1;
        Some(self.before + next.given)
    }

    pub(crate) async fn latest(&self) -> Duration {
        self.next.lock().await.latest
    }
}
