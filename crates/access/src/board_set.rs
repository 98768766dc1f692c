//! The boards that a right is about.

use std::collections::BTreeSet;
use std::fmt;

use flight::BoardName;

/// The text for all boards.
const ALL: &str = "*";

/// A set of boards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoardSet {
    /// All boards, also those that do not exist yet.
    All,
    /// The boards of these names.
    Named(BTreeSet<BoardName>),
}

/// The text is not a set of boards. The error has the position of the bad name, not the name, which may be a token at
/// a wrong place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("name {0} is not the name of a board: give * or names separated by commas")]
pub struct ParseBoardSetError(usize);

impl BoardSet {
    /// No board.
    pub const fn none() -> Self {
        Self::Named(BTreeSet::new())
    }

    /// Parses `*`, or names separated by commas.
    ///
    /// # Errors
    /// A part is not the name of a board.
    pub fn parse(text: &str) -> Result<Self, ParseBoardSetError> {
        Self::from_names(text.split(',').map(str::trim))
    }

    /// The boards of these names, all of them if one is `*`.
    pub(crate) fn from_names<'a>(
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, ParseBoardSetError> {
        let mut set = BTreeSet::new();
        let mut has_all = false;
        for (name, position) in names.into_iter().zip(1..) {
            if name == ALL {
                has_all = true;
                continue;
            }
            let board = BoardName::parse(name);
            set.insert(board.map_err(|_| ParseBoardSetError(position))?);
        }
        Ok(if has_all { Self::All } else { Self::Named(set) })
    }

    /// True if the board is in the set.
    pub fn contains(&self, board: &BoardName) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.contains(board),
        }
    }

    /// True if no board is in the set.
    pub fn is_empty(&self) -> bool {
        *self == Self::none()
    }
}

impl fmt::Display for BoardSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str(ALL),
            Self::Named(names) => {
                let names: Vec<_> = names.iter().map(ToString::to_string).collect();
                f.write_str(&names.join(","))
            }
        }
    }
}
