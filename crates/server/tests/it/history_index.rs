//! The index of the past: across restarts, damage, retention and random days.

use std::fs;
use std::path::Path;
use std::time::Duration;

use engine::Engine;
use http::StatusCode;
use journal::{Journal, JournalOptions, MemoryJournal, Seq, SqliteJournal};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use server::{HistorySettings, Settings};

use crate::changes::{ticking_options, ticking_server};
use crate::test_server::TestServer;

/// The rows of a board after each of its events: the id, the time of the event, the body.
pub(crate) type Recording = Vec<(String, String, Value)>;

fn settings(file: &Path) -> Settings {
    let history = HistorySettings { file: Some(file.to_owned()), ..HistorySettings::default() };
    Settings { history, ..Settings::default() }
}

async fn server_on(journal: &Path, index: &Path) -> TestServer {
    TestServer::on(SqliteJournal::open(journal, ticking_options()).unwrap(), settings(index)).await
}

/// Publishes `steps` random changes of a few rows, and records the rows after each.
pub(crate) async fn record_day(server: &TestServer, seed: u64, steps: usize) -> Recording {
    let mut random = StdRng::seed_from_u64(seed);
    let mut recording = Recording::new();
    for _ in 0..steps {
        let flight = format!("/boards/main/flights/X{}", random.random_range(0..12));
        let gate = random.random_range(0..4).to_string();
        let (method, path, body) = match random.random_range(0..160) {
            0 => ("DELETE", "/boards/main", Value::Null),
            1..5 => ("PUT", "/boards/main", json!({ "timeZone": "Asia/Tokyo" })),
            5..9 => ("PUT", "/boards/main", json!({ "timeZone": "Europe/Rome", "note": gate })),
            9..50 => ("PUT", &*flight, json!({ "gate": gate, "arrival": "10:10" })),
            50..60 => ("DELETE", &*flight, Value::Null),
            60..85 => ("PATCH", &*flight, json!({ "gate": null, "belt": gate })),
            _ => ("PATCH", &*flight, json!({ "gate": gate })),
        };
        server.send(method, path, body).await;
        let rows = server.get("/boards/main/flights").await.json();
        let id = rows["id"].as_str().unwrap().to_owned();
        if recording.last().is_none_or(|(last, ..)| *last != id) {
            recording.push((id, String::new(), rows));
        }
    }
    let mut path = "/boards/main/changes?order=oldest&limit=1000".to_owned();
    let mut times = Vec::new();
    loop {
        let answer = server.get(&path).await;
        let page = answer.json();
        for change in page["changes"].as_array().unwrap() {
            let text = |name: &str| change[name].as_str().unwrap().to_owned();
            times.push((text("id"), text("time")));
        }
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/boards/main/changes?order=oldest&limit=1000&cursor={next}");
    }
    for (id, time, _) in &mut recording {
        *time = times.iter().find(|(other, _)| other == id).unwrap().1.clone();
    }
    recording
}

async fn check(server: &TestServer, at: &str, expected: &Value) {
    let answer = server.get(&format!("/boards/main/flights?at={at}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{at}: {}", answer.body);
    assert_eq!(answer.json(), *expected, "{at}");
}

#[tokio::test]
async fn random_times_have_their_rows() {
    let server = ticking_server(Settings::default()).await;
    let recording = record_day(&server, 7, 700).await;
    assert!(recording.len() > 300, "{}", recording.len());
    let mut random = StdRng::seed_from_u64(8);
    for _ in 0..200 {
        let index = random.random_range(0..recording.len() - 1);
        let (id, time, rows) = &recording[index];
        // Records are a second or more apart.
        let seconds = time.strip_suffix("Z").unwrap().split_once('.').unwrap();
        let millis: u64 = seconds.1.parse().unwrap();
        let later = random.random_range(0..1_000 - millis) + millis;
        check(&server, &format!("{}.{later:03}999Z", seconds.0), rows).await;
        check(&server, id, rows).await;
    }
}

#[tokio::test]
async fn restarts_continue_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, index) = (folder.path().join("journal"), folder.path().join("index"));
    let mut recording = Recording::new();
    for seed in 0..3 {
        let server = server_on(&journal, &index).await;
        recording.extend(record_day(&server, seed, 60).await);
        // The clock of each start begins at the same time, so only ids tell the events apart.
        for (id, _, rows) in recording.iter().step_by(7) {
            check(&server, id, rows).await;
        }
        server.app.close().await;
    }
}

/// Else the process could end before the position in the index is saved.
#[tokio::test]
async fn closed_servers_leave_their_index() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::with(settings(&folder.path().join("index"))).await;
    let recording = record_day(&server, 1, 10).await;
    let (id, _, rows) = recording.last().unwrap();
    check(&server, id, rows).await;
    let lock = fs::File::open(folder.path().join("index.lock")).unwrap();
    assert!(lock.try_lock().is_err());
    server.app.close().await;
    lock.try_lock().unwrap();
}

