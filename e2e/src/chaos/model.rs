//! What was acknowledged, on which branch of the journal, and the rows that it gives.
//!
//! A journal that lost its tail, or was replaced by an older copy, goes on as another branch: it
//! shares the records up to the cut with the one before, and gives the numbers after it again.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::update::{KeyedUpdate, UpdateKind};

/// The rows of one board, by flight.
pub type RowsByFlight = BTreeMap<String, Map<String, Value>>;

/// The oracle's memory.
#[derive(Debug, Clone)]
pub struct Model {
    branches: Vec<Branch>,
    /// The branch on which an epoch wrote.
    epochs: BTreeMap<String, usize>,
    /// How many updates were acknowledged.
    pub acknowledged: usize,
    /// What contradicted itself already while it was written down.
    pub contradictions: Vec<String>,
}

#[derive(Debug, Clone, Default)]
struct Branch {
    /// The last record that it shares with the branch before.
    cut: u64,
    entries: BTreeMap<u64, ModelEntry>,
    /// Where each update is among them, by its key.
    keys: BTreeMap<String, u64>,
    /// What was asked for and may have been carried out, or not.
    doubts: Vec<KeyedUpdate>,
}

/// An update that was acknowledged.
#[derive(Debug, Clone)]
pub struct ModelEntry {
    pub id: String,
    pub update: KeyedUpdate,
}

impl Model {
    pub fn new() -> Self {
        let branches = vec![Branch::default()];
        Self { branches, epochs: BTreeMap::new(), acknowledged: 0, contradictions: Vec::new() }
    }

    /// The newest branch, on which the server writes.
    pub fn branch(&self) -> usize {
        self.branches.len() - 1
    }

