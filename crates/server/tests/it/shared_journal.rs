//! Several servers on one journal. It deduplicates by id, may lose contact with the other writers, and
//! may not know the outcome of an append.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use engine::{STALE_AFTER, UNKNOWN_OUTCOME_TIMEOUT};
use flight::{BoardName, BoardSettings, Change};
use http::StatusCode;
use journal::{
    AppendError, Checkpoint, Epochs, Follow, FollowError, Journal, MemoryFollower, MemoryJournal,
    NewRecord, SaveCheckpointError, StorageError,
};
use journal::{Record, Seq};
use parking_lot::Mutex;
use serde_json::json;
use server::Settings;
use tokio::io::AsyncReadExt;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::socket_server::{each_write_path, serve_on};
use crate::test_server::TestServer;

/// Longer than any wait here. The tests pause the clock.
const TEST_TIMEOUT: Duration = Duration::from_secs(60);

/// One server's connection to the shared records.
#[derive(Clone)]
pub(crate) struct SharedJournal {
    records: Arc<SharedRecords>,
    /// The time at which contact was lost, and the tail known by then.
    disconnected: Arc<Mutex<Option<(Instant, Seq)>>>,
    /// True while records are held back from this server.
    pub(crate) held: watch::Sender<bool>,
}

#[derive(Default)]
pub(crate) struct SharedRecords {
    journal: MemoryJournal,
    written: Mutex<Vec<NewRecord>>,
    seq_by_id: tokio::sync::Mutex<HashMap<String, Seq>>,
    acks: Mutex<AckMode>,
    checkpoints: Mutex<Vec<Seq>>,
}

#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) enum AckMode {
    #[default]
    Sent,
    /// The records are written, but the acknowledgement is lost.
    Lost,
    /// The append itself is lost.
    AppendLost,
}

impl SharedJournal {
    pub(crate) fn new() -> Self {
        Self {
            records: Arc::default(),
            disconnected: Arc::default(),
            held: watch::Sender::new(false),
        }
    }

    /// Opens another server's connection.
    fn another_connection(&self) -> Self {
        Self { records: Arc::clone(&self.records), ..Self::new() }
    }

    pub(crate) fn set_acks(&self, mode: AckMode) {
        *self.records.acks.lock() = mode;
    }

    fn set_disconnected(&self, cut: bool) {
        *self.disconnected.lock() = cut.then(|| (Instant::now(), self.records.journal.tail()));
    }

    pub(crate) fn written(&self, text: &str) -> usize {
        let written = self.records.written.lock();
        let matches = |record: &&NewRecord| String::from_utf8_lossy(&record.payload).contains(text);
        written.iter().filter(matches).count()
    }
}

impl Journal for SharedJournal {
    type Follower = HeldFollower;

    async fn append(&self, _: Vec<Bytes>) -> Result<Vec<Seq>, AppendError> {
        panic!("every record has a subject")
    }

    async fn append_records(&self, payloads: Vec<NewRecord>) -> Result<Vec<Seq>, AppendError> {
        let acks = *self.records.acks.lock();
        let mut seqs = Vec::new();
        if acks != AckMode::AppendLost {
            let id = |record: &NewRecord| record.dedup_id.clone().expect("every record has an id");
            let mut seq_by_id = self.records.seq_by_id.lock().await;
            let is_new = |record: &&NewRecord| !seq_by_id.contains_key(&id(record));
            let new: Vec<_> = payloads.iter().filter(is_new).cloned().collect();
            let bytes = new.iter().map(|record| record.payload.clone()).collect();
            let given = self.records.journal.append(bytes).await?;
            seq_by_id.extend(new.iter().map(id).zip(given));
            self.records.written.lock().extend(new);
            seqs.extend(payloads.iter().map(|record| seq_by_id[&id(record)]));
        }
        match acks {
            AckMode::Sent => Ok(seqs),
            AckMode::Lost | AckMode::AppendLost => {
                let source = Arc::new(std::io::Error::from(std::io::ErrorKind::TimedOut));
                Err(AppendError::OutcomeUnknown { journal: "shared".to_owned(), source })
            }
        }
    }

    async fn probe(&self) -> Result<(), AppendError> {
        self.records.journal.probe().await
    }

    fn follow(&self, after: Seq) -> HeldFollower {
        HeldFollower { follow: self.records.journal.follow(after), held: self.held.subscribe() }
    }

