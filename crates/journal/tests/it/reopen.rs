//! All readers see one sequence, regardless of their start and of how often the file is reopened.

use journal::{
    Follow, Journal, JournalOptions, Record, RecordId, Seq, SqliteFollower, SqliteJournal,
};
use proptest::collection::vec;
use proptest::prelude::*;

use testkit::journal_contract::records::numbered;
use testkit::journal_contract::records::{assert_consecutive, texts};
use testkit::journal_contract::{in_time, temp_path};

/// The steps between opening and closing the file.
#[derive(Clone, Debug)]
struct JournalSession {
    steps: Vec<SessionStep>,
    /// True if the journal is closed before it is dropped.
    closes: bool,
}

#[derive(Clone, Debug)]
enum SessionStep {
    /// Appends this many records at once.
    Append(usize),
    /// The reader with this index takes a batch, if there is one.
    Read(usize),
}

const READERS: usize = 4;

/// A reader that resumes at each opening.
struct ResumingReader {
    after: Seq,
    records: Vec<Record>,
    follow: Option<SqliteFollower>,
}

fn opening() -> impl Strategy<Value = JournalSession> {
    let append =
        prop_oneof![8 => 1..20_usize, 1 => 1_500..3_000_usize].prop_map(SessionStep::Append);
    let step = prop_oneof![append, (0..READERS).prop_map(SessionStep::Read)];
    (vec(step, 0..12), any::<bool>()).prop_map(|(steps, closes)| JournalSession { steps, closes })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn readers_agree_across_reopens(
        openings in vec(opening(), 1..5),
        starts in vec(0..40_u64, READERS),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(in_time(async {
            let (_folder, file) = temp_path();
            let (mut ids, mut readers) = (Vec::new(), starts.into_iter().map(ResumingReader::new).collect::<Vec<_>>());
            for JournalSession { steps, closes } in openings {
                let journal = SqliteJournal::open(&file, JournalOptions::default()).unwrap();
                assert_eq!(journal.tail(), Seq(ids.len() as u64));
                for step in steps {
                    match step {
                        SessionStep::Append(count) => append(&journal, count, &mut ids).await,
                        SessionStep::Read(reader) => readers[reader].read(&journal).await,
                    }
                }
                check_ids(&journal, &ids);
                readers.iter_mut().for_each(|reader| reader.follow = None);
                if closes {
                    journal.close().await;
                }
            }
            let journal = SqliteJournal::open(&file, JournalOptions::default()).unwrap();
            check_ids(&journal, &ids);
            for reader in &mut readers {
                reader.catch_up(&journal).await;
            }
        }));
    }
}

/// Appends payloads that are the records' indexes.
async fn append(journal: &SqliteJournal, count: usize, ids: &mut Vec<RecordId>) {
    let seqs = journal.append(numbered(ids.len()..ids.len() + count)).await.unwrap();
    let epochs = journal.epochs();
    ids.extend(seqs.into_iter().map(|seq| epochs.record_id(seq).unwrap()));
}

/// Checks that each record keeps its id.
fn check_ids(journal: &SqliteJournal, ids: &[RecordId]) {
    let epochs = journal.epochs();
    for (number, id) in (1..).zip(ids) {
        assert_eq!(epochs.record_id(Seq(number)), Some(*id));
    }
}

impl ResumingReader {
    fn new(after: u64) -> Self {
        Self { after: Seq(after), records: Vec::new(), follow: None }
    }

    fn at(&self) -> Seq {
        self.records.last().map_or(self.after, |record| record.seq)
    }

    async fn read(&mut self, journal: &SqliteJournal) {
        let at = self.at();
        if at < journal.tail() {
            let follow = self.follow.get_or_insert_with(|| journal.follow(at));
            self.records.extend(follow.next().await.unwrap());
        }
    }

    async fn catch_up(&mut self, journal: &SqliteJournal) {
        while self.at() < journal.tail() {
            self.read(journal).await;
        }
        assert_consecutive(self.after, &self.records);
        let payloads = self.after.0..journal.tail().0.max(self.after.0);
        assert!(texts(&self.records).into_iter().eq(payloads.map(|n| n.to_string())));
    }
}
