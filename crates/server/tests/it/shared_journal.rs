//! Several servers on one journal that others have a hand in: it knows payloads by their ids, may not be
//! heard of for a while, and does not always know what became of an append.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use engine::{STALE_AFTER, UNKNOWN_OUTCOME_TIMEOUT};
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

use crate::house::House;
use crate::served::{both_ways, serve_on};

/// Far more than anything takes, on a clock that the test holds.
const LONG: Duration = Duration::from_secs(60);

/// Of what one server sees; the records are the same for all.
#[derive(Clone)]
struct Shared {
    stream: Arc<Stream>,
    /// Since when nothing is heard of the others, and what had been heard.
    cut_since: Arc<Mutex<Option<(Instant, Seq)>>>,
    /// Whether nothing comes.
    held: watch::Sender<bool>,
}

#[derive(Default)]
struct Stream {
    journal: MemoryJournal,
    written: Mutex<Vec<NewRecord>>,
    numbers: tokio::sync::Mutex<HashMap<String, Seq>>,
    answers: Mutex<Answers>,
    checkpoints: Mutex<Vec<Seq>>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Answers {
    #[default]
    Come,
    /// It is written, and nobody says so.
    AreLost,
    /// It is not written, and nobody says so.
    AreLostWithTheQuestion,
}

impl Shared {
    fn new() -> Self {
        Self { stream: Arc::default(), cut_since: Arc::default(), held: watch::Sender::new(false) }
    }

    /// The same journal as another server sees it.
    fn beside(&self) -> Self {
        Self { stream: Arc::clone(&self.stream), ..Self::new() }
    }

    fn answers(&self, answers: Answers) {
        *self.stream.answers.lock() = answers;
    }

    fn is_cut(&self, cut: bool) {
        *self.cut_since.lock() = cut.then(|| (Instant::now(), self.stream.journal.tail()));
    }

    fn written(&self, what: &str) -> usize {
        let written = self.stream.written.lock();
        let is_it = |keyed: &&NewRecord| String::from_utf8_lossy(&keyed.payload).contains(what);
        written.iter().filter(is_it).count()
    }
}

impl Journal for Shared {
    type Follower = Held;

    async fn append(&self, _: Vec<Bytes>) -> Result<Vec<Seq>, AppendError> {
        panic!("every payload says what it is about")
    }

    async fn append_records(&self, payloads: Vec<NewRecord>) -> Result<Vec<Seq>, AppendError> {
        let answers = *self.stream.answers.lock();
        let mut seqs = Vec::new();
        if answers != Answers::AreLostWithTheQuestion {
            let id = |keyed: &NewRecord| keyed.dedup_id.clone().expect("every payload has a name");
            let mut numbers = self.stream.numbers.lock().await;
            let is_new = |keyed: &&NewRecord| !numbers.contains_key(&id(keyed));
            let new: Vec<_> = payloads.iter().filter(is_new).cloned().collect();
            let bytes = new.iter().map(|keyed| keyed.payload.clone()).collect();
            let given = self.stream.journal.append(bytes).await?;
            numbers.extend(new.iter().map(id).zip(given));
            self.stream.written.lock().extend(new);
            seqs.extend(payloads.iter().map(|keyed| numbers[&id(keyed)]));
        }
        match answers {
            Answers::Come => Ok(seqs),
            Answers::AreLost | Answers::AreLostWithTheQuestion => {
                let source = Arc::new(std::io::Error::from(std::io::ErrorKind::TimedOut));
                Err(AppendError::OutcomeUnknown { journal: "shared".to_owned(), source })
            }
        }
    }

    async fn probe(&self) -> Result<(), AppendError> {
        self.stream.journal.probe().await
    }

    fn follow(&self, after: Seq) -> Held {
        Held { follow: self.stream.journal.follow(after), held: self.held.subscribe() }
    }

    fn epochs(&self) -> Epochs {
        self.stream.journal.epochs()
    }

    fn tail(&self) -> Seq {
        self.cut_since.lock().map_or_else(|| self.stream.journal.tail(), |(_, heard)| heard)
    }