#[tokio::test]
async fn damaged_indexes_are_built_again() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, index) = (folder.path().join("journal"), folder.path().join("index"));
    let server = server_on(&journal, &index).await;
    let recording = record_day(&server, 1, 40).await;
    server.app.close().await;
    for content in [&b"nonsense of another program, longer than a header of SQLite"[..], b""] {
        drop(fs::remove_file(folder.path().join("index-wal")));
        fs::write(&index, content).unwrap();
        let server = server_on(&journal, &index).await;
        for (id, _, rows) in &recording {
            check(&server, id, rows).await;
        }
        server.app.close().await;
    }
}

/// The state of a checkpoint at the end of the journal.
async fn state_at_the_end(engine: &Engine) -> (Seq, Vec<u8>) {
    let mut reader = engine.read_events().await.unwrap();
    while reader.applied() < engine.epochs().tail() {
        reader.next().await.unwrap();
    }
    (reader.applied(), reader.boards().checkpoint().encode())
}

#[tokio::test]
async fn lost_indexes_begin_at_the_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let (path, index) = (folder.path().join("journal"), folder.path().join("index"));
    let server = server_on(&path, &index).await;
    let before = record_day(&server, 5, 80).await;
    let (seq, state) = state_at_the_end(server.app.engine()).await;
    let mut after = record_day(&server, 6, 80).await;
    // The first changes may have no effect.
    after.retain(|(id, ..)| *id != before[before.len() - 1].0);
    server.app.close().await;
    // A server writes one after 50,000 records.
    let journal = SqliteJournal::open(&path, ticking_options()).unwrap();
    journal.checkpoint(seq, state.into(), seq).await.unwrap();
    journal.close().await;
    drop(journal);
    for suffix in ["", "-wal", "-shm"] {
        drop(fs::remove_file(folder.path().join(format!("index{suffix}"))));
    }

    let server = server_on(&path, &index).await;
    for (id, time, rows) in &after {
        check(&server, id, rows).await;
        check(&server, time, rows).await;
    }
    let (_, oldest, _) = &after[0];
    for at in before[..before.len() - 1].iter().flat_map(|(id, time, _)| [id, time]) {
        let answer = server.get(&format!("/boards/main/flights?at={at}")).await;
        assert_eq!(answer.status, StatusCode::GONE, "{at}: {}", answer.body);
        assert!(answer.json()["oldest"].as_str().unwrap() <= oldest.as_str(), "{}", answer.body);
    }
    let listed = server.get("/boards/main/changes?limit=1000").await.json();
    assert!(listed["changes"].as_array().unwrap().len() < before.len() + after.len());
}

#[tokio::test]
async fn indexes_of_other_journals_are_discarded() {
    let folder = tempfile::tempdir().unwrap();
    let index = folder.path().join("index");
    for seed in 0..2 {
        let journal = folder.path().join(format!("journal-{seed}"));
        let server = server_on(&journal, &index).await;
        let recording = record_day(&server, seed, 40).await;
        let listed = server.get("/boards/main/changes?limit=1000").await.json();
        assert!(listed["changes"].as_array().unwrap().len() <= 41);
        for (id, _, rows) in &recording {
            check(&server, id, rows).await;
        }
        server.app.close().await;
    }
}

#[tokio::test]
async fn old_changes_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, index) = (folder.path().join("journal"), folder.path().join("index"));
    let server = server_on(&journal, &index).await;
    let recording = record_day(&server, 3, 900).await;
    server.app.close().await;
    // The records are up to an hour old.
    let history = HistorySettings {
        file: Some(index.clone()),
        keep: Duration::from_secs(45 * 60),
        ..HistorySettings::default()
    };
    let journal = SqliteJournal::open(&journal, JournalOptions::default()).unwrap();
    let server = TestServer::on(journal, Settings { history, ..Settings::default() }).await;
    // The first event after the start makes the server remove old changes.
    server.send("PUT", "/boards/main", json!({ "title": "Later" })).await;
    let old = format!("/boards/main/flights?at={}", recording[0].1);
    server.wait_status(&old, StatusCode::GONE).await;
    let answer = server.get(&old).await;
    let oldest = answer.json()["oldest"].as_str().unwrap().to_owned();
    assert!(oldest > recording[0].1);
    let kept: Vec<_> = recording.iter().filter(|(_, time, _)| *time >= oldest).collect();
    assert!(!kept.is_empty() && kept.len() < recording.len());
    for (_, time, rows) in kept.into_iter().step_by(20) {
        check(&server, time, rows).await;
    }
}

#[tokio::test]
async fn size_bounds_the_index() {
    let history = HistorySettings { max_bytes: 128 * 1024, ..HistorySettings::default() };
    let settings = Settings { history, ..Settings::default() };
    let server = TestServer::on(MemoryJournal::new(ticking_options()), settings).await;
    tokio::time::pause();
    let recording = record_day(&server, 4, 1_200).await;
    tokio::time::advance(Duration::from_secs(61)).await;
    server.send("PUT", "/boards/main", json!({ "title": "Later" })).await;
    let old = format!("/boards/main/flights?at={}", recording[0].1);
    server.wait_status(&old, StatusCode::GONE).await;
    let (_, time, rows) = recording.last().unwrap();
    check(&server, time, rows).await;
}