    fn epochs(&self) -> Epochs {
        self.records.journal.epochs()
    }

    fn tail(&self) -> Seq {
        self.disconnected.lock().map_or_else(|| self.records.journal.tail(), |(_, heard)| heard)
    }

    fn staleness(&self) -> Option<Duration> {
        Some(self.disconnected.lock().map_or(Duration::ZERO, |(since, _)| since.elapsed()))
    }

    async fn checkpoint(
        &self,
        seq: Seq,
        state: Bytes,
        needed_after: Seq,
    ) -> Result<(), SaveCheckpointError> {
        self.records.checkpoints.lock().push(seq);
        self.records.journal.checkpoint(seq, state, needed_after).await
    }

    async fn latest_checkpoint(&self) -> Result<Seq, StorageError> {
        Ok(self.records.checkpoints.lock().last().copied().unwrap_or(Seq::ZERO))
    }

    async fn start_point(&self) -> Result<Option<Checkpoint>, StorageError> {
        self.records.journal.start_point().await
    }

    async fn close(&self) {}
}

pub(crate) struct HeldFollower {
    follow: MemoryFollower,
    held: watch::Receiver<bool>,
}

impl Follow for HeldFollower {
    async fn next(&mut self) -> Result<Vec<Record>, FollowError> {
        let records = self.follow.next().await?;
        let _ = self.held.wait_for(|held| !held).await;
        Ok(records)
    }
}

pub(crate) async fn two_servers() -> (SharedJournal, [TestServer; 2]) {
    let journal = SharedJournal::new();
    let servers = [journal.clone(), journal.another_connection()]
        .map(|journal| TestServer::on(journal, Settings::default()));
    let [one, other] = servers;
    let (one, other) = tokio::join!(one, other);
    (journal, [one, other])
}

#[tokio::test(start_paused = true)]
async fn internal_updates_are_written_once() {
    let (journal, [one, other]) = two_servers().await;
    assert_eq!(journal.tail(), Seq(1), "the default board is opened once");
    one.send("PUT", "/boards/main", json!({"removeAfter": {"landed": "0s"}})).await;
    for round in 1..=3 {
        one.send("PUT", "/boards/main/flights/I768", json!({"state": "landed"})).await;
        for server in [&one, &other] {
            server.wait_status("/boards/main/flights/I768", StatusCode::NOT_FOUND).await;
        }
        // Several rounds of both servers looking for expired rows.
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(journal.written("expiry"), round, "each expiry is written once");
    }
}

