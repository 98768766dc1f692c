//! The rules of recovery, without a connection.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;

const FIRST_WAIT: Duration = Duration::from_secs(5);
const SILENCE: Duration = Duration::from_secs(35);

/// A follower whose waits are the longest, and its clocks.
struct TestRecovery {
    recovery: Recovery,
    now: Moment,
}

impl TestRecovery {
    fn new() -> Self {
        let now = Moment { wall: SystemTime::UNIX_EPOCH, ticks: Instant::now() };
        let recovery = Recovery::new(FollowOptions::default(), || 1.0, now);
        Self { recovery, now }
    }

    fn live() -> Self {
        let mut test = Self::new();
        test.open();
        test.timetable(7);
        assert!(test.recovery.status().is_live());
        test
    }

    /// Takes the step, which must be to connect, and waits for it.
    fn connect(&mut self) -> Duration {
        let step = self.recovery.take_step();
        let Some(NextStep::Connect { wait }) = step else { panic!("{step:?}") };
        self.pass(wait);
        self.recovery.handle_request(self.now);
        wait
    }

    fn open(&mut self) -> Duration {
        let wait = self.connect();
        self.recovery.handle_open(self.now);
        wait
    }

    fn pass(&mut self, time: Duration) {
        self.now.wall += time;
        self.now.ticks += time;
    }

    fn event(&mut self, name: &str, data: &Value, id: &str) {
        let event = DecodedEvent {
            event: name.to_owned(),
            data: data.to_string(),
            last_event_id: Arc::from(id),
        };
        self.recovery.handle_event(&event, self.now);
    }

    fn timetable(&mut self, seq: u64) {
        let rows = json!([{"flight": "I768"}, {"flight": "G119"}]);
        let data = json!({"board": {"name": "main"}, "flights": rows});
        self.event("timetable", &data, &format!("aa-{seq}"));
    }

    fn removal(&mut self, flight: &str, seq: u64) {
        self.event("flightRemoval", &json!({"flight": flight}), &format!("aa-{seq}"));
    }

    fn heartbeat(&mut self, head: &str) {
        let id = self.recovery.last_id().to_owned();
        self.event("heartbeat", &json!({"head": head}), &id);
    }

    fn status(&self) -> &'static str {
        self.recovery.status().name()
    }

    fn has_step(&self) -> bool {
        self.recovery.next.is_some()
    }
}

#[test]
fn streams_reopen_by_themselves_at_first() {
    let mut test = TestRecovery::live();
    let since = test.now.wall;
    test.pass(Duration::from_secs(15));
    for _ in 0..OWN_RETRIES {
        test.recovery.handle_cut(test.now);
        assert!(!test.has_step());
    }
    assert_eq!(*test.recovery.status(), FollowStatus::Reconnecting { since });
    test.recovery.handle_cut(test.now);
    assert_eq!(test.connect(), FIRST_WAIT);
    // A new stream has no `retry:` yet.
    test.recovery.handle_cut(test.now);
    assert_eq!(test.connect(), 2 * FIRST_WAIT);
    assert_eq!(test.recovery.last_id(), "aa-7");
}

#[test]
fn waits_grow_up_to_a_bound() {
    let mut test = TestRecovery::live();
    let mut waits = Vec::new();
    for _ in 0..5 {
        test.recovery.handle_refusal(test.now);
        let Some(NextStep::Ask { wait }) = test.recovery.take_step() else { panic!() };
        waits.push(wait.as_secs());
        test.recovery.handle_reply(BoardReply::Unknown);
        test.open();
    }
    assert_eq!(waits, [5, 10, 20, 30, 30]);
    test.heartbeat("aa-7");
    assert_eq!(test.status(), "live");
    test.recovery.handle_refusal(test.now);
    assert_eq!(test.recovery.take_step(), Some(NextStep::Ask { wait: FIRST_WAIT }));
}

#[test]
fn resumed_streams_wait_for_the_head() {
    let mut test = TestRecovery::live();
    test.recovery.handle_cut(test.now);
    test.recovery.handle_open(test.now);
    assert_eq!(test.status(), "reconnecting");
    test.heartbeat("aa-9");
    test.removal("I768", 8);
    assert_eq!(test.status(), "reconnecting");
    test.removal("G119", 9);
    assert_eq!(test.status(), "live");
}

#[test]
fn second_gaps_bring_all_rows() {
    let mut test = TestRecovery::live();
    for last_id in ["aa-7", ""] {
        test.heartbeat("aa-9");
        test.pass(Duration::from_secs(1));
        test.recovery.handle_gap(test.now);
        assert!(!test.has_step());
        test.pass(Duration::from_secs(1));
        test.recovery.handle_gap(test.now);
        assert_eq!(test.recovery.last_id(), last_id);
        test.open();
    }
}

