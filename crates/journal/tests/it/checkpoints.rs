use journal::{Checkpoint, Journal, JournalOptions, Seq, SqliteJournal};

use testkit::journal_contract::records::numbered;
use testkit::journal_contract::records::{all_after, texts};
use testkit::journal_contract::temp_path;

#[tokio::test]
async fn reopening_restores_the_start_point() {
    let (_folder, path) = temp_path();
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    journal.append(numbered(0..9)).await.unwrap();
    journal.checkpoint(Seq(3), "three".into(), Seq(3)).await.unwrap();
    journal.checkpoint(Seq(6), "six".into(), Seq(4)).await.unwrap();
    drop(journal);

    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    let start = journal.start_point().await.unwrap().unwrap();
    assert_eq!(start, Checkpoint { seq: Seq(3), state: "three".into() });
    let replayed = all_after(&journal, start.seq).await.unwrap();
    assert_eq!(texts(&replayed), ["3", "4", "5", "6", "7", "8"]);
    // The loaded checkpoints count when the journal saves the next one.
    journal.checkpoint(Seq(9), "nine".into(), Seq(7)).await.unwrap();
    assert_eq!(journal.start_point().await.unwrap().unwrap().seq, Seq(6));
}
