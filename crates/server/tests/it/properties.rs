//! Views converge for any history: wherever a stream breaks, and with any `Last-Event-ID`, the next
//! events continue the view or replace it.

use journal::{Journal, JournalOptions, MemoryJournal, SqliteJournal};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use server::Settings;
use sse::ReadyState;

use crate::test_server::TestServer;
use crate::view::{BoardHistory, BoardView, ViewClient};

const BOARDS: [&str; 2] = ["main", "other"];

/// Holds every event of a test.
const LARGE_WINDOW: usize = 1024 * 1024;

/// Window sizes that hold no event, one, a few, or all.
pub(crate) const WINDOW_SIZES: [usize; 5] = [0, 250, 600, 1_500, LARGE_WINDOW];

/// A publisher's request for one of the boards.
#[derive(Debug, Clone)]
pub(crate) struct PublishStep {
    board: usize,
    method: &'static str,
    /// Empty for the board's settings.
    path: String,
    body: Value,
}

/// Viewers alternate between the two boards.
const VIEWERS: usize = 4;

/// One step of a test. Viewers are identified by index.
#[derive(Debug, Clone)]
enum ViewStep {
    Publish(PublishStep),
    Connect(usize),
    /// Reads that many pieces.
    Pull(usize, usize),
    /// Loses its connection inside the next piece.
    BreakOff(usize, Index),
}

/// The end of a server's run.
#[derive(Debug, Clone, Copy)]
enum RunEnd {
    Close,
    /// Like a crash: the journal is not closed.
    Drop,
}

pub(crate) fn change() -> impl Strategy<Value = PublishStep> {
    let query = prop::option::weighted(
        0.3,
        select(&["date=2026-11-22", "date=2026-11-23&leg=2", "leg=2"][..]),
    );
    let path = ("[AB][12]", query).prop_map(|(flight, query)| {
        let query = query.map_or(String::new(), |query| format!("?{query}"));
        format!("/flights/{flight}{query}")
    });
    let gate = || prop::option::of("[a-bü]");
    let time = || prop::option::weighted(0.3, "(0|1)[0-9]:[0-5][0-9]");
    let put = (path.clone(), gate(), select(&["", "boarding"][..]), time()).prop_map(
        |(path, gate, state, time)| {
            ("PUT", path, json!({ "gate": gate, "state": state, "arrival": time }))
        },
    );
    let patch = (path.clone(), gate(), time())
        .prop_map(|(path, gate, time)| ("PATCH", path, json!({ "gate": gate, "estimated": time })));
    let remove = path.prop_map(|path| ("DELETE", path, Value::Null));
    let settings = ("[xy]{0,2}", select(&["UTC", "Asia/Tokyo"][..]))
        .prop_map(|(note, zone)| ("PUT", String::new(), json!({ "note": note, "timeZone": zone })));
    let source = |(seconds, status)| {
        let time = format!("2026-11-22T10:00:0{seconds}Z");
        json!({"name": "Oslo", "attribution": "Oslo", "lastAnswer": time, "status": status})
    };
    let source = (0..2, select(&["current", "failing"][..])).prop_map(source);
    let source = prop_oneof![3 => source, 1 => Just(Value::Null)].prop_map(|source| {
        let line = json!({ "event": "sourceUpdate", "data": source });
        ("POST", "/flights".to_owned(), line)
    });
    let change = prop_oneof![4 => put, 4 => patch, 1 => remove, 1 => settings, 1 => source];
    (prop_oneof![3 => Just(0_usize), 1 => Just(1)], change)
        .prop_map(|(board, (method, path, body))| PublishStep { board, method, path, body })
}

fn step() -> impl Strategy<Value = ViewStep> {
    let viewer = || 0..VIEWERS;
    prop_oneof![
        6 => change().prop_map(ViewStep::Publish),
        1 => viewer().prop_map(ViewStep::Connect),
        3 => (viewer(), 1..4_usize).prop_map(|(viewer, pieces)| ViewStep::Pull(viewer, pieces)),
        1 => (viewer(), any::<Index>()).prop_map(|(viewer, part)| ViewStep::BreakOff(viewer, part)),
    ]
}

/// Failing cases are printed, not written into the source tree.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

pub(crate) fn with_window(window_bytes: usize) -> Settings {
    Settings { window_bytes, ..Settings::default() }
}

pub(crate) fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test);
}

/// Opens the missing board, and starts a history of each.
pub(crate) async fn begin(server: &TestServer) -> [BoardHistory; 2] {
    assert!(server.send("PUT", "/boards/other", json!({})).await.status.is_success());
    [BoardHistory::fetch(server, BOARDS[0]).await, BoardHistory::fetch(server, BOARDS[1]).await]
}

