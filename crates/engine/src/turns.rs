//! Turns of publishers. All of them share the journal and the applier, so each has a bounded number of updates on the
//! way, and those that wait are served in rotation: a publisher of a million updates delays the others by one turn.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use flight::{BoardName, PublisherName, Update};
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// Most updates of one publisher on the way to the boards while others publish. More than this are published in several
/// turns.
pub(crate) const TURN_UPDATES: usize = 256;

/// Most updates of a turn that begins while no other publisher has one: each commit costs an fsync. One that comes
/// meanwhile waits for some 20 ms.
pub(crate) const LONE_TURN_UPDATES: usize = 1_000;

/// Most updates on the way to the boards.
pub(crate) const MAX_PENDING_UPDATES: usize = 1_024;

/// The publishers between which turns are shared. Without credentials these are the boards.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum TurnKey {
    Publisher(PublisherName),
    Board(BoardName),
}

/// The turns that are taken and waited for. Bounded by the open requests.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    state: Mutex<TurnState>,
}

#[derive(Debug, Default)]
struct TurnState {
    pending: usize,
    publishers: HashMap<TurnKey, TurnQueue>,
    /// Publishers that wait, in the order of their next turns.
    rotation: VecDeque<TurnKey>,
}

#[derive(Debug, Default)]
struct TurnQueue {
    pending: usize,
    waiting: VecDeque<(usize, oneshot::Sender<Turn>)>,
}

/// The right to have some updates on the way, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Arc<Turns>,
    key: TurnKey,
    updates: usize,
}

impl TurnKey {
    pub(crate) fn new(update: &Update) -> Self {
        match update.publisher() {
            Some(publisher) => Self::Publisher(publisher.clone()),
            None => Self::Board(update.board().clone()),
        }
    }
}

impl Turns {
    /// The most updates that the next turn of a publisher may have. The rate of one with a credential is checked by turns,
    /// so these stay small.
    pub(crate) fn max_updates(&self, key: &TurnKey) -> usize {
        match key {
            TurnKey::Board(_) if self.state.lock().publishers.is_empty() => LONE_TURN_UPDATES,
            _ => TURN_UPDATES,
        }
    }

    /// Waits for a turn for at most [`max_updates`](Self::max_updates).
    pub(crate) async fn take(self: &Arc<Self>, key: TurnKey, updates: usize) -> Turn {
        debug_assert!(updates <= LONE_TURN_UPDATES, "callers split");
        let (sender, receiver) = oneshot::channel();
        {
            let mut state = self.state.lock();
            let queue = state.publishers.entry(key.clone()).or_default();
            queue.waiting.push_back((updates, sender));
            if queue.waiting.len() == 1 {
                state.rotation.push_back(key.clone());
            }
        }
        self.grant();
        match receiver.await {
            Ok(turn) => turn,
            // Every sender in the queue is used.
            Err(_) => Turn { turns: Arc::clone(self), key, updates: 0 },
        }
    }

    /// Grants the turns for which there is room.
    fn grant(self: &Arc<Self>) {
        while let Some((sender, turn)) = self.next_turn() {
            // A publisher that no longer waits drops its turn here, without the lock.
            drop(sender.send(turn));
        }
    }

    fn next_turn(self: &Arc<Self>) -> Option<(oneshot::Sender<Turn>, Turn)> {
        let state = &mut *self.state.lock();
        for _ in 0..state.rotation.len() {
            let key = state.rotation.pop_front()?;
            let queue = state.publishers.get_mut(&key)?;
            let &(updates, _) = queue.waiting.front()?;
            let is_free = queue.pending == 0 || queue.pending + updates <= TURN_UPDATES;
            if state.pending > 0 && state.pending + updates > MAX_PENDING_UPDATES {
                // The first in the rotation waits for room, so that small turns do not overtake it without end.
                state.rotation.push_front(key);
                return None;
            }
            if !is_free {
                state.rotation.push_back(key);
                continue;
            }
            let (updates, sender) = queue.waiting.pop_front()?;
            queue.pending += updates;
            state.pending += updates;
            if !queue.waiting.is_empty() {
                state.rotation.push_back(key.clone());
            }
            return Some((sender, Turn { turns: Arc::clone(self), key, updates }));
        }
        None
    }

