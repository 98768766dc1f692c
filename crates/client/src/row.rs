//! One row, its key, and its changes.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

/// The key of a row: its number, operating day and leg. A number flies on many days, and on some days twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey {
    /// The flight number, such as `BA117`.
    pub flight: String,
    /// The operating day as `YYYY-MM-DD`; `None` if the row has none.
    pub date: Option<String>,
    /// The scheduled time that tells two legs of a day apart, such as `00:25`; `None` if the row has none.
    pub leg: Option<String>,
}

/// One row: the fields of `docs/protocol.md`, section "Rows", as JSON. A field that is not set is absent, and fields of
/// later versions are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct BoardRow {
    fields: Map<String, Value>,
    #[serde(skip)]
    key: RowKey,
}

/// A row that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// The row's key.
    pub key: RowKey,
    /// The row as it was; `None` if it was added.
    pub before: Option<Arc<BoardRow>>,
    /// The row as it is; `None` if it was removed.
    pub after: Option<Arc<BoardRow>>,
}

/// A field that differs between two versions of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedField<'a> {
    /// Its name, such as `gate`.
    pub name: &'a str,
    /// Its value before; `None` if it was not set.
    pub before: Option<&'a Value>,
    /// Its value after; `None` if it is not set any more.
    pub after: Option<&'a Value>,
}

impl RowKey {
    /// The key of a row or patch; `None` if it has none that is valid.
    pub(crate) fn of_fields(fields: &Map<String, Value>) -> Option<Self> {
        let optional = |name| match fields.get(name) {
            None => Some(None),
            Some(Value::String(text)) => Some(Some(text.clone())),
            Some(_) => None,
        };
        let flight = fields.get("flight")?.as_str()?.to_owned();
        Some(Self { flight, date: optional("date")?, leg: optional("leg")? })
    }
}

/// The parts that are set, with spaces between them.
impl fmt::Display for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.flight)?;
        for part in [&self.date, &self.leg].into_iter().flatten() {
            write!(f, " {part}")?;
        }
        Ok(())
    }
}

impl BoardRow {
    /// A row of these fields; `None` without a valid key.
    pub(crate) fn new(fields: Map<String, Value>) -> Option<Self> {
        let key = RowKey::of_fields(&fields)?;
        Some(Self { fields, key })
    }

    /// The row's key.
    pub fn key(&self) -> &RowKey {
        &self.key
    }

    /// All fields.
    pub fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// A field that is a text, such as `gate`, or `arrivalInstant` in RFC 3339; `None` if it is not set.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name)?.as_str()
    }

    /// The row after a JSON Merge Patch (RFC 7396) of a flat object: `null` clears a field.
    pub(crate) fn patched(&self, patch: &Map<String, Value>) -> Self {
        let mut fields = self.fields.clone();
        for (name, value) in patch {
            if value.is_null() {
                fields.remove(name);
            } else {
                fields.insert(name.clone(), value.clone());
            }
        }
        Self { fields, key: self.key.clone() }
    }
}

impl RowChange {
    /// `None` if the rows are equal.
    pub(crate) fn between(
        key: RowKey,
        before: Option<Arc<BoardRow>>,
        after: Option<Arc<BoardRow>>,
    ) -> Option<Self> {
        (before != after).then_some(Self { key, before, after })
    }

    /// The fields that differ, by name. All fields of a row that was added or removed.
    pub fn fields(&self) -> Vec<ChangedField<'_>> {
        let [before, after] =
            [&self.before, &self.after].map(|row| row.as_deref().map(BoardRow::fields));
        let names = before.into_iter().chain(after).flat_map(Map::keys);
        let mut names: Vec<_> = names.map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        let change = |name| ChangedField {
            name,
            before: before.and_then(|fields| fields.get(name)),
            after: after.and_then(|fields| fields.get(name)),
        };
        names.into_iter().map(change).filter(|change| change.before != change.after).collect()
    }
}