pub(crate) async fn publish(
    server: &TestServer,
    histories: &mut [BoardHistory; 2],
    change: &PublishStep,
) {
    let PublishStep { board, method, path, body } = change;
    let answer =
        server.send(method, &format!("/boards/{}{path}", BOARDS[*board]), body.clone()).await;
    assert!(matches!(answer.status.as_u16(), 200..=204 | 404 | 409), "{change:?}: {}", answer.body);
    for history in histories.iter_mut() {
        history.refresh(server).await;
    }
    // Many updates are answered line by line.
    if answer.status.is_success() && *method != "POST" {
        let index = histories[*board].index_of(&answer.event_id());
        assert!(index.is_some(), "{change:?} was answered with {}", answer.event_id());
    }
}

/// Publishes the changes. Returns the histories, and every byte of a stream of `main` that was open
/// from the start.
async fn record(server: &TestServer, changes: &[PublishStep]) -> ([BoardHistory; 2], Vec<u8>) {
    let mut histories = begin(server).await;
    let mut viewer = ViewClient::new();
    let mut bytes = Vec::new();
    viewer.connect(server, &histories[0]).await;
    let mut read = |histories: &[BoardHistory; 2]| {
        while let Some(piece) = viewer.pull(&histories[0]) {
            bytes.extend(piece.bytes());
        }
    };
    read(&histories);
    for change in changes {
        publish(server, &mut histories, change).await;
        read(&histories);
    }
    (histories, bytes)
}

/// Checks that a viewer whose first connection breaks after `bytes` converges on its second.
async fn check_cut(server: &TestServer, history: &BoardHistory, bytes: &[u8], window_bytes: usize) {
    let mut viewer = ViewClient::new();
    assert_eq!(viewer.source.handle_response(200, Some("text/event-stream")), ReadyState::Open);
    viewer.read(bytes, history);
    let seen = viewer.view.at;
    let timetables = viewer.view.timetables.len();
    viewer.disconnect();
    viewer.catch_up(server, history).await;
    assert!(viewer.view.is_current(history), "cut after {} bytes", bytes.len());
    if seen.is_some() && window_bytes == LARGE_WINDOW {
        assert_eq!(viewer.view.timetables.len(), timetables, "the window holds all missed events");
    }
}