    fn staleness(&self) -> Option<Duration> {
        Some(self.cut_since.lock().map_or(Duration::ZERO, |(since, _)| since.elapsed()))
    }

    async fn checkpoint(
        &self,
        seq: Seq,
        state: Bytes,
        needed_after: Seq,
    ) -> Result<(), SaveCheckpointError> {
        self.stream.checkpoints.lock().push(seq);
        self.stream.journal.checkpoint(seq, state, needed_after).await
    }

    async fn latest_checkpoint(&self) -> Result<Seq, StorageError> {
        Ok(self.stream.checkpoints.lock().last().copied().unwrap_or(Seq::ZERO))
    }

    async fn start_point(&self) -> Result<Option<Checkpoint>, StorageError> {
        self.stream.journal.start_point().await
    }

    async fn close(&self) {}
}

struct Held {
    follow: MemoryFollower,
    held: watch::Receiver<bool>,
}

impl Follow for Held {
    async fn next(&mut self) -> Result<Vec<Record>, FollowError> {
        let records = self.follow.next().await?;
        let _ = self.held.wait_for(|held| !held).await;
        Ok(records)
    }
}

async fn two() -> (Shared, [House; 2]) {
    let journal = Shared::new();
    let houses =
        [journal.clone(), journal.beside()].map(|journal| House::on(journal, Settings::default()));
    let [one, other] = houses;
    let (one, other) = tokio::join!(one, other);
    (journal, [one, other])
}

async fn until(house: &House, path: &str, status: StatusCode) {
    let start = Instant::now();
    while house.get(path).await.status != status {
        assert!(start.elapsed() < LONG, "{path} is never {status}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_all_want_by_themselves_is_written_once() {
    let (journal, [one, other]) = two().await;
    assert_eq!(journal.tail(), Seq(1), "the first board is opened once");
    one.send("PUT", "/boards/main", json!({"removeAfter": {"landed": "0s"}})).await;
    for round in 1..=3 {
        one.send("PUT", "/boards/main/flights/I768", json!({"state": "landed"})).await;
        for house in [&one, &other] {
            until(house, "/boards/main/flights/I768", StatusCode::NOT_FOUND).await;
        }
        // Some rounds of all who look what is due.
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(journal.written("expiry"), round, "each stay has an end of its own");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_due_first_writes_the_checkpoint_and_nobody_else() {
    let (journal, [one, _other]) = two().await;
    let line =
        |n| format!(r#"{{"event":"flightAddition","data":{{"flight":"T","remark":"{n}"}}}}"#);
    for part in 0..51 {
        let lines = (0..1_000).map(|n| line(1_000 * part + n));
        one.send_lines("main", &lines.collect::<Vec<_>>().join("\n")).await;
    }
    tokio::time::sleep(LONG).await;
    assert_eq!(journal.stream.checkpoints.lock().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn each_update_says_what_it_is_about_and_has_a_name_of_its_own() {
    let (journal, [one, other]) = two().await;
    for house in [&one, &other] {
        let put = Request::put("/boards/main/flights/I768?date=2026-11-22")
            .header("content-type", "application/json")
            .header("idempotency-key", "the-same")
            .body(Body::from("{}"))
            .unwrap();
        // The second is a repetition, and is answered as such: its record is another.
        let answer = tokio::time::timeout(LONG, house.ask(put)).await.expect("it is answered");
        assert!(answer.status.is_success(), "{}", answer.body);
        house.send("PUT", "/boards/main/flights/G119", json!({})).await;
    }
    let written = journal.stream.written.lock();
    let keys: Vec<_> = written.iter().map(|keyed| keyed.subject.join(" ")).collect();
    let expected = ["main", "main I768 2026-11-22", "main G119"];
    assert_eq!(keys, [&expected[..], &expected[1..]].concat());
}

#[tokio::test]
async fn an_update_whose_answer_was_lost_is_answered_when_it_is_read() {
    let (journal, [one, _]) = two().await;
    journal.answers(Answers::AreLost);
    let answer = one.send("PUT", "/boards/main/flights/I768", json!({})).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    assert_ne!(answer.event_id(), "");
}

#[tokio::test(start_paused = true)]
async fn an_update_of_which_nothing_is_known_says_so_in_time_and_can_be_repeated() {
    let (journal, [one, _]) = two().await;
    let put = || {
        Request::put("/boards/main/flights/I768")
            .header("content-type", "application/json")
            .header("idempotency-key", "once")
            .body(Body::from("{}"))
            .unwrap()
    };
    journal.answers(Answers::AreLostWithTheQuestion);
    let asked = Instant::now();
    let answer = one.ask(put()).await;
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

    journal.answers(Answers::AreLost);
    assert_eq!(one.ask(put()).await.status, StatusCode::CREATED);
    journal.answers(Answers::Come);
    assert_eq!(one.ask(put()).await.status, StatusCode::OK, "a repetition");
}

/// The next heartbeat's `head`, and its `behind`.
async fn beat(stream: &mut crate::house::Stream) -> (String, Option<u64>) {
    loop {
        let (event, _, data) = stream.any_event().await.unwrap();
        if event == "heartbeat" {
            return (data["head"].as_str().unwrap().to_owned(), data["behind"].as_u64());
        }
    }
}

async fn is_told_while((ours, cut): (&House, &dyn Fn(bool)), theirs: &House) {
    let before = theirs.put_rows(0..1).await;
    let mut stream = ours.resume("/events", &before).await;
    assert_eq!(beat(&mut stream).await, (before.clone(), None));
    cut(true);
    let since = Instant::now();
    theirs.put_rows(1..2).await;
    let behind = loop {
        let (head, behind) = beat(&mut stream).await;
        assert!(since.elapsed() <= STALE_AFTER + Duration::from_secs(17), "{:?}", since.elapsed());
        if let Some(behind) = behind {
            assert_eq!(head, before, "it stands still");
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

    let mut newcomer = ours.stream("/events").await;
    let first = newcomer.any_event().await.unwrap();
    assert_eq!((first.0.as_str(), first.2["behind"].is_u64()), ("heartbeat", true));
    assert_eq!(newcomer.any_event().await.unwrap().0, "timetable");

    cut(false);
    until(ours, "/readyz", StatusCode::OK).await;
    while beat(&mut stream).await.1.is_some() {}
    let mut newcomer = ours.stream("/events").await;
    assert_eq!(newcomer.any_event().await.unwrap().0, "timetable", "and nothing before");
}

#[tokio::test(start_paused = true)]
async fn followers_are_told_while_nothing_is_heard_of_the_others() {
    let (journal, [one, other]) = two().await;
    let cut = |cut| {
        journal.is_cut(cut);
        journal.held.send_replace(cut);
    };
    is_told_while((&one, &cut), &other).await;
}

#[tokio::test(start_paused = true)]
async fn followers_are_told_while_records_are_there_and_are_not_applied() {
    let (journal, [one, other]) = two().await;
    let cut = |cut| {
        journal.held.send_replace(cut);
    };
    is_told_while((&one, &cut), &other).await;
}

#[tokio::test(start_paused = true)]
async fn who_comes_from_a_quicker_server_is_waited_for_and_goes_on() {
    let (journal, [one, other]) = two().await;
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
    assert_eq!((event.as_str(), &data["reason"]), ("timetable", &json!("unknown")), "not for ever");
}

#[tokio::test]
async fn whoever_writes_the_stream_it_is_told_before_its_rows() {
    for settings in both_ways(Settings::default()) {
        let journal = Shared::new();
        *journal.cut_since.lock() =
            Some((Instant::now() - STALE_AFTER, journal.stream.journal.tail()));
        let served = serve_on(journal, settings).await;
        until(&served.house, "/readyz", StatusCode::SERVICE_UNAVAILABLE).await;
        let mut socket = served.follow().await;
        let mut text = String::new();
        while !text.contains("event: timetable") {
            let mut bytes = [0; 4096];
            let count = socket.read(&mut bytes).await.unwrap();
            text += std::str::from_utf8(&bytes[..count]).unwrap();
        }
        let told = text.find("\"behind\":").expect("it is told");
        assert!(told < text.find("event: timetable").unwrap(), "{text}");
    }
}