#[tokio::test(start_paused = true)]
async fn lateness_is_written_once() {
    let (journal, [one, other]) = two_servers().await;
    for round in 1..=2 {
        let source = json!({"name": "Oslo", "attribution": "Oslo", "status": "current",
            "lastAnswer": "2026-01-01T00:00:00Z", "lateAfter": 1});
        let line = json!({"event": "sourceUpdate", "data": source});
        one.send_lines("main", &line.to_string()).await;
        for server in [&one, &other] {
            let start = Instant::now();
            while server.get("/boards/main").await.json()["source"]["status"] != "late" {
                assert!(start.elapsed() < TEST_TIMEOUT, "the source is late");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        // Several rounds of both servers looking for late sources.
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(journal.written("lateness"), round, "each lateness is written once");
    }
    let [ours, theirs] = [&one, &other].map(|server| server.get("/boards/main/flights"));
    assert_eq!(ours.await.body, theirs.await.body);
}

#[tokio::test]
async fn leases_have_one_holder() {
    let (journal, [one, other]) = two_servers().await;
    let [one, other] = [&one, &other].map(|server| server.app.engine());
    let board = BoardName::parse("main").unwrap();
    let length = Duration::from_secs(600);
    let (first, second) = tokio::join!(
        one.claim_feed(&board, "one", length),
        other.claim_feed(&board, "other", length)
    );
    assert_eq!((first.unwrap(), second.unwrap()), (true, false), "the first record decides");
    let written = journal.written("feedLease");
    // A replica that is not cut off from the journal looks before it claims.
    other.wait_applied(journal.tail(), TEST_TIMEOUT).await;
    for _ in 0..3 {
        assert!(one.claim_feed(&board, "one", length).await.unwrap());
        assert!(!other.claim_feed(&board, "other", length).await.unwrap());
    }
    assert_eq!(journal.written("feedLease"), written);
    // The holder dies, or renews the lease once half of it has passed.
    let (free, short) = (BoardName::parse("free").unwrap(), Duration::from_millis(1));
    let put = Change::PutBoard(Box::new(BoardSettings::with_defaults(free.clone())));
    one.publish(free.clone(), put).await.unwrap().unwrap();
    assert!(one.claim_feed(&free, "one", short).await.unwrap());
    tokio::time::sleep(short * 2).await;
    assert!(other.claim_feed(&free, "other", length).await.unwrap(), "it has ended");
    assert!(!one.claim_feed(&free, "one", length).await.unwrap());
    let unknown = BoardName::parse("none").unwrap();
    assert!(!one.claim_feed(&unknown, "one", length).await.unwrap());
    journal.set_acks(AckMode::AppendLost);
    assert!(one.claim_feed(&unknown, "one", length).await.is_err(), "another may get it");
}

#[tokio::test(start_paused = true)]
async fn single_replica_writes_each_checkpoint() {
    let (journal, [one, _other]) = two_servers().await;
    let line =
        |n| format!(r#"{{"event":"flightAddition","data":{{"flight":"T","remark":"{n}"}}}}"#);
    for part in 0..51 {
        let lines = (0..1_000).map(|n| line(1_000 * part + n));
        one.send_lines("main", &lines.collect::<Vec<_>>().join("\n")).await;
    }
    tokio::time::sleep(TEST_TIMEOUT).await;
    assert_eq!(journal.records.checkpoints.lock().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn records_have_subjects_and_unique_ids() {
    let (journal, [one, other]) = two_servers().await;
    for server in [&one, &other] {
        let put = Request::put("/boards/main/flights/I768?date=2026-11-22")
            .header("content-type", "application/json")
            .header("idempotency-key", "the-same")
            .body(Body::from("{}"))
            .unwrap();
        // The second server writes its own record, which turns out to be a repetition.
        let answer = tokio::time::timeout(TEST_TIMEOUT, server.request(put))
            .await
            .expect("the server responds");
        assert!(answer.status.is_success(), "{}", answer.body);
        server.send("PUT", "/boards/main/flights/G119?leg=2", json!({})).await;
    }
    let written = journal.records.written.lock();
    let keys: Vec<_> = written.iter().map(|record| record.subject.join(" ")).collect();
    let expected = ["main", "main I768 2026-11-22", "main G119  2"];
    assert_eq!(keys, [&expected[..], &expected[1..]].concat());
}

#[tokio::test]
async fn lost_acks_are_recovered_by_reading() {
    let (journal, [one, _]) = two_servers().await;
    journal.set_acks(AckMode::Lost);
    let answer = one.send("PUT", "/boards/main/flights/I768", json!({})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    assert_ne!(answer.event_id(), "");
}

#[tokio::test(start_paused = true)]
async fn unknown_outcomes_time_out_and_retry() {
    let (journal, [one, _]) = two_servers().await;
    let put = || {
        Request::put("/boards/main/flights/I768")
            .header("content-type", "application/json")
            .header("idempotency-key", "once")
            .body(Body::from("{}"))
            .unwrap()
    };
    journal.set_acks(AckMode::AppendLost);
    let asked = Instant::now();
    let answer = one.request(put()).await;
    assert!(
        asked.elapsed() <= UNKNOWN_OUTCOME_TIMEOUT + Duration::from_secs(1),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("retry-after"), "5");
    assert_eq!(answer.json()["title"], "Outcome unknown");
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("with the same Idempotency-Key"), "{detail}");
    let metrics = one.get("/metrics").await.body;
    assert!(metrics.contains("flightboard_updates_not_known_total 1"), "{metrics}");

    journal.set_acks(AckMode::Lost);
    assert_eq!(one.request(put()).await.status, StatusCode::CREATED);
    journal.set_acks(AckMode::Sent);
    assert_eq!(one.request(put()).await.status, StatusCode::OK, "a repetition");
}

/// Reads the next heartbeat. Returns its `head` and `behind`.
async fn next_heartbeat(stream: &mut crate::test_server::TestStream) -> (String, Option<u64>) {
    loop {
        let (event, _, data) = stream.any_event().await.unwrap();
        if event == "heartbeat" {
            return (data["head"].as_str().unwrap().to_owned(), data["behind"].as_u64());
        }
    }
}

async fn check_staleness((ours, cut): (&TestServer, &dyn Fn(bool)), theirs: &TestServer) {
    let before = theirs.put_rows(0..1).await;
    let mut stream = ours.resume("/events", &before).await;
    assert_eq!(next_heartbeat(&mut stream).await, (before.clone(), None));
    cut(true);
    let since = Instant::now();
    theirs.put_rows(1..2).await;
    let behind = loop {
        let (head, behind) = next_heartbeat(&mut stream).await;
        assert!(since.elapsed() <= STALE_AFTER + Duration::from_secs(17), "{:?}", since.elapsed());
        if let Some(behind) = behind {
            assert_eq!(head, before, "the board is frozen");
            break behind;
        }
    };
    assert!(behind >= STALE_AFTER.as_secs(), "{behind}");
    let ready = ours.get("/readyz").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(ready.body.contains("out of date"), "{}", ready.body);
    assert!(ours.get("/boards/main").await.json()["behind"].is_u64());
    assert!(ours.get("/boards").await.json()["boards"][0]["behind"].is_u64());
    assert!(theirs.get("/boards/main").await.json()["behind"].is_null());

    let mut new_stream = ours.stream("/events").await;
    let first = new_stream.any_event().await.unwrap();
    assert_eq!((first.0.as_str(), first.2["behind"].is_u64()), ("heartbeat", true));
    assert_eq!(new_stream.any_event().await.unwrap().0, "timetable");

    cut(false);
    ours.wait_status("/readyz", StatusCode::OK).await;
    while next_heartbeat(&mut stream).await.1.is_some() {}
    let mut new_stream = ours.stream("/events").await;
    assert_eq!(new_stream.any_event().await.unwrap().0, "timetable", "without a heartbeat before");
}

#[tokio::test(start_paused = true)]
async fn lost_contact_is_reported_to_followers() {
    let (journal, [one, other]) = two_servers().await;
    let cut = |cut| {
        journal.set_disconnected(cut);
        journal.held.send_replace(cut);
    };
    check_staleness((&one, &cut), &other).await;
}

#[tokio::test(start_paused = true)]
async fn unapplied_records_are_reported_to_followers() {
    let (journal, [one, other]) = two_servers().await;
    let cut = |cut| {
        journal.held.send_replace(cut);
    };
    check_staleness((&one, &cut), &other).await;
}

#[tokio::test(start_paused = true)]
async fn resuming_waits_for_this_replica() {
    let (journal, [one, other]) = two_servers().await;
    journal.held.send_replace(true);
    let newest = other.put_rows(0..2).await;
    let come = one.resume("/events", &newest);
    let (mut stream, _) = tokio::join!(come, async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        journal.held.send_replace(false);
    });
    other.put_rows(2..3).await;
    let (event, _, data) = stream.event().await.unwrap();
    assert_eq!((event.as_str(), &data["flight"]), ("flightAddition", &json!("T2")));

    journal.held.send_replace(true);
    let newest = other.put_rows(3..4).await;
    let mut stream = one.resume("/events", &newest).await;
    let (event, _, data) = stream.event().await.unwrap();
    assert_eq!(
        (event.as_str(), &data["reason"]),
        ("timetable", &json!("unknown")),
        "the wait is bounded"
    );
}

#[tokio::test]
async fn staleness_is_sent_before_rows() {
    for settings in each_write_path(Settings::default()) {
        let journal = SharedJournal::new();
        *journal.disconnected.lock() =
            Some((Instant::now() - STALE_AFTER, journal.records.journal.tail()));
        let server = serve_on(journal, settings).await;
        server.direct.wait_status("/readyz", StatusCode::SERVICE_UNAVAILABLE).await;
        let mut socket = server.follow().await;
        let mut text = String::new();
        while !text.contains("event: timetable") {
            let mut bytes = [0; 4096];
            let count = socket.read(&mut bytes).await.unwrap();
            text += std::str::from_utf8(&bytes[..count]).unwrap();
        }
        let told = text.find("\"behind\":").expect("the stream has a heartbeat");
        assert!(told < text.find("event: timetable").unwrap(), "{text}");
    }
}
