//! A cursor into a channel's frames, and what it is due next.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::watch;

use crate::channel::{Channel, Reason};
use crate::frame::Frame;
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

/// A place in a channel's frames, and all that a follower costs it.
#[derive(Debug)]
pub(crate) struct Cursor {
    pub(crate) channel: Arc<Channel>,
    /// Position of the last event given.
    pub(crate) at: u64,
    /// Why a snapshot comes first, if it does.
    pub(crate) owed: Option<Reason>,
}

/// What lies before a cursor.
pub(crate) enum Ahead {
    /// These frames, in order. [`Cursor::took`] says how far they were taken.
    Frames(Vec<(u64, Frame)>),
    /// This frame instead of all that came before. It counts as taken.
    Instead(Frame),
    Nothing,
    /// Nothing any more: the channel is closed and all was given.
    End,
}

/// One open stream: a cursor, and a way to wait.
#[derive(Debug)]
pub struct Follower {
    cursor: Cursor,
    news: watch::Receiver<()>,
}

/// What a follower is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// These frames, in order. They are given once.
    Frames(Vec<Frame>),
    /// Nothing yet.
    Nothing,
    /// Nothing any more: the channel is closed and all was given.
    End,
}

impl Cursor {
    pub(crate) fn open(channel: Arc<Channel>, start: Start) -> Self {
        let (at, owed) = match start {
            Start::Fresh => (0, Some(Reason::Start)),
            Start::Lost => (0, Some(Reason::Unknown)),
            Start::After(seq) => match channel.state.lock().window.place(seq) {
                Place::Within => (seq, None),
                Place::Before => (0, Some(Reason::Expired)),
                Place::Nowhere => (0, Some(Reason::Unknown)),
            },
        };
        channel.followers.fetch_add(1, Ordering::Relaxed);
        Self { channel, at, owed }
    }

    /// What is due next of what came up to `until`, [`PULL_BYTES`] of it or one frame.
    pub(crate) fn ahead(&mut self, until: u64) -> Ahead {
        let reason = {
            let state = self.channel.state.lock();
            let passed = match self.owed.take() {
                Some(reason) => reason,
                None => match state.window.after(self.at, until, PULL_BYTES) {
                    Some(frames) if frames.is_empty() => {
                        let is_end = state.farewell.is_some() && self.at >= state.window.head();
                        return if is_end { Ahead::End } else { Ahead::Nothing };
                    }
                    Some(frames) => return Ahead::Frames(frames),
                    None => Reason::Slow,
                },
            };
            if let Some(farewell) = &state.farewell {
                self.at = state.window.head();
                return Ahead::Instead(farewell.clone());
            }
            passed
        };
        let snapshot = self.channel.snapshot(reason);
        self.at = snapshot.seq;
        Ahead::Instead(snapshot.frame)
    }

    /// The frames up to the one at `seq` were taken.
    pub(crate) fn took(&mut self, seq: u64) {
        self.at = seq;
    }
}

impl Drop for Cursor {
    fn drop(&mut self) {
        self.channel.followers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Follower {
    pub(crate) fn new(cursor: Cursor) -> Self {
        let news = cursor.channel.news.subscribe();
        Self { cursor, news }
    }

    /// Whether it goes on from an event that it has seen.
    pub fn is_resumed(&self) -> bool {
        self.cursor.owed.is_none()
    }

    /// Takes what is due next, [`PULL_BYTES`] of it or one frame. Asked when the socket can take
    /// more, and again until there is nothing: only then does [`Follower::wait`] wait.
    pub fn due(&mut self) -> Due {
        // Before looking: what is published after this wakes the next wait.
        self.news.mark_unchanged();
        match self.cursor.ahead(u64::MAX) {
            Ahead::Frames(frames) => {
                if let Some((last, _)) = frames.last() {
                    self.cursor.took(*last);
                }
                Due::Frames(frames.into_iter().map(|(_, frame)| frame).collect())
            }
            Ahead::Instead(frame) => Due::Frames(vec![frame]),
            Ahead::Nothing => Due::Nothing,
            Ahead::End => Due::End,
        }
    }

    /// Waits until something may be due. Dropping the future loses nothing.
    pub async fn wait(&mut self) {
        // An error would mean that the channel is gone, but this follower holds it.
        let _ = self.news.changed().await;
    }

    pub(crate) fn channel(&self) -> &Arc<Channel> {
        &self.cursor.channel
    }

    pub(crate) fn into_cursor(self) -> Cursor {
        self.cursor
    }

    /// Position of the channel's newest event.
    pub fn head(&self) -> u64 {
        self.cursor.channel.head()
    }
}
