//! The acknowledged updates on each branch of the journal, and the rows they result in.
//!
//! A journal that lost its tail, or was replaced by an older copy, continues as a new branch: it shares the
//! records up to the fork with the branch before, and assigns the sequence numbers after the fork again.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use testkit::event_id::split_event_id;

use super::update::{KeyedUpdate, UpdateKind};

/// The rows of one board, by flight.
pub type RowsByFlight = BTreeMap<String, Map<String, Value>>;

/// Everything that the server acknowledged.
#[derive(Debug, Clone)]
pub struct Model {
    branches: Vec<Branch>,
    /// The branch on which each epoch began.
    epochs: BTreeMap<String, usize>,
    /// The number of acknowledged updates.
    pub acknowledged: usize,
    /// Acknowledgements that contradict each other, found while they were recorded.
    pub contradictions: Vec<String>,
}

#[derive(Debug, Clone, Default)]
struct Branch {
    /// The last sequence number that it shares with the branch before.
    fork: u64,
    entries: BTreeMap<u64, ModelEntry>,
    /// The sequence number of each update, by its idempotency key.
    keys: BTreeMap<String, u64>,
    /// Requested updates without an answer, each of which may have been applied or not.
    indeterminate: Vec<KeyedUpdate>,
}

/// An acknowledged update.
#[derive(Debug, Clone)]
pub struct ModelEntry {
    pub id: String,
    pub update: KeyedUpdate,
}

impl Default for Model {
    fn default() -> Self {
        let branches = vec![Branch::default()];
        Self { branches, epochs: BTreeMap::new(), acknowledged: 0, contradictions: Vec::new() }
    }
}

impl Model {
    /// The newest branch, to which the server appends.
    pub fn current_branch(&self) -> usize {
        self.branches.len() - 1
    }

