//! The columns that fit a width.

use unicode_width::UnicodeWidthStr;

use crate::board_clock::BoardClock;
use crate::row_view::{CellKind, ShownRow};

/// Cells between two columns.
pub(crate) const COLUMN_GAP: usize = 2;

/// Widest column other than that of the place.
const MAX_COLUMN_WIDTH: usize = 32;

/// The least width for a state and a place.
const MIN_TEXT_WIDTH: usize = 8;

/// Width up to which the place comes before columns that a narrow screen lacks.
const USUAL_PLACE_WIDTH: usize = 20;

/// The columns that each row fills, the most important one first.
const BASIC_COLUMNS: [CellKind; 4] =
    [CellKind::Flight, CellKind::State, CellKind::Time, CellKind::Place];

/// A column with its width in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FittedColumn {
    pub(crate) kind: CellKind,
    pub(crate) width: usize,
}

/// The other columns, the most important one first.
fn further_columns(clock: &BoardClock) -> [CellKind; 10] {
    let [first_tile, second_tile] = if clock.is_departures() {
        [CellKind::Gate, CellKind::Belt]
    } else {
        [CellKind::Belt, CellKind::Gate]
    };
    [
        first_tile,
        second_tile,
        CellKind::Desk,
        CellKind::Terminal,
        CellKind::Remark,
        CellKind::Via,
        CellKind::Airline,
        CellKind::Codeshares,
        CellKind::Stand,
        CellKind::Aircraft,
    ]
}

/// The most important columns that some row fills and that fit together, in the order of the page. The place takes the
/// width that is left, up to its longest name.
pub(crate) fn fit_columns(
    rows: &[ShownRow],
    clock: &BoardClock,
    width: usize,
) -> Vec<FittedColumn> {
    let widest = |kind| rows.iter().map(|row| row.cell(kind).width()).max().unwrap_or(0);
    // With room for the mark of a change.
    let wanted = |kind: CellKind| (widest(kind) + 1).max(kind.heading(clock).width());
    let mut fitting = ColumnFitting { columns: Vec::new(), left: width };
    for kind in BASIC_COLUMNS {
        let is_text = matches!(kind, CellKind::State | CellKind::Place);
        let most = if is_text { MIN_TEXT_WIDTH } else { MAX_COLUMN_WIDTH };
        fitting.add(kind, wanted(kind).min(most));
    }
    fitting.widen(CellKind::State, wanted(CellKind::State).min(MAX_COLUMN_WIDTH));
    fitting.widen(CellKind::Place, wanted(CellKind::Place).min(USUAL_PLACE_WIDTH));
    for kind in further_columns(clock).into_iter().filter(|kind| widest(*kind) > 0) {
        fitting.add(kind, wanted(kind).min(MAX_COLUMN_WIDTH));
    }
    fitting.widen(CellKind::Place, wanted(CellKind::Place));
    fitting.columns.sort_by_key(|column| column.kind);
    fitting.columns
}

/// Columns, and the width that is left.
struct ColumnFitting {
    columns: Vec<FittedColumn>,
    left: usize,
}

impl ColumnFitting {
    /// Adds a column if it fits.
    fn add(&mut self, kind: CellKind, width: usize) {
        let gap = if self.columns.is_empty() { 0 } else { COLUMN_GAP };
        if let Some(left) = self.left.checked_sub(gap + width) {
            self.left = left;
            self.columns.push(FittedColumn { kind, width });
        }
    }

    /// Widens a column that is there as far as the width allows.
    fn widen(&mut self, kind: CellKind, wanted: usize) {
        if let Some(column) = self.columns.iter_mut().find(|column| column.kind == kind) {
            let more = wanted.saturating_sub(column.width).min(self.left);
            column.width += more;
            self.left -= more;
        }
    }
}
