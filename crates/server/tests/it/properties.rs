//! No past and no cut can make a screen wrong: whatever was published, wherever a stream broke off,
//! and whatever id it is asked for with, what comes next continues the screen or replaces it.

use journal::{Journal, JournalOptions, MemoryJournal, SqliteJournal};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use server::Settings;
use sse::ReadyState;

use crate::house::House;
use crate::screen::{History, Screen, Viewer};

const BOARDS: [&str; 2] = ["main", "other"];

/// Holds all that a test publishes.
const LARGE_WINDOW: usize = 1024 * 1024;

/// Such that none, one, or a few events are held.
const WINDOWS: [usize; 5] = [0, 250, 600, 1_500, LARGE_WINDOW];

/// What a publisher asks for, of one of the boards.
#[derive(Debug, Clone)]
struct Change {
    board: usize,
    method: &'static str,
    /// Empty for the board's settings.
    path: String,
    body: Value,
}

/// Every other follows the first board, the rest the second.
const VIEWERS: usize = 4;

/// What happens next. Viewers are named by their places.
#[derive(Debug, Clone)]
enum Step {
    Publish(Change),
    Connect(usize),
    /// Reads so many pieces.
    Pull(usize, usize),
    /// Loses its connection within the next piece.
    BreakOff(usize, Index),
}

/// How one run of a server ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Close,
    /// As by a crash: nothing is told to the journal.
    Drop,
}

fn change() -> impl Strategy<Value = Change> {
    let row = ("[AB][12]", prop::option::weighted(0.3, select(&["2026-11-22", "2026-11-23"][..])));
    let path = row.prop_map(|(flight, date)| {
        let date = date.map_or(String::new(), |date| format!("?date={date}"));
        format!("/flights/{flight}{date}")
    });
    let gate = || prop::option::of("[a-bü]");
    let put = (path.clone(), gate(), select(&["", "boarding"][..]))
        .prop_map(|(path, gate, state)| ("PUT", path, json!({ "gate": gate, "state": state })));
    let patch =
        (path.clone(), gate()).prop_map(|(path, gate)| ("PATCH", path, json!({ "gate": gate })));
    let remove = path.prop_map(|path| ("DELETE", path, Value::Null));
    let settings = "[xy]{0,2}".prop_map(|note| ("PUT", String::new(), json!({ "note": note })));
    let change = prop_oneof![4 => put, 4 => patch, 1 => remove, 1 => settings];
    (prop_oneof![3 => Just(0_usize), 1 => Just(1)], change)
        .prop_map(|(board, (method, path, body))| Change { board, method, path, body })
}

fn step() -> impl Strategy<Value = Step> {
    let viewer = || 0..VIEWERS;
    prop_oneof![
        6 => change().prop_map(Step::Publish),
        1 => viewer().prop_map(Step::Connect),
        3 => (viewer(), 1..4_usize).prop_map(|(viewer, pieces)| Step::Pull(viewer, pieces)),
        1 => (viewer(), any::<Index>()).prop_map(|(viewer, part)| Step::BreakOff(viewer, part)),
    ]
}

/// Nothing is written into the tree: what fails is printed.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn with_window(window_bytes: usize) -> Settings {
    Settings { window_bytes, ..Settings::default() }
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test);
}

/// Opens the boards that are not there yet; their pasts begin with this.
async fn begin(house: &House) -> [History; 2] {
    assert!(house.send("PUT", "/boards/other", json!({})).await.status.is_success());
    [History::of(house, BOARDS[0]).await, History::of(house, BOARDS[1]).await]
}

async fn publish(house: &House, histories: &mut [History; 2], change: &Change) {
    let Change { board, method, path, body } = change;
    let answer =
        house.send(method, &format!("/boards/{}{path}", BOARDS[*board]), body.clone()).await;
    assert!(matches!(answer.status.as_u16(), 200..=204 | 404 | 409), "{change:?}: {}", answer.body);
    for history in histories.iter_mut() {
        history.go_on(house).await;
    }
    if answer.status.is_success() {
        let place = histories[*board].place(&answer.event_id());
        assert!(place.is_some(), "{change:?} was answered with {}", answer.event_id());
    }
}