    /// All branches, the newest first.
    pub fn branches(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.branches.len()).rev()
    }

    /// Records that the server acknowledged `update`, requested on `branch`, as the event `id`.
    pub fn acknowledge(&mut self, branch: usize, id: &str, update: &KeyedUpdate) {
        self.acknowledged += 1;
        let Some((epoch, _)) = split_event_id(id) else {
            self.contradictions.push(format!("{id:?} is not an event id"));
            return;
        };
        self.epochs.entry(epoch.to_owned()).or_insert(branch);
        self.record(branch, id, update);
    }

    /// Records that a request for `update` on `branch` failed without an answer.
    pub fn mark_indeterminate(&mut self, branch: usize, update: &KeyedUpdate) {
        let indeterminate = &mut self.branches[branch].indeterminate;
        if !indeterminate.contains(update) {
            indeterminate.push(update.clone());
        }
    }

    /// Begins a new branch, because the journal has lost all records after `fork`.
    pub fn fork_at(&mut self, fork: u64) {
        let mut entries = self.branches[self.current_branch()].entries.clone();
        entries.retain(|seq, _| *seq <= fork);
        let keys = entries.iter().map(|(seq, entry)| (entry.update.key.clone(), *seq)).collect();
        self.branches.push(Branch { fork, entries, keys, indeterminate: Vec::new() });
    }

    /// Tells whether `branch` has lost the record of an id that the server once assigned. `None` if the model does
    /// not know the id's epoch.
    pub fn is_lost(&self, id: &str, branch: usize) -> Option<bool> {
        let (epoch, seq) = split_event_id(id)?;
        let born = *self.epochs.get(epoch)?;
        Some((born + 1..=branch).any(|later| seq > self.branches[later].fork))
    }

    /// Matches an observed event without an acknowledgement with an indeterminate update, and records it as
    /// applied. Returns `false` if no requested update explains the event.
    pub fn resolve(&mut self, board: &str, id: &str, name: &str, data: &Value) -> bool {
        let Some((epoch, seq)) = split_event_id(id) else { return false };
        // A known epoch names the branch. Otherwise try all of them, the newest first.
        let candidates = match self.epochs.get(epoch) {
            Some(born) => vec![*born],
            None => self.branches().collect(),
        };
        for branch in candidates {
            if self.branches[branch].entries.contains_key(&seq) {
                continue;
            }
            let rows = self.rows_at(branch, board, seq);
            let Branch { keys, indeterminate, .. } = &self.branches[branch];
            let explains = |update: &&KeyedUpdate| {
                let row = rows.get(update.flight().unwrap_or_default());
                update.board == board
                    && !keys.contains_key(&update.key)
                    && matches_event(update, row, name, data)
            };
            if let Some(update) = indeterminate.iter().find(explains).cloned() {
                self.epochs.entry(epoch.to_owned()).or_insert(branch);
                self.record(branch, id, &update);
                return true;
            }
        }
        false
    }

    /// Tells whether an update was acknowledged, or resolved, with this id.
    pub fn contains_id(&self, id: &str) -> bool {
        let Some((_, seq)) = split_event_id(id) else { return false };
        let has_id = |branch: &Branch| branch.entries.get(&seq).is_some_and(|entry| entry.id == id);
        self.branches.iter().any(has_id)
    }

    /// The first entry of a board after `seq`.
    pub fn next_after(&self, branch: usize, board: &str, seq: u64) -> Option<(u64, &ModelEntry)> {
        let after = self.branches[branch].entries.range(seq + 1..);
        after.map(|(seq, entry)| (*seq, entry)).find(|(_, entry)| entry.update.board == board)
    }

    /// The rows of a board after all entries up to and including `seq`.
    pub fn rows_at(&self, branch: usize, board: &str, seq: u64) -> RowsByFlight {
        let mut rows = RowsByFlight::new();
        for entry in self.branches[branch].entries.range(..=seq).map(|(_, entry)| entry) {
            if entry.update.board == board {
                apply_update(&mut rows, &entry.update);
            }
        }
        rows
    }

    /// Tells whether indeterminate updates explain that a row is `found` instead of `expected`: one, or several in a
    /// row, since a request may change a flight more than once.
    pub fn may_differ(
        &self,
        branch: usize,
        board: &str,
        flight: &str,
        expected: Option<&Map<String, Value>>,
        found: Option<&Map<String, Value>>,
    ) -> bool {
        let concerns =
            |update: &&KeyedUpdate| update.board == board && update.flight() == Some(flight);
        let updates: Vec<_> = self.branches[branch].indeterminate.iter().filter(concerns).collect();
        (0..updates.len()).any(|first| {
            let mut rows = RowsByFlight::new();
            if let Some(row) = expected {
                rows.insert(flight.to_owned(), row.clone());
            }
            updates[first..].iter().any(|update| {
                apply_update(&mut rows, update);
                rows.get(flight) == found
            })
        })
    }

    /// The flights that are on a board now.
    pub fn flights(&self, board: &str) -> Vec<String> {
        self.rows_at(self.current_branch(), board, u64::MAX).into_keys().collect()
    }

    /// Records an update on `branch`, and on all branches that share its sequence number.
    fn record(&mut self, branch: usize, id: &str, update: &KeyedUpdate) {
        let Some((_, seq)) = split_event_id(id) else { return };
        let earlier = (0..branch).rev().take_while(|at| seq <= self.branches[at + 1].fork);
        let later = branch + 1..self.branches.len();
        let later = later.take_while(|at| seq <= self.branches[*at].fork);
        let sharing: Vec<_> = std::iter::once(branch).chain(earlier).chain(later).collect();
        for branch in sharing {
            let Branch { entries, keys, .. } = &mut self.branches[branch];
            let entry = ModelEntry { id: id.to_owned(), update: update.clone() };
            // One sequence number must not belong to two updates …
            if let Some(other) = entries.insert(seq, entry)
                && (other.id != id || other.update.key != update.key)
            {
                let (key, other_key) = (&update.key, &other.update.key);
                self.contradictions.push(format!(
                    "sequence number {seq} was assigned twice: as {} to update {other_key}, as {id} to update {key}",
                    other.id
                ));
            }
            // … and one idempotency key must not be applied twice.
            if let Some(other) = keys.insert(update.key.clone(), seq)
                && other != seq
            {
                self.contradictions
                    .push(format!("applied twice, as {other} and {seq}: {update:?}"));
            }
        }
    }
}

/// Tells whether an event is the one expected of an update, given the row before it.
pub fn matches_event(
    update: &KeyedUpdate,
    row: Option<&Map<String, Value>>,
    name: &str,
    data: &Value,
) -> bool {
    let (expected_name, expected_data) = update.expected_event(row);
    let has_expected_data = match &update.kind {
        UpdateKind::Title(title) => data["title"] == title.as_str(),
        _ => *data == expected_data,
    };
    name == expected_name && has_expected_data
}

/// Applies an update to the rows of its board.
pub fn apply_update(rows: &mut RowsByFlight, update: &KeyedUpdate) {
    match &update.kind {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn several_indeterminate_updates_explain_a_row() {
        let row = |gate: &str| json!({"flight": "I768", "gate": gate}).as_object().unwrap().clone();
        let patch = |fields: Value| UpdateKind::Patch(fields.as_object().unwrap().clone());
        let update = |kind, key: &str| KeyedUpdate { board: "main", kind, key: key.to_owned() };
        let mut model = Model::default();
        model.mark_indeterminate(0, &update(UpdateKind::Put(row("A1")), "1"));
        model.mark_indeterminate(0, &update(patch(json!({"flight": "I768", "gate": "B2"})), "2"));
        let may_be = |gate| model.may_differ(0, "main", "I768", None, Some(&row(gate)));
        assert!(may_be("A1") && may_be("B2"));
        assert!(!may_be("C3"));
    }
}
