//! A part has the events of its topic, wherever a follower of the whole left off.

use std::sync::{Arc, Mutex, Weak};

use fanout::{
    Channel, FRAME_OVERHEAD_BYTES, Follower, PullResult, ResumePoint, Snapshot, SnapshotReason,
    Topic, WindowBudget,
};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::board::{SeqView, frame};

/// The topic of the part.
const TOPIC: u64 = 1;

/// The numbers of all events, each with its topic; 0 is on all.
type SentEvents = Arc<Mutex<Vec<(u64, u64)>>>;

/// A board, and the part of it with the events of one topic.
struct DividedBoard {
    whole: Arc<Channel>,
    part: Weak<Channel>,
    windows: Arc<WindowBudget>,
    history: SentEvents,
}

fn topic(number: u64) -> Topic {
    if number == 0 { Topic::ALL } else { Topic::new(number) }
}

fn part_rows(history: &[(u64, u64)]) -> Vec<u64> {
    history.iter().filter(|(_, topic)| [0, TOPIC].contains(topic)).map(|(seq, _)| *seq).collect()
}

fn part_snapshot(history: &SentEvents, reason: SnapshotReason) -> Snapshot {
    let history = history.lock().unwrap();
    let rows: Vec<_> = part_rows(&history).iter().map(u64::to_string).collect();
    let frames = frame(format!("{reason:?} {}", rows.join(" "))).into();
    Snapshot { seq: history.last().unwrap().0, frames }
}

impl DividedBoard {
    /// A board whose first event is 1, on all topics.
    fn new(window_frames: usize) -> Self {
        let windows = WindowBudget::new(window_frames * (5 + FRAME_OVERHEAD_BYTES), usize::MAX);
        let whole = Channel::new(1, &windows, |_| panic!("nothing follows the whole"));
        let history = Arc::new(Mutex::new(vec![(1, 0)]));
        Self { whole, part: Weak::new(), windows, history }
    }

    fn newest(&self) -> u64 {
        self.history.lock().unwrap().last().unwrap().0
    }

    fn publish(&self, number: u64) {
        let seq = self.newest() + 1;
        self.history.lock().unwrap().push((seq, number));
        let frame = frame(seq.to_string());
        if let Some(part) = self.part.upgrade().filter(|_| [0, TOPIC].contains(&number)) {
            part.publish(seq, frame.clone());
        }
        self.whole.publish_on(topic(number), seq, frame);
    }

    fn follow(&mut self, start: ResumePoint) -> Follower {
        let part = self.part.upgrade().unwrap_or_else(|| {
            let history = Arc::clone(&self.history);
            let snapshot = move |reason| part_snapshot(&history, reason);
            self.whole.part(self.newest(), &self.windows, snapshot)
        });
        self.part = Arc::downgrade(&part);
        if let ResumePoint::After(seq) = start {
            part.reach_back(seq, topic(TOPIC), |frame| Some(frame.clone()));
        }
        part.follow(start)
    }

    /// The rows of the part as of an event.
    fn rows_at(&self, seq: u64) -> Vec<u64> {
        let history = self.history.lock().unwrap();
        part_rows(&history[..history.iter().take_while(|event| event.0 <= seq).count()])
    }
}

#[derive(Debug, Clone)]
enum PartStep {
    Publish(u64),
    Pull,
    Reconnect,
    /// Resumes from any event of the whole.
    StartAt(Index),
    /// Another follower comes, which keeps the part, or leaves.
    Keep(bool),
}

fn step() -> impl Strategy<Value = PartStep> {
    prop_oneof![
        12 => (0..4_u64).prop_map(PartStep::Publish),
        4 => Just(PartStep::Pull),
        3 => Just(PartStep::Reconnect),
        2 => any::<Index>().prop_map(PartStep::StartAt),
        1 => any::<bool>().prop_map(PartStep::Keep),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_resume_from_any_event(
        steps in prop::collection::vec(step(), 0..100),
        window_frames in prop::sample::select(vec![0, 2, 6, 1_000]),
    ) {
        let mut board = DividedBoard::new(window_frames);
        let mut view = SeqView::default();
        let mut other = None;
        let mut follower = board.follow(ResumePoint::Fresh);
        let mut last = None;
        for step in steps {
            match step {
                PartStep::Publish(number) => board.publish(number),
                PartStep::Pull => view.pull(&mut follower),
                PartStep::Reconnect => {
                    drop(follower);
                    follower = board.follow(last.map_or(ResumePoint::Fresh, ResumePoint::After));
                }
                PartStep::StartAt(index) => {
                    let seq = 1 + index.index(board.newest() as usize) as u64;
                    view = SeqView { rows: board.rows_at(seq), ..SeqView::default() };
                    drop(follower);
                    follower = board.follow(ResumePoint::After(seq));
                    last = Some(seq);
                }
                PartStep::Keep(true) => other = Some(board.follow(ResumePoint::Fresh)),
                PartStep::Keep(false) => other = None,
            }
            last = follower.position().or(last);
        }
        view.drain(&mut follower);
        prop_assert_eq!(&view.rows, &board.rows_at(u64::MAX));
        if window_frames == 1_000 {
            prop_assert!(view.snapshots.iter().all(|reason| *reason == SnapshotReason::Start));
        }
        drop(other);
    }
}

#[test]
fn frames_are_shared_with_the_whole() {
    let mut board = DividedBoard::new(10);
    let mut of_part = board.follow(ResumePoint::After(1));
    let mut of_whole = board.whole.follow(ResumePoint::After(1));
    board.publish(TOPIC);
    let pull = |follower: &mut Follower| match follower.pull() {
        PullResult::Frames(frames) => frames[0].wire_bytes().as_ptr(),
        other => panic!("{other:?}"),
    };
    assert_eq!(pull(&mut of_part), pull(&mut of_whole));
    board.publish(2);
    assert_eq!(of_part.pull(), PullResult::Empty, "an event on another topic");
}

#[test]
fn parts_go_with_their_last_follower() {
    let mut board = DividedBoard::new(10);
    let first = board.follow(ResumePoint::Fresh);
    let second = board.follow(ResumePoint::Fresh);
    assert_eq!((board.whole.followers(), first.channel().followers()), (2, 2));
    drop(first);
    assert!(board.part.upgrade().is_some());
    drop(second);
    assert!(board.part.upgrade().is_none() && board.whole.followers() == 0);
}