#[test]
fn slow_events_are_stale() {
    let mut test = TestRecovery::live();
    test.heartbeat("aa-10");
    test.removal("I768", 8);
    test.pass(Duration::from_secs(2));
    test.recovery.handle_gap(test.now);
    assert_eq!((test.status(), test.has_step()), ("stale", false));
    test.event("laterVersion", &json!(null), "aa-9");
    test.removal("G119", 10);
    assert_eq!(test.status(), "live");
}

#[test]
fn unknown_names_move_the_id() {
    let mut test = TestRecovery::live();
    test.event("laterVersion", &json!(null), "aa-8");
    test.event("heartbeat", &json!({"head": "aa-8"}), "aa-8");
    assert_eq!((test.status(), test.recovery.last_id()), ("live", "aa-8"));
}

#[test]
fn duplicates_are_ignored() {
    let mut test = TestRecovery::live();
    test.event("flightStateUpdate", &json!({"flight": "I768", "state": "old"}), "aa-7");
    test.event("flightStateUpdate", &json!({"flight": "I768", "state": "older"}), "aa-6");
    let row = test.recovery.board().rows().next();
    assert_eq!(row.and_then(|row| row.text("state")), None);
    assert!(!test.has_step());
}

#[test]
fn other_epochs_bring_all_rows() {
    for id in ["bb-3", "bb-9"] {
        let mut test = TestRecovery::live();
        test.event("heartbeat", &json!({"head": id}), "bb-3");
        assert_eq!(test.recovery.last_id(), "", "{id}");
        assert!(test.has_step());
    }
}

#[test]
fn silence_is_noticed_by_either_clock() {
    let mut test = TestRecovery::live();
    test.pass(SILENCE - Duration::from_secs(1));
    test.recovery.check_silence(test.now);
    assert!(!test.has_step());
    let mut slept = TestRecovery::live();
    slept.now.wall += Duration::from_secs(3_600);
    let mut set_back = TestRecovery::live();
    set_back.now.ticks += SILENCE;
    for mut test in [slept, set_back] {
        test.recovery.check_silence(test.now);
        assert_eq!(test.status(), "stale");
        assert_eq!(test.connect(), FIRST_WAIT);
        assert_eq!(test.recovery.last_id(), "aa-7");
    }
}

#[test]
fn held_back_streams_get_more_time() {
    let mut test = TestRecovery::new();
    let mut limits = Vec::new();
    for _ in 0..4 {
        test.open();
        let mut secs = 0;
        while !test.has_step() {
            test.pass(Duration::from_secs(1));
            test.recovery.check_silence(test.now);
            secs += 1;
        }
        limits.push(secs);
    }
    assert_eq!(limits, [35, 70, 130, 130]);
    assert_eq!(test.status(), "reconnecting");
}

#[test]
fn long_retry_times_are_respected() {
    let mut test = TestRecovery::live();
    test.recovery.handle_cut(test.now);
    test.pass(Duration::from_secs(120));
    test.recovery.check_silence(test.now);
    assert!(!test.has_step());
    test.pass(Duration::from_secs(10));
    test.recovery.check_silence(test.now);
    assert!(test.has_step());
}

#[test]
fn closed_boards_are_asked_for() {
    let mut test = TestRecovery::live();
    test.event("closedConnection", &json!({"reason": "moved"}), "aa-8");
    let closed = FollowStatus::Closed { reason: Some("moved".to_owned()) };
    for reply in [BoardReply::Closed { reason: None }, BoardReply::Unknown, BoardReply::Absent] {
        let step = test.recovery.take_step();
        assert_eq!(step, Some(NextStep::Ask { wait: REOPEN_POLL }));
        test.recovery.handle_reply(reply);
        assert_eq!(*test.recovery.status(), closed);
    }
    test.recovery.handle_reply(BoardReply::Open { is_current: true });
    assert_eq!((test.status(), test.recovery.last_id()), ("connecting", ""));
    assert_eq!(test.open(), Duration::ZERO);
    test.timetable(9);
    assert_eq!(test.status(), "live");
}

#[test]
fn changes_before_rows_bring_all_rows() {
    let mut test = TestRecovery::new();
    test.open();
    test.event("flightAddition", &json!({"flight": "I768"}), "aa-8");
    assert_eq!(test.recovery.board().rows().len(), 0);
    assert_eq!(test.open(), FIRST_WAIT);
    assert_eq!(test.recovery.last_id(), "");
}
