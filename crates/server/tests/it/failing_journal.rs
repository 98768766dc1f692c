//! A journal that takes nothing for a while, as on a full disk: the server says so, also when nobody
//! publishes, keeps its followers, and is ready again by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use journal::{
    AppendError, Checkpoint, Epochs, Journal, MemoryFollower, MemoryJournal, SaveCheckpointError,
    Seq, StorageError,
};
use serde_json::json;
use server::Settings;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::house::House;

/// A journal on a disk that the test fills.
#[derive(Clone, Default)]
struct Disk(Arc<Parts>);

#[derive(Default)]
struct Parts {
    journal: MemoryJournal,
    full: AtomicBool,
    stuck: watch::Sender<bool>,
    appends: AtomicUsize,
    probes: AtomicUsize,
}

impl Disk {
    fn set_full(&self, full: bool) {
        self.0.full.store(full, Ordering::SeqCst);
    }

    fn set_stuck(&self, stuck: bool) {
        self.0.stuck.send_replace(stuck);
    }

    fn appends(&self) -> usize {
        self.0.appends.load(Ordering::SeqCst)
    }

    fn probes(&self) -> usize {
        self.0.probes.load(Ordering::SeqCst)
    }

    async fn check(&self) -> Result<(), StorageError> {
        self.0.stuck.subscribe().wait_for(|stuck| !stuck).await.unwrap();
        if !self.0.full.load(Ordering::SeqCst) {
            return Ok(());
        }
        let source = Arc::new(std::io::Error::from(std::io::ErrorKind::StorageFull));
        Err(StorageError::NoSpace { journal: "flightboard.db".to_owned(), source })
    }
}

impl Journal for Disk {
    type Follower = MemoryFollower;

    async fn append(&self, payloads: Vec<Bytes>) -> Result<Vec<Seq>, AppendError> {
        self.0.appends.fetch_add(1, Ordering::SeqCst);
        self.check().await?;
        self.0.journal.append(payloads).await
    }

    async fn probe(&self) -> Result<(), AppendError> {
        self.0.probes.fetch_add(1, Ordering::SeqCst);
        self.check().await?;
        self.0.journal.probe().await
    }

    fn follow(&self, after: Seq) -> MemoryFollower {
        self.0.journal.follow(after)
    }

    fn epochs(&self) -> Epochs {
        self.0.journal.epochs()
    }

    fn tail(&self) -> Seq {
        self.0.journal.tail()
    }

    async fn checkpoint(
        &self,
        seq: Seq,
        state: Bytes,
        needed_after: Seq,
    ) -> Result<(), SaveCheckpointError> {
        self.check().await?;
        self.0.journal.checkpoint(seq, state, needed_after).await
    }

    async fn start_point(&self) -> Result<Option<Checkpoint>, StorageError> {
        self.0.journal.start_point().await
    }

    async fn close(&self) {
        self.0.journal.close().await;
    }
}

/// Far more than it takes, on a clock that the test holds.
const LONG: Duration = Duration::from_secs(3600);

/// Waits until `/readyz` has this status, and answers with how long that took.
async fn ready(house: &House, status: StatusCode) -> Duration {
    let start = Instant::now();
    while house.get("/readyz").await.status != status {
        assert!(start.elapsed() < LONG, "/readyz is never {status}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn an_idle_server_notices_before_a_publisher_does_and_recovers_without_one() {
    let disk = Disk::default();
    let house = House::on(disk.clone(), Settings::default()).await;
    house.put_rows(0..1).await;
    let (appends, tail) = (disk.appends(), disk.tail());
    disk.set_full(true);
    let noticed = ready(&house, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(noticed <= Duration::from_secs(17), "after {noticed:?}");
    let reason = house.get("/readyz").await.body;
    assert!(reason.contains("no room is left for the journal flightboard.db"), "{reason}");

    tokio::time::sleep(LONG).await;
    let mut stream = house.stream("/events").await;
    assert_eq!(stream.event().await.unwrap().0, "timetable", "followers are let in");

    disk.set_full(false);
    let recovered = ready(&house, StatusCode::OK).await;
    assert!(recovered <= Duration::from_secs(2), "after {recovered:?}");
    assert_eq!((disk.appends(), disk.tail()), (appends, tail), "probes are no records");
    house.put_rows(1..2).await;
    assert_eq!(stream.event().await.unwrap().0, "flightAddition");
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_hangs_is_noticed_and_asked_once() {
    let disk = Disk::default();
    let house = House::on(disk.clone(), Settings::default()).await;
    disk.set_stuck(true);
    let noticed = ready(&house, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(noticed <= Duration::from_secs(27), "after {noticed:?}");
    let reason = house.get("/readyz").await.body;
    assert!(reason.contains("the journal does not answer"), "{reason}");
    tokio::time::sleep(LONG).await;
    assert_eq!(disk.probes(), 1, "questions do not queue up");
    disk.set_stuck(false);
    let recovered = ready(&house, StatusCode::OK).await;
    assert!(recovered <= Duration::from_secs(2), "after {recovered:?}");
}

#[tokio::test(start_paused = true)]
async fn a_journal_is_asked_only_when_nothing_was_appended_for_a_while() {
    let disk = Disk::default();
    let house = House::on(disk.clone(), Settings::default()).await;
    for number in 0..60 {
        house.put_rows(number..number + 1).await;
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    assert_eq!(disk.probes(), 0);
    tokio::time::sleep(Duration::from_secs(150)).await;
    assert!((8..=11).contains(&disk.probes()), "{} probes", disk.probes());
    house.app.engine().close().await;
    let probes = disk.probes();
    tokio::time::sleep(LONG).await;
    assert_eq!(disk.probes(), probes, "none after the end");
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_changes_nothing_and_what_is_due_is_done_afterwards() {
    let disk = Disk::default();
    let house = House::on(disk.clone(), Settings::default()).await;
    house.send("PUT", "/boards/main", json!({"removeAfter": {"landed": "0s"}})).await;
    house.put_rows(0..2).await;
    house.send("PATCH", "/boards/main/flights/T0", json!({"state": "landed"})).await;
    disk.set_full(true);
    let refused = house.send("PATCH", "/boards/main/flights/T1", json!({"gate": "B4"})).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("no room is left") && detail.contains("retry later"), "{detail}");
    assert_eq!(house.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);

    let appends = disk.appends();
    tokio::time::sleep(LONG).await;
    assert_eq!(disk.appends(), appends, "no removal is asked for again and again");
    assert_eq!(house.get("/boards/main").await.json()["flights"], 2);

    disk.set_full(false);
    ready(&house, StatusCode::OK).await;
    let start = Instant::now();
    while house.get("/boards/main").await.json()["flights"] != 1 {
        assert!(start.elapsed() < LONG, "the row never leaves");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let rows = house.get("/boards/main/flights").await.json();
    assert_eq!(rows["flights"], json!([{"flight": "T1", "origin": "Rome"}]));
}