/// The changes, and every byte that one who was there from the beginning was sent of `main`.
async fn record(house: &House, changes: &[Change]) -> ([History; 2], Vec<u8>) {
    let mut histories = begin(house).await;
    let (mut viewer, mut bytes) = (Viewer::new(), Vec::new());
    viewer.connect(house, &histories[0]).await;
    let mut read = |histories: &[History; 2]| {
        while let Some(piece) = viewer.pull(&histories[0]) {
            bytes.extend(piece.bytes());
        }
    };
    read(&histories);
    for change in changes {
        publish(house, &mut histories, change).await;
        read(&histories);
    }
    (histories, bytes)
}

/// A viewer's first connection breaks off after these bytes; the second makes it right.
async fn cut_after(house: &House, history: &History, bytes: &[u8], window_bytes: usize) {
    let mut viewer = Viewer::new();
    assert_eq!(viewer.source.handle_response(200, Some("text/event-stream")), ReadyState::Open);
    viewer.read(bytes, history);
    let seen = viewer.screen.at;
    let timetables = viewer.screen.timetables.len();
    viewer.lose();
    viewer.catch_up(house, history).await;
    assert!(viewer.screen.is_right(history), "cut after {} bytes", bytes.len());
    if seen.is_some() && window_bytes == LARGE_WINDOW {
        assert_eq!(viewer.screen.timetables.len(), timetables, "all that was missed is held");
    }
}

