//! The tests that every implementation of [`Journal`] must pass. A crate with an implementation provides a
//! [`JournalFixture`] and generates the tests with [`journal_contract!`](crate::journal_contract).

use std::ops::Deref;
use std::path::PathBuf;
use std::time::Duration;

use journal::{Import, ImportError, ImportSource, Journal, JournalOptions, OpenError};
use tempfile::TempDir;

/// Payloads, a clock, and checks of records.
pub mod records;

/// Order, acknowledgement, the end of a journal.
pub mod append;

/// Each limit and its error.
pub mod limits;

/// Checkpoints and start points.
pub mod checkpoints;

/// A journal without space.
pub mod write_failures;

/// History, then new records.
pub mod follow;

/// Copies of a journal.
pub mod import;

/// Probes.
pub mod probe;

/// Removal of old records.
pub mod prune;

/// A kind of journal, and how tests create one.
pub trait JournalFixture: 'static {
    type Journal: Journal;
    type Import: Import<Journal = Self::Journal>;
    /// Storage of one journal, removed on drop.
    type Location: Send + Sync + 'static;

    /// Provides storage without a journal.
    fn new_location() -> Self::Location;

    /// Opens the journal there, or creates it.
    fn open(
        location: &Self::Location,
        options: JournalOptions,
    ) -> impl Future<Output = Result<Self::Journal, OpenError>> + Send;

    /// Starts or resumes a copy there.
    fn import(
        location: &Self::Location,
        source: &ImportSource,
    ) -> impl Future<Output = Result<Self::Import, ImportError>> + Send;

    /// Creates a journal in new storage.
    fn create(options: JournalOptions) -> impl Future<Output = TestJournal<Self>>
    where
        Self: Sized,
    {
        async {
            let location = Self::new_location();
            let journal = Self::open(&location, options).await.unwrap();
            TestJournal { journal, _location: location }
        }
    }
}

/// A kind of journal that outlives its process.
pub trait DurableFixture: JournalFixture {
    fn open_read_only(
        location: &Self::Location,
    ) -> impl Future<Output = Result<Self::Journal, OpenError>> + Send;
}

/// A journal and its storage, dropped in this order.
pub struct TestJournal<F: JournalFixture> {
    journal: F::Journal,
    _location: F::Location,
}

impl<F: JournalFixture> Deref for TestJournal<F> {
    type Target = F::Journal;

    fn deref(&self) -> &F::Journal {
        &self.journal
    }
}

/// A temporary folder, and a path for a journal in it.
pub fn temp_path() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("board.db");
    (folder, path)
}

/// Fails a test that waits for an event that never comes.
pub async fn in_time(test: impl Future<Output = ()>) {
    tokio::time::timeout(TEST_TIMEOUT, test).await.expect("the test did not end in two minutes");
}

const TEST_TIMEOUT: Duration = Duration::from_secs(120);

/// Generates one test for each function of the contract, in the module in which it is called. The fixture
/// is named by its absolute path; `durable` adds the tests of journals that outlive their process.
#[macro_export]
macro_rules! journal_contract {
    (durable $fixture:ty) => {
        $crate::journal_contract! { $fixture }
        mod durable {
            $crate::journal_contract! { @module import $fixture:
                interrupted_copy_resumes
                resumed_copy_skips_newly_pruned_records
                unfinished_copy_cannot_be_opened
                existing_journal_is_not_overwritten
                read_only_journal_rejects_writes
            }
        }
    };
    ($fixture:ty) => {
        $crate::journal_contract! { @module append $fixture:
            sequence_numbers_start_at_one
            appends_keep_call_order
            concurrent_appends_get_distinct_numbers
            acknowledged_records_are_readable
            record_times_never_decrease
            dropped_append_is_still_written
            closed_journal_rejects_all_operations
            dropping_the_journal_ends_followers
        }
        $crate::journal_contract! { @module limits $fixture:
            oversized_appends_are_rejected_whole
            batches_respect_their_limits
            oversized_state_is_rejected
            surplus_checkpoints_are_removed
        }
        $crate::journal_contract! { @module checkpoints $fixture:
            start_point_covers_needed_records
            checkpoint_beyond_tail_is_rejected
            checkpoint_at_same_record_replaces_state
        }
        $crate::journal_contract! { @module write_failures $fixture:
            full_journal_rejects_appends_until_pruned
        }
        $crate::journal_contract! { @module follow $fixture:
            history_precedes_new_records
            dropped_future_loses_no_records
            follower_beyond_tail_waits
            distant_follower_gets_all_records
            followed_records_have_ids_at_once
        }
        $crate::journal_contract! { @module import $fixture:
            copy_preserves_numbers_times_and_ids
            empty_journal_can_be_copied
            gaps_are_rejected
            checkpoint_beyond_copy_is_rejected
        }
        $crate::journal_contract! { @module probe $fixture:
            probe_leaves_no_record
            probe_fails_while_full
            closed_journal_rejects_probes
        }
        $crate::journal_contract! { @module prune $fixture:
            checkpoint_protects_newer_records
            nothing_is_pruned_without_checkpoint
            newest_record_is_never_pruned
            byte_limit_prunes_oldest_first
            checkpoint_before_pruned_records_is_rejected
        }

        #[test]
        fn followers_see_every_record_once() {
            $crate::journal_contract::follow::followers_see_every_record_once::<$fixture>();
        }
    };
    (@module $module:ident $fixture:ty: $($test:ident)*) => {
        mod $module {
            $(
                #[tokio::test]
                async fn $test() {
                    let test = $crate::journal_contract::$module::$test::<$fixture>();
                    $crate::journal_contract::in_time(test).await;
                }
            )*
        }
    };
}