    pub fn branches(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.branches.len()).rev()
    }

    /// The server has answered that `update` is the event `id`; it was asked on `branch`.
    pub fn acknowledge(&mut self, branch: usize, id: &str, update: &KeyedUpdate) {
        self.acknowledged += 1;
        let Some((epoch, _)) = split_event_id(id) else {
            return self.contradictions.push(format!("{id} is no event id"));
        };
        self.epochs.entry(epoch.to_owned()).or_insert(branch);
        self.record(branch, id, update);
    }

    /// Perhaps it was carried out: nobody knows.
    pub fn doubt(&mut self, branch: usize, update: &KeyedUpdate) {
        let doubts = &mut self.branches[branch].doubts;
        if !doubts.contains(update) {
            doubts.push(update.clone());
        }
    }

    /// The journal has lost what came after `cut`.
    pub fn rewind(&mut self, cut: u64) {
        let entries = self.branches[self.branch()].entries.clone();
        let entries: BTreeMap<_, _> = entries.into_iter().filter(|(seq, _)| *seq <= cut).collect();
        let keys = entries.iter().map(|(seq, entry)| (entry.update.key.clone(), *seq)).collect();
        self.branches.push(Branch { cut, entries, keys, doubts: Vec::new() });
    }

    /// Whether the record of an id that the server gave before is lost now on `branch`. `None` where
    /// the oracle does not know the id's epoch.
    pub fn is_lost(&self, id: &str, branch: usize) -> Option<bool> {
        let (epoch, seq) = split_event_id(id)?;
        let born = *self.epochs.get(epoch)?;
        Some((born + 1..=branch).any(|later| seq > self.branches[later].cut))
    }

    /// An event was seen that nobody was answered for: finds the update that it must be. `None` where
    /// nobody asked for such a thing, or it was carried out before.
    pub fn settle(&mut self, board: &str, id: &str, name: &str, data: &Value) -> Option<()> {
        let (epoch, seq) = split_event_id(id)?;
        let born = self.epochs.get(epoch).copied();
        let candidates = born.map_or_else(|| self.branches().collect(), |born| vec![born]);
        for branch in candidates {
            if self.branches[branch].entries.contains_key(&seq) {
                continue;
            }
            let row = self.rows(branch, board, seq);
            let row_of =
                |update: &KeyedUpdate| row.get(update.flight().unwrap_or_default()).cloned();
            let keys = &self.branches[branch].keys;
            let fits = |update: &&KeyedUpdate| {
                update.board == board
                    && !keys.contains_key(&update.key)
                    && matches_event(update, row_of(update).as_ref(), name, data)
            };
            if let Some(update) = self.branches[branch].doubts.iter().find(fits).cloned() {
                self.epochs.entry(epoch.to_owned()).or_insert(branch);
                self.record(branch, id, &update);
                return Some(());
            }
        }
        None
    }

    /// Whether some update was answered with this id.
    pub fn knows(&self, id: &str) -> bool {
        let Some((_, seq)) = split_event_id(id) else { return false };
        self.branches.iter().any(|branch| branch.entries.get(&seq).is_some_and(|e| e.id == id))
    }

    /// The first entry of a board after `seq`.
    pub fn next(&self, branch: usize, board: &str, seq: u64) -> Option<(u64, &ModelEntry)> {
        let after = self.branches[branch].entries.range(seq + 1..);
        after.map(|(seq, entry)| (*seq, entry)).find(|(_, entry)| entry.update.board == board)
    }

    /// The rows that a board has after `seq`.
    pub fn rows(&self, branch: usize, board: &str, seq: u64) -> RowsByFlight {
        let entries = self.branches[branch].entries.range(..=seq);
        let mut rows = RowsByFlight::new();
        for (_, entry) in entries.filter(|(_, entry)| entry.update.board == board) {
            apply_update(&mut rows, &entry.update);
        }
        rows
    }

    /// Whether a row, or its absence, may be there beside what was acknowledged.
    pub fn may_be(
        &self,
        branch: usize,
        board: &str,
        flight: &str,
        before: Option<&Map<String, Value>>,
        found: Option<&Map<String, Value>>,
    ) -> bool {
        let doubts = self.branches[branch].doubts.iter();
        doubts.filter(|doubt| doubt.board == board && doubt.flight() == Some(flight)).any(|doubt| {
            let mut rows: RowsByFlight =
                before.map(|row| (flight.to_owned(), row.clone())).into_iter().collect();
            apply_update(&mut rows, doubt);
            rows.get(flight) == found
        })
    }

    /// Flights that a publisher finds on a board.
    pub fn flights(&self, board: &str) -> Vec<String> {
        self.rows(self.branch(), board, u64::MAX).into_keys().collect()
    }

    /// Enters into all branches that have this record in common.
    fn record(&mut self, branch: usize, id: &str, update: &KeyedUpdate) {
        let Some((_, seq)) = split_event_id(id) else { return };
        let mut shared = vec![branch];
        let earlier = (0..branch).rev().take_while(|at| seq <= self.branches[at + 1].cut);
        shared.extend(earlier);
        let later = branch + 1..self.branches.len();
        shared.extend(later.take_while(|at| seq <= self.branches[*at].cut));
        for branch in shared {
            let entry = ModelEntry { id: id.to_owned(), update: update.clone() };
            if let Some(other) = self.branches[branch].entries.insert(seq, entry)
                && (other.id != id || other.update.key != update.key)
            {
                let keys = (&other.update.key, &update.key);
                self.contradictions.push(format!("{} and {id} are both {seq}: {keys:?}", other.id));
            }
            let keys = &mut self.branches[branch].keys;
            if let Some(other) = keys.insert(update.key.clone(), seq)
                && other != seq
            {
                self.contradictions.push(format!("{update:?} is both {other} and {seq}"));
            }
        }
    }
}

impl Default for Model {
    fn default() -> Self {
        Self::new()
    }
}

/// The epoch and the number of an event id.
pub fn split_event_id(id: &str) -> Option<(&str, u64)> {
    let (epoch, seq) = id.split_once('-')?;
    Some((epoch, seq.parse().ok()?))
}

/// Whether an event is what must come of an update.
pub fn matches_event(
    update: &KeyedUpdate,
    row: Option<&Map<String, Value>>,
    name: &str,
    data: &Value,
) -> bool {
    let (expected_name, expected) = update.event(row);
    let same = match &update.change {
        UpdateKind::Title(title) => data["title"] == title.as_str(),
        _ => *data == expected,
    };
    name == expected_name && same
}

/// The oracle's own fold.
pub fn apply_update(rows: &mut RowsByFlight, update: &KeyedUpdate) {
    match &update.change {
        UpdateKind::Put(row) => {
            if let Some(flight) = update.flight() {
                rows.insert(flight.to_owned(), row.clone());
            }
        }
        UpdateKind::Patch(fields) => {
            if let Some(row) = update.flight().and_then(|flight| rows.get_mut(flight)) {
                row.extend(fields.clone());
                row.retain(|_, value| !value.is_null());
            }
        }
        UpdateKind::Remove(flight) => drop(rows.remove(flight)),
        UpdateKind::Title(_) => {}
    }
}