/// Every position, where streams are cut only at some elsewhere.
#[tokio::test]
async fn a_stream_cut_at_any_byte_goes_on_to_the_same_rows() {
    let change =
        |board, method, path: &str, body| Change { board, method, path: path.into(), body };
    let changes = [
        change(0, "PUT", "/flights/A1", json!({ "gate": "a" })),
        change(1, "PUT", "/flights/A1", json!({ "gate": "b" })),
        change(0, "PATCH", "/flights/A1", json!({ "gate": "ü" })),
        change(0, "PATCH", "/flights/A1", json!({ "gate": "ü" })),
        change(0, "PUT", "", json!({ "note": "x" })),
        change(0, "DELETE", "/flights/A1", Value::Null),
    ];
    for window_bytes in [250, LARGE_WINDOW] {
        let house = House::with(with_window(window_bytes)).await;
        let ([history, _], bytes) = record(&house, &changes).await;
        assert_eq!(history.ids().count(), 5, "the opening and what changed something");
        for at in 0..=bytes.len() {
            cut_after(&house, &history, &bytes[..at], window_bytes).await;
        }
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn any_history_cut_anywhere_goes_on_to_the_same_rows(
        changes in vec(change(), 0..25),
        cuts in vec(any::<Index>(), 1..20),
        window_bytes in select(&WINDOWS[..]),
    ) {
        run(async {
            let house = House::with(with_window(window_bytes)).await;
            let ([history, _], bytes) = record(&house, &changes).await;
            for cut in cuts {
                let at = cut.index(bytes.len() + 1);
                cut_after(&house, &history, &bytes[..at], window_bytes).await;
            }
        });
    }

    #[test]
    fn any_id_of_the_history_is_gone_on_from_and_no_other(
        changes in vec(change(), 0..25),
        window_bytes in select(&WINDOWS[..]),
        beyond in 1..30_u64,
    ) {
        run(async {
            let house = House::with(with_window(window_bytes)).await;
            let (histories, _) = record(&house, &changes).await;
            resume_with_every_id(&house, &histories[0], window_bytes).await;
            let [history, other] = &histories;
            for id in other.ids().flat_map(|id| mutated(id, beyond)).chain(mutated(history.newest(), beyond)) {
                if history.place(&id).is_none() {
                    resume_with_foreign(&house, history, &id).await;
                }
            }
        });
    }

    #[test]
    fn any_interleaving_ends_with_the_same_rows(
        steps in vec(step(), 0..80),
        window_bytes in select(&WINDOWS[..]),
    ) {
        live_through(vec![(steps, End::Drop)], window_bytes, MemoryJournal::default);
    }
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn any_interleaving_with_restarts_ends_with_the_same_rows(
        runs in vec((vec(step(), 0..25), select(&[End::Close, End::Drop][..])), 2..4),
        window_bytes in select(&WINDOWS[..]),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal.db");
        let open = || SqliteJournal::open(&file, JournalOptions::default()).unwrap();
        live_through(runs, window_bytes, open);
    }
}

/// The window holds an end of the history: once an id is in it, all later ones are.
async fn resume_with_every_id(house: &House, history: &History, window_bytes: usize) {
    let mut is_held = window_bytes == LARGE_WINDOW;
    for (at, id) in history.ids().enumerate() {
        let mut viewer = Viewer::resuming(id, Screen::as_of(history, at));
        viewer.catch_up(house, history).await;
        assert!(viewer.screen.is_right(history), "after {id}");
        match &*viewer.screen.timetables {
            [] => is_held = true,
            [reason] => assert!(!is_held && reason == "expired", "{reason} after {id}"),
            reasons => panic!("{reasons:?} after {id}"),
        }
    }
    assert!(is_held, "the newest event is always one to go on from");
}

/// The id itself, and some that are like it.
fn mutated(id: &str, beyond: u64) -> [String; 4] {
    let (epoch, seq) = id.split_once('-').unwrap();
    let other_epoch = u32::from_str_radix(epoch, 16).unwrap() ^ 1;
    let later = seq.parse::<u64>().unwrap() + beyond;
    [id.into(), format!("{other_epoch:08x}-{seq}"), format!("{epoch}-{later}"), format!("{id}0")]
}

/// One that this board never gave: all rows, by reason of that.
async fn resume_with_foreign(house: &House, history: &History, id: &str) {
    let mut viewer = Viewer::resuming(id, Screen::default());
    viewer.catch_up(house, history).await;
    assert!(viewer.screen.is_right(history), "after {id}");
    let reasons = &viewer.screen.timetables;
    let told = matches!(&reasons[..], [reason] if ["unknown", "expired"].contains(&&**reason));
    assert!(told, "{reasons:?} after {id}");
}

/// Runs of servers, each going on with the journal of the one before, and viewers that outlive them.
fn live_through<J: Journal>(
    runs: Vec<(Vec<Step>, End)>,
    window_bytes: usize,
    open: impl Fn() -> J,
) {
    let mut viewers: [Viewer; VIEWERS] = std::array::from_fn(|_| Viewer::new());
    let mut past: Option<[History; 2]> = None;
    let last = runs.len() - 1;
    for (number, (steps, end)) in runs.into_iter().enumerate() {
        // What a run left undone dies with its runtime.
        run(async {
            let house = House::on(open(), with_window(window_bytes)).await;
            let histories = match &mut past {
                None => past.insert(begin(&house).await),
                Some(histories) => histories,
            };
            for history in histories.iter_mut() {
                let events = history.ids().count();
                history.go_on(&house).await;
                assert_eq!(history.ids().count(), events, "rows and ids outlive a restart");
            }
            for step in &steps {
                carry_out(step, &house, histories, &mut viewers).await;
            }
            for (place, viewer) in viewers.iter_mut().enumerate() {
                let history = &histories[place % BOARDS.len()];
                // The others learn only in a later run how this one ended.
                if number == last || place < BOARDS.len() {
                    viewer.catch_up(&house, history).await;
                    assert!(viewer.screen.is_right(history), "viewer {place}");
                }
                viewer.lose();
            }
            if let End::Close = end {
                house.app.engine().close().await;
            }
        });
    }
    if window_bytes == LARGE_WINDOW {
        for Viewer { screen, .. } in &viewers {
            assert!(screen.timetables.len() <= 1, "{:?}: all is held", screen.timetables);
        }
    }
}

async fn carry_out(
    step: &Step,
    house: &House,
    histories: &mut [History; 2],
    viewers: &mut [Viewer; VIEWERS],
) {
    match step {
        Step::Publish(change) => publish(house, histories, change).await,
        Step::Connect(place) => {
            viewers[*place].connect(house, &histories[place % BOARDS.len()]).await;
        }
        Step::Pull(place, pieces) => {
            let (viewer, history) = (&mut viewers[*place], &histories[place % BOARDS.len()]);
            viewer.connect(house, history).await;
            for _ in 0..*pieces {
                viewer.pull(history);
            }
        }
        Step::BreakOff(place, part) => {
            viewers[*place].break_off(*part, &histories[place % BOARDS.len()]);
        }
    }
}