    fn release(self: &Arc<Self>, key: &TurnKey, updates: usize) {
        {
            let mut state = self.state.lock();
            state.pending -= updates;
            if let Some(queue) = state.publishers.get_mut(key) {
                queue.pending -= updates;
                if queue.pending == 0 && queue.waiting.is_empty() {
                    state.publishers.remove(key);
                }
            }
        }
        self.grant();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.release(&self.key, self.updates);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    fn key(name: &str) -> TurnKey {
        TurnKey::Publisher(PublisherName::parse(name).unwrap())
    }

    /// Returns the names of publishers in the order of their turns, each of which ends at once.
    async fn order(
        turns: &Arc<Turns>,
        waiting: &'static [(&'static str, usize)],
        first: Turn,
    ) -> Vec<String> {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        for (name, updates) in waiting {
            let (turns, sender) = (Arc::clone(turns), sender.clone());
            tokio::spawn(async move {
                let _turn = turns.take(key(name), *updates).await;
                sender.send((*name).to_owned()).unwrap();
            });
            // Lets the task reach its wait.
            tokio::task::yield_now().await;
        }
        drop((first, sender));
        let mut order = Vec::new();
        while let Some(name) = receiver.recv().await {
            order.push(name);
        }
        order
    }

    #[tokio::test]
    async fn waiting_publishers_take_turns() {
        let turns = Arc::new(Turns::default());
        let mut others = Vec::new();
        for name in ["a", "b", "c"] {
            others.push(turns.take(key(name), TURN_UPDATES).await);
        }
        let first = turns.take(key("big"), TURN_UPDATES).await;
        const WAITING: [(&str, usize); 5] =
            [("big", 256), ("big", 256), ("big", 256), ("small", 1), ("other", 1)];
        let order = order(&turns, &WAITING, first).await;
        assert_eq!(order, ["big", "small", "other", "big", "big"]);
    }

    #[tokio::test]
    async fn publishers_have_single_turns() {
        let turns = Arc::new(Turns::default());
        let first = turns.take(key("big"), TURN_UPDATES).await;
        let mut second = Box::pin(turns.take(key("big"), 1));
        assert!(timeout(Duration::ZERO, &mut second).await.is_err());
        // There is room for others.
        drop(turns.take(key("small"), TURN_UPDATES).await);
        drop(first);
        drop(second.await);
        assert!(turns.state.lock().publishers.is_empty());
    }

    #[tokio::test]
    async fn lone_boards_have_larger_turns() {
        let turns = Arc::new(Turns::default());
        let board = TurnKey::Board(BoardName::parse("main").unwrap());
        assert_eq!(turns.max_updates(&board), LONE_TURN_UPDATES);
        assert_eq!(turns.max_updates(&key("named")), TURN_UPDATES);
        let turn = turns.take(key("named"), 1).await;
        assert_eq!(turns.max_updates(&board), TURN_UPDATES);
        drop(turn);
        assert_eq!(turns.max_updates(&board), LONE_TURN_UPDATES);
    }

    #[tokio::test]
    async fn abandoned_waits_block_nothing() {
        let turns = Arc::new(Turns::default());
        let first = turns.take(key("big"), TURN_UPDATES).await;
        let mut abandoned = Box::pin(turns.take(key("big"), TURN_UPDATES));
        assert!(timeout(Duration::ZERO, &mut abandoned).await.is_err());
        drop(abandoned);
        drop(first);
        drop(turns.take(key("big"), TURN_UPDATES).await);
        assert_eq!(turns.state.lock().pending, 0);
    }
}
