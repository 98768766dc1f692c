//! A child process appends and reports each acknowledged record. The test kills it, or pauses it at any moment and
//! copies its files. The journal must have every reported record.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use journal::{Journal, JournalOptions, Record, RecordId, Seq, SqliteJournal};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use testkit::signals;

use testkit::journal_contract::records::numbered;
use testkit::journal_contract::records::{all_after, assert_consecutive};
use testkit::journal_contract::temp_path;

#[tokio::test]
async fn acknowledged_records_survive_kill_9() {
    let (_folder, path) = temp_path();
    let mut answered = HashMap::new();
    for round in 1..=5 {
        let mut process = AppendProcess::start(&path);
        process.read_answers(round * 150, &mut answered);
        process.child.kill().unwrap();
        process.read_to_the_end(&mut answered);
        check(&path, &answered).await;
    }
}

/// The files of a paused process are those that `kill -9` at that moment would leave.
#[tokio::test]
async fn acknowledged_records_survive_any_snapshot() {
    let (_folder, path) = temp_path();
    let (mut process, mut answered) = (AppendProcess::start(&path), HashMap::new());
    for moment in 0..20 {
        process.read_answers(17 + moment % 7 * 11, &mut answered);
        signals::pause(&process.child);
        let (_copies, copy) = temp_path();
        for ending in ["db", "db-wal"] {
            fs::copy(path.with_extension(ending), copy.with_extension(ending)).unwrap();
        }
        check(&copy, &answered).await;
        signals::resume(&process.child);
    }
    process.child.kill().unwrap();
    process.child.wait().unwrap();
}

/// As after a disk that ignored an fsync, or an incomplete copy of the log: a prefix of the records remains, and the
/// ids of the lost ones are not honoured, even after the journal reuses their numbers.
#[tokio::test]
async fn truncated_wal_leaves_a_prefix() {
    let (_folder, path) = temp_path();
    drop(SqliteJournal::open(&path, JournalOptions::default()).unwrap());
    let journal = SqliteJournal::open(&path, JournalOptions::default()).unwrap();
    for n in 0..20 {
        journal.append(numbered(n * 20..(n + 1) * 20)).await.unwrap();
    }
    let originals = all_after(&journal, Seq::ZERO).await.unwrap();
    let ids: Vec<_> = positions(&journal, originals.len() as u64);
    let (file, log) = (fs::read(&path).unwrap(), fs::read(path.with_extension("db-wal")).unwrap());

    let seed = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut shortest = originals.len();
    for _ in 0..30 {
        let (_copies, copy) = temp_path();
        let mut log = log.clone();
        let place = random.random_range(0..log.len());
        if random.random() {
            log.truncate(place);
        } else {
            log[place] ^= 1 << random.random_range(0..8);
        }
        fs::write(&copy, &file).unwrap();
        fs::write(copy.with_extension("db-wal"), log).unwrap();
        shortest = shortest.min(check_beginning(&copy, &originals, &ids).await);
    }
    assert!(shortest < originals.len(), "some of it was lost");
}

async fn check_beginning(path: &Path, originals: &[Record], ids: &[RecordId]) -> usize {
    let journal = SqliteJournal::open(path, JournalOptions::default()).unwrap();
    let left = all_after(&journal, Seq::ZERO).await.unwrap();
    assert_eq!(left, originals[..left.len()]);
    let honoured = || -> Vec<bool> { ids.iter().map(|&id| journal.epochs().honours(id)).collect() };
    let expected: Vec<_> = (0..ids.len()).map(|n| n < left.len()).collect();
    assert_eq!(honoured(), expected);
    journal.append(numbered(0..ids.len())).await.unwrap();
    assert_eq!(honoured(), expected, "once the numbers are given again");
    left.len()
}

fn positions(journal: &SqliteJournal, count: u64) -> Vec<RecordId> {
    (1..=count).map(|n| journal.epochs().record_id(Seq(n)).unwrap()).collect()
}

/// Checks that every acknowledged record is there under its id, and no record twice.
async fn check(path: &Path, answered: &HashMap<RecordId, String>) {
    let journal = SqliteJournal::open(path, JournalOptions::default()).unwrap();
    let records = all_after(&journal, Seq::ZERO).await.unwrap();
    assert_consecutive(Seq::ZERO, &records);
    for (id, payload) in answered {
        assert!(journal.epochs().honours(*id), "{id}");
        let record = &records[usize::try_from(id.seq.0).unwrap() - 1];
        assert_eq!(name(&record.payload), payload, "{id}");
    }
    let mut names: Vec<_> = records.iter().map(|record| name(&record.payload)).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), records.len());
}

/// The start of a payload; the rest is padding.
fn name(payload: &[u8]) -> &str {
    std::str::from_utf8(payload).unwrap().trim_end_matches('.')
}

struct AppendProcess {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl AppendProcess {
    fn start(path: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::append_until_killed", "--ignored", "--nocapture"])
            .env(PATH_VARIABLE, path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        AppendProcess { child, answers }
    }

    fn read_answers(&mut self, count: usize, answered: &mut HashMap<RecordId, String>) {
        let enough = answered.len() + count;
        while answered.len() < enough {
            assert!(self.read_answer(answered), "it ended by itself");
        }
    }

    fn read_to_the_end(&mut self, answered: &mut HashMap<RecordId, String>) {
        while self.read_answer(answered) {}
        self.child.wait().unwrap();
    }

    /// Skips lines of the test runner, and a last line that the kill cut short.
    fn read_answer(&mut self, answered: &mut HashMap<RecordId, String>) -> bool {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer = line.strip_suffix('\n').and_then(|line| line.split_once(' '));
        if let Some((id, payload)) = answer
            && let Ok(id) = id.parse()
        {
            assert_eq!(answered.insert(id, payload.to_owned()), None, "{id} was given twice");
        }
        !line.is_empty()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by other tests, in a process of its own"]
async fn append_until_killed() {
    let Ok(path) = std::env::var(PATH_VARIABLE) else { return };
    let journal = Arc::new(SqliteJournal::open(path, JournalOptions::default()).unwrap());
    let start: u32 = rand::random();
    let appenders: Vec<_> = (0..8)
        .map(|appender| {
            let journal = Arc::clone(&journal);
            tokio::spawn(async move {
                for turn in 0.. {
                    append_one(&journal, format!("{start} {appender} {turn}")).await;
                }
            })
        })
        .collect();
    for appender in appenders {
        appender.await.unwrap();
    }
}

async fn append_one(journal: &SqliteJournal, name: String) {
    let length = rand::rng().random_range(name.len()..8000);
    let payload = Bytes::from(format!("{name:.<length$}"));
    let seq = journal.append(vec![payload]).await.unwrap()[0];
    if seq.0 % 100 == 0 {
        journal.checkpoint(seq, "state".into(), Seq::ZERO).await.unwrap();
    }
    let id = journal.epochs().record_id(seq).unwrap();
    // A single write, so that a kill cuts at most the last line.
    std::io::stdout().lock().write_all(format!("{id} {name}\n").as_bytes()).unwrap();
}

const PATH_VARIABLE: &str = "JOURNAL_TO_BE_KILLED";
