//! A cursor into a channel's frames, and what it is due next.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use tokio::sync::watch;

use crate::channel::{Channel, Reason};
use crate::window::Place;

/// About how many bytes a follower is given at once; a single frame may be larger.
pub const PULL_BYTES: usize = 64 * 1024;

/// Where a follower begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the rows as they are.
    Fresh,
    /// After the event at this position, which it has seen.
    After(u64),
    /// It has seen something, but nothing that is known here.
    Lost,
}

/// One open stream: a cursor.
#[derive(Debug)]
pub struct Follower {
    channel: Arc<Channel>,
    news: watch::Receiver<()>,
    /// Position of the last event given.
    cursor: u64,
    /// Why a snapshot comes first, if it does.
    owed: Option<Reason>,
}

/// What a follower is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// These frames, in order. They are given once.
    Frames(Vec<Bytes>),
    /// Nothing yet.
    Nothing,
    /// Nothing any more: the channel is closed and all was given.
    End,
}

impl Follower {
    pub(crate) fn open(channel: Arc<Channel>, start: Start) -> Self {
        let news = channel.news.subscribe();
        let (cursor, owed) = match start {
            Start::Fresh => (0, Some(Reason::Start)),
            Start::Lost => (0, Some(Reason::Unknown)),
            Start::After(seq) => match channel.state.lock().window.place(seq) {
                Place::Within => (seq, None),
                Place::Before => (0, Some(Reason::Expired)),
                Place::Nowhere => (0, Some(Reason::Unknown)),
            },
        };
        channel.followers.fetch_add(1, Ordering::Relaxed);
        Self { channel, news, cursor, owed }
    }

    /// Whether it goes on from an event that it has seen.
    pub fn is_resumed(&self) -> bool {
        self.owed.is_none()
    }

    /// Takes what is due next, [`PULL_BYTES`] of it or one frame. Asked when the socket can take
    /// more, and again until there is nothing: only then does [`Follower::wait`] wait.
    pub fn due(&mut self) -> Due {
        // Before looking: what is published after this wakes the next wait.
        self.news.mark_unchanged();
        let reason = {
            let state = self.channel.state.lock();
            let passed = match self.owed.take() {
                Some(reason) => reason,
                None => match state.window.after(self.cursor, PULL_BYTES) {
                    Some((_, frames)) if frames.is_empty() => {
                        return if state.farewell.is_some() { Due::End } else { Due::Nothing };
                    }
                    Some((last, frames)) => {
                        self.cursor = last;
                        return Due::Frames(frames);
                    }
                    None => Reason::Slow,
                },
            };
            if let Some(farewell) = &state.farewell {
                self.cursor = state.window.head();
                return Due::Frames(vec![farewell.clone()]);
            }
            passed
        };
        let snapshot = self.channel.snapshot(reason);
        self.cursor = snapshot.seq;
        Due::Frames(vec![snapshot.frame])
    }

    /// Waits until something may be due. Dropping the future loses nothing.
    pub async fn wait(&mut self) {
        // An error would mean that the channel is gone, but this follower holds it.
        let _ = self.news.changed().await;
    }

    /// Position of the channel's newest event.
    pub fn head(&self) -> u64 {
        self.channel.head()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.channel.followers.fetch_sub(1, Ordering::Relaxed);
    }
}
