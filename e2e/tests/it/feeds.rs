//! Airports' feeds, with a server that stands for their source.

/// An invented hour at Oslo.
mod invented_hour;

/// Answers that a feed gets while its source fails.
mod bad_answers;

/// `flightboard feed SOURCE`.
mod client;

/// Restarts of the polling server.
mod restarts;

/// Replicas, of which one polls.
mod replicas;

/// Settings of feeds, and their errors.
mod settings;

/// Answers that a source pushes.
mod webhook;

/// The time until all screens have the changes of a poll.
mod delivery;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use testkit::api::ApiClient;
use testkit::fake_upstream::{FakeUpstream, UpstreamAnswer};

use crate::follower::{ReceivedEvent, TestFollower};
use crate::view::View;
use crate::wait::{WAIT_TIMEOUT, wait_until};
use invented_hour::{CLOCK, Direction, LAST_STEP};

const ARRIVALS: &str = "osl-arrivals";
const DEPARTURES: &str = "osl-departures";

/// Interval of polls.
const INTERVAL: &str = "200ms";

/// The feed of Oslo at this source, as a value of `--feed`.
fn oslo_feed(upstream: &FakeUpstream) -> String {
    format!("avinor/OSL,source-url={},interval={INTERVAL},clock={CLOCK}", upstream.url())
}

/// A source whose answer is that of a step, which the test sets. Before that it fails.
struct SteppedSource {
    upstream: FakeUpstream,
    step: Arc<AtomicUsize>,
}

/// No step has been set.
const NO_STEP: usize = usize::MAX;

impl SteppedSource {
    fn start() -> Self {
        let step = Arc::new(AtomicUsize::new(NO_STEP));
        let upstream = FakeUpstream::start({
            let step = Arc::clone(&step);
            move |_| answer_of(step.load(Ordering::SeqCst))
        });
        Self { upstream, step }
    }

    fn set_step(&self, step: usize) {
        self.step.store(step, Ordering::SeqCst);
    }
}

fn answer_of(step: usize) -> UpstreamAnswer {
    match step {
        NO_STEP => UpstreamAnswer::new(503, "text/plain", "not yet"),
        step => UpstreamAnswer::xml(invented_hour::answer(step)),
    }
}

/// Waits until the feed has opened its boards.
fn wait_for_boards(api: &ApiClient) {
    for board in [ARRIVALS, DEPARTURES] {
        wait_until(&format!("{board} is open"), WAIT_TIMEOUT, || {
            (api.get_status(&format!("/boards/{board}/flights")) == 200).then_some(())
        });
    }
}

/// The board of a direction.
fn board_of(direction: Direction) -> &'static str {
    match direction {
        Direction::Arrival => ARRIVALS,
        Direction::Departure => DEPARTURES,
    }
}

/// Waits until both boards have the rows of an answer.
fn wait_for_step(api: &ApiClient, step: usize) {
    for direction in [Direction::Arrival, Direction::Departure] {
        let board = board_of(direction);
        let expected = invented_hour::rows(step, direction);
        wait_until(&format!("{board} has the rows of step {step}"), WAIT_TIMEOUT, || {
            (invented_hour::known_fields(&api.rows(board)) == expected).then_some(())
        });
    }
}

/// The `source` of a board.
fn source(api: &ApiClient, board: &str) -> Value {
    api.get(&format!("/boards/{board}"))["source"].clone()
}

/// Waits until the source of a board has this status.
fn wait_for_status(api: &ApiClient, board: &str, status: &str) -> Value {
    wait_until(&format!("the source of {board} is {status}"), WAIT_TIMEOUT, || {
        Some(source(api, board)).filter(|source| source["status"] == status)
    })
}

/// Follows both boards.
struct Audits([EventAudit; 2]);

impl Audits {
    fn follow(server: SocketAddr) -> Self {
        Self(
            [Direction::Arrival, Direction::Departure]
                .map(|direction| EventAudit::follow(server, direction)),
        )
    }

    /// Continues on another server after the last events.
    fn resume(&mut self, server: SocketAddr) {
        self.0.iter_mut().for_each(|audit| audit.resume(server));
    }

    /// Reads until the rows are those of an answer.
    fn read_to_step(&mut self, step: usize) {
        self.0.iter_mut().for_each(|audit| audit.read_to_step(step));
    }

    /// Requires that each row was announced once, and each change of a row from one answer to the next.
    fn assert_announced_once(&self) {
        self.0.iter().for_each(EventAudit::assert_announced_once);
    }
}

/// Follows a board, and requires that no event repeats what the rows have already.
struct EventAudit {
    direction: Direction,
    follower: TestFollower,
    view: View,
    /// Events about rows.
    events: Vec<ReceivedEvent>,
    timetables: usize,
    last_id: String,
}

impl EventAudit {
    fn follow(server: SocketAddr, direction: Direction) -> Self {
        Self {
            direction,
            follower: TestFollower::request(server, &stream_of(direction), ""),
            view: View::default(),
            events: Vec::new(),
            timetables: 0,
            last_id: String::new(),
        }
    }

    fn resume(&mut self, server: SocketAddr) {
        let header = format!("Last-Event-ID: {}\r\n", self.last_id);
        self.follower = TestFollower::request(server, &stream_of(self.direction), &header);
    }

    fn read_to_step(&mut self, step: usize) {
        let expected = invented_hour::rows(step, self.direction);
        while invented_hour::known_fields(&self.view.rows()) != expected {
            let event = self.follower.next_event();
            self.take(event);
        }
    }

    fn take(&mut self, event: ReceivedEvent) {
        self.last_id.clone_from(&event.id);
        let before = self.view.rows();
        self.view.apply(&event);
        match event.name.as_str() {
            "timetable" => self.timetables += 1,
            "flightAddition" | "flightStateUpdate" | "flightRemoval" => {
                assert_ne!(before, self.view.rows(), "an event changes nothing: {event:?}");
                self.events.push(event);
            }
            _ => {}
        }
    }

    fn assert_announced_once(&self) {
        let changes =
            (0..LAST_STEP).map(|step| invented_hour::changes(step, step + 1, self.direction));
        let count = |name: &str| self.events.iter().filter(|event| event.name == name).count();
        let counts = ["flightAddition", "flightStateUpdate", "flightRemoval"].map(count);
        let rows = invented_hour::rows(0, self.direction).len();
        assert_eq!(counts, [rows, changes.sum(), 0]);
        assert_eq!(self.timetables, 1, "the follower resumed without a timetable");
    }
}

fn stream_of(direction: Direction) -> String {
    format!("/boards/{}/events", board_of(direction))
}