/// Cuts at every byte; the property tests cut only at random ones.
#[tokio::test]
async fn streams_resume_after_any_byte() {
    let change =
        |board, method, path: &str, body| PublishStep { board, method, path: path.into(), body };
    let changes = [
        change(0, "PUT", "/flights/A1", json!({ "gate": "a" })),
        change(1, "PUT", "/flights/A1", json!({ "gate": "b" })),
        change(0, "PATCH", "/flights/A1", json!({ "gate": "ü" })),
        change(0, "PATCH", "/flights/A1", json!({ "gate": "ü" })),
        change(0, "PUT", "", json!({ "note": "x" })),
        change(0, "DELETE", "/flights/A1", Value::Null),
    ];
    for window_bytes in [250, LARGE_WINDOW] {
        let server = TestServer::with(with_window(window_bytes)).await;
        let ([history, _], bytes) = record(&server, &changes).await;
        assert_eq!(history.ids().count(), 5, "the opening and four changes");
        for at in 0..=bytes.len() {
            check_cut(&server, &history, &bytes[..at], window_bytes).await;
        }
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn any_history_resumes_after_any_byte(
        changes in vec(change(), 0..25),
        cuts in vec(any::<Index>(), 1..20),
        window_bytes in select(&WINDOW_SIZES[..]),
    ) {
        run(async {
            let server = TestServer::with(with_window(window_bytes)).await;
            let ([history, _], bytes) = record(&server, &changes).await;
            for cut in cuts {
                let at = cut.index(bytes.len() + 1);
                check_cut(&server, &history, &bytes[..at], window_bytes).await;
            }
        });
    }

    #[test]
    fn only_ids_of_the_board_resume(
        changes in vec(change(), 0..25),
        window_bytes in select(&WINDOW_SIZES[..]),
        beyond in 1..30_u64,
    ) {
        run(async {
            let server = TestServer::with(with_window(window_bytes)).await;
            let (histories, _) = record(&server, &changes).await;
            resume_with_every_id(&server, &histories[0], window_bytes).await;
            let [history, other] = &histories;
            for id in other.ids().flat_map(|id| similar_ids(id, beyond)).chain(similar_ids(history.newest(), beyond)) {
                if history.index_of(&id).is_none() {
                    resume_with_foreign(&server, history, &id).await;
                }
            }
        });
    }

    #[test]
    fn any_interleaving_converges(
        steps in vec(step(), 0..80),
        window_bytes in select(&WINDOW_SIZES[..]),
    ) {
        run_servers(vec![(steps, RunEnd::Drop)], window_bytes, MemoryJournal::default);
    }
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn any_interleaving_with_restarts_converges(
        runs in vec((vec(step(), 0..25), select(&[RunEnd::Close, RunEnd::Drop][..])), 2..4),
        window_bytes in select(&WINDOW_SIZES[..]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal.db");
        let open = || SqliteJournal::open(&file, JournalOptions::default()).unwrap();
        run_servers(runs, window_bytes, open);
    }
}

/// The window holds a suffix of the history: with one event it holds all later ones.
async fn resume_with_every_id(server: &TestServer, history: &BoardHistory, window_bytes: usize) {
    let mut is_held = window_bytes == LARGE_WINDOW;
    for (at, id) in history.ids().enumerate() {
        let mut viewer = ViewClient::resuming(id, BoardView::as_of(history, at));
        viewer.catch_up(server, history).await;
        assert!(viewer.view.is_current(history), "after {id}");
        match &*viewer.view.timetables {
            [] => is_held = true,
            [reason] => assert!(!is_held && reason == "expired", "{reason} after {id}"),
            reasons => panic!("{reasons:?} after {id}"),
        }
    }
    assert!(is_held, "the newest event can always be resumed from");
}

/// Returns the id and similar ids.
fn similar_ids(id: &str, beyond: u64) -> [String; 4] {
    let (epoch, seq) = id.split_once('-').unwrap();
    let other_epoch = u32::from_str_radix(epoch, 16).unwrap() ^ 1;
    let later = seq.parse::<u64>().unwrap() + beyond;
    [id.into(), format!("{other_epoch:08x}-{seq}"), format!("{epoch}-{later}"), format!("{id}0")]
}

/// Checks that an id of another board or server gets all rows.
async fn resume_with_foreign(server: &TestServer, history: &BoardHistory, id: &str) {
    let mut viewer = ViewClient::resuming(id, BoardView::default());
    viewer.catch_up(server, history).await;
    assert!(viewer.view.is_current(history), "after {id}");
    let reasons = &viewer.view.timetables;
    let told = matches!(&reasons[..], [reason] if ["unknown", "expired"].contains(&&**reason));
    assert!(told, "{reasons:?} after {id}");
}

/// Runs servers in sequence on one journal, with viewers that outlive them.
fn run_servers<J: Journal>(
    runs: Vec<(Vec<ViewStep>, RunEnd)>,
    window_bytes: usize,
    open: impl Fn() -> J,
) {
    let mut viewers: [ViewClient; VIEWERS] = std::array::from_fn(|_| ViewClient::new());
    let mut past: Option<[BoardHistory; 2]> = None;
    let last = runs.len() - 1;
    for (number, (steps, end)) in runs.into_iter().enumerate() {
        // The tasks of a dropped server end with its runtime.
        run(async {
            let server = TestServer::on(open(), with_window(window_bytes)).await;
            let histories = match &mut past {
                None => past.insert(begin(&server).await),
                Some(histories) => histories,
            };
            for history in histories.iter_mut() {
                let events = history.ids().count();
                history.refresh(&server).await;
                assert_eq!(history.ids().count(), events, "rows and ids survive a restart");
            }
            for step in &steps {
                run_step(step, &server, histories, &mut viewers).await;
            }
            for (index, viewer) in viewers.iter_mut().enumerate() {
                let history = &histories[index % BOARDS.len()];
                // The other viewers reconnect only in a later run.
                if number == last || index < BOARDS.len() {
                    viewer.catch_up(&server, history).await;
                    assert!(viewer.view.is_current(history), "viewer {index}");
                }
                viewer.disconnect();
            }
            if let RunEnd::Close = end {
                server.app.engine().close().await;
            }
        });
    }
    if window_bytes == LARGE_WINDOW {
        for ViewClient { view, .. } in &viewers {
            assert!(
                view.timetables.len() <= 1,
                "{:?}: the window holds everything",
                view.timetables
            );
        }
    }
}

async fn run_step(
    step: &ViewStep,
    server: &TestServer,
    histories: &mut [BoardHistory; 2],
    viewers: &mut [ViewClient; VIEWERS],
) {
    match step {
        ViewStep::Publish(change) => publish(server, histories, change).await,
        ViewStep::Connect(index) => {
            viewers[*index].connect(server, &histories[index % BOARDS.len()]).await;
        }
        ViewStep::Pull(index, pieces) => {
            let viewer = &mut viewers[*index];
            let history = &histories[index % BOARDS.len()];
            viewer.connect(server, history).await;
            for _ in 0..*pieces {
                viewer.pull(history);
            }
        }
        ViewStep::BreakOff(index, part) => {
            viewers[*index].break_inside(*part, &histories[index % BOARDS.len()]);
        }
    }
}
