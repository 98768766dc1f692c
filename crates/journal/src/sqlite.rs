//! A journal in a file: SQLite with a write-ahead log, one fsync for each commit, and one thread that writes.

/// The journal: opening, appending, closing.
mod journal;

/// A follower: recent records from memory, older ones from the file.
mod follower;

/// Copying another journal into a file.
mod import;

/// The file before SQLite opens it, and its lock.
mod lock;

/// The check that the files are in their places.
mod watch;

/// Files that are not.
mod recovery;

/// Tables, settings and checks of the database.
mod schema;

/// Appends on their way to the writer.
mod queue;

/// The thread that writes.
mod writer;

/// Removal of old records.
mod prune;

/// State shared by the writer and the followers.
mod shared;

/// Connections that read history.
mod reader;

/// Conversions and settings of SQLite.
mod sql;

pub use self::follower::SqliteFollower;
pub use self::import::SqliteImport;
pub use self::journal::SqliteJournal;
pub use self::queue::{QUEUE_APPENDS, QUEUE_BYTES, check_queue};
pub use self::writer::{RECENT_BYTES, RECENT_RECORDS};
