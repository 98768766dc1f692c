use jiff::Timestamp;

/// Why there is no answer about the past.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Ask for a later time.
    #[error("the history begins at {oldest:.3}")]
    TooOld {
        /// The oldest time that can be had.
        oldest: Timestamp,
    },
    /// Ask for a shorter span.
    #[error("the span has too many flights")]
    TooMuch,
    /// Try again in a moment: others are reading.
    #[error("too many requests read the history")]
    Busy,
    /// Try again in a moment: the index does not have the newest events yet.
    #[error("the history is not up to date yet")]
    Behind,
    /// The index cannot be read.
    #[error("the history cannot be read")]
    Unavailable(#[from] rusqlite::Error),
}
