//! Decides by the ids of events and by heartbeats whether all events have arrived, so that the rows are right. It
//! knows neither the stream nor the rows.

use std::time::{Duration, Instant};

/// Time allowed for the event that a heartbeat's head names to arrive.
pub(crate) const GAP_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
pub(crate) struct Completeness {
    /// Empty without rows that another stream could continue.
    last_id: String,
    /// A head that was announced and has not arrived yet.
    expected: Option<ExpectedHead>,
    /// When the event of that head counts as lost, and the last id when it was announced.
    gap: Option<(Instant, String)>,
    /// The last id at the previous gap. Resuming from it again does not repair a second gap.
    last_gap_id: Option<String>,
}

#[derive(Debug)]
struct ExpectedHead {
    head: String,
    /// The last id received when it was announced.
    after: String,
}

/// The action of a follower on an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventPlace {
    Next,
    Duplicate,
    /// It belongs to another history, or to rows that are not there.
    Foreign,
}

/// The meaning of the ids for the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowsEvidence {
    /// The server's newest event is the last one received here.
    Head,
    /// An event has arrived in order, and no other one is expected.
    InOrder,
    /// An event is expected.
    Incomplete,
}

/// The event of a head has not arrived in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LateEvent {
    /// Others have arrived meanwhile.
    Slow,
    Lost,
}

impl Completeness {
    /// The id that another stream continues after; empty for a whole timetable.
    pub(crate) fn last_id(&self) -> &str {
        &self.last_id
    }

    /// The rows cannot be continued.
    pub(crate) fn forget_rows(&mut self) {
        self.last_id.clear();
    }

    /// All rows have come, as of this id.
    pub(crate) fn begin(&mut self, id: &str) {
        id.clone_into(&mut self.last_id);
        self.stop_expecting();
    }

    /// The place of an event that is no timetable.
    pub(crate) fn classify(&self, id: &str) -> EventPlace {
        if self.last_id.is_empty() {
            EventPlace::Foreign
        } else if id.is_empty() || is_after(id, &self.last_id) {
            EventPlace::Next
        } else if same_epoch(id, &self.last_id) {
            // Behind a proxy that strips `Last-Event-ID`, a stream may begin with events that were received before.
            EventPlace::Duplicate
        } else {
            EventPlace::Foreign
        }
    }

    /// The next event has been applied.
    pub(crate) fn advance(&mut self, id: &str) -> RowsEvidence {
        if !id.is_empty() {
            id.clone_into(&mut self.last_id);
        }
        match &self.expected {
            None => RowsEvidence::InOrder,
            Some(expected) if is_after(&expected.head, &self.last_id) => RowsEvidence::Incomplete,
            Some(_) => self.confirm_head(),
        }
    }

    /// Takes the last id of the stream, which moves with events of unknown names too. Returns false if it is of another
    /// history.
    pub(crate) fn follow_id(&mut self, id: &str) -> bool {
        if self.last_id.is_empty() || id.is_empty() || id == self.last_id {
            return true;
        }
        if is_after(id, &self.last_id) {
            id.clone_into(&mut self.last_id);
            return true;
        }
        same_epoch(id, &self.last_id)
    }

    /// Compares with the board's newest event, which comes before its heartbeat or right after it.
    pub(crate) fn compare_head(&mut self, head: &str, now: Instant) -> RowsEvidence {
        if head == self.last_id {
            return self.confirm_head();
        }
        let after = self.last_id.clone();
        let expected = ExpectedHead { head: head.to_owned(), after: after.clone() };
        let previous = self.expected.replace(expected);
        // Events arrive, but slowly. Reconnecting would slow them down further.
        let is_slow = previous.is_some_and(|previous| previous.after != self.last_id);
        if !is_slow {
            self.gap = Some((now + GAP_TIMEOUT, after));
        }
        RowsEvidence::Incomplete
    }

    /// A head that was announced says nothing about the next stream.
    pub(crate) fn stop_expecting(&mut self) {
        self.expected = None;
        self.gap = None;
    }

    /// When [`handle_deadline`](Self::handle_deadline) is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.gap.as_ref().map(|(deadline, _)| *deadline)
    }

    pub(crate) fn handle_deadline(&mut self, now: Instant) -> Option<LateEvent> {
        let (_, seen) = self.gap.take_if(|(deadline, _)| *deadline <= now)?;
        if seen != self.last_id {
            return Some(LateEvent::Slow);
        }
        if self.last_gap_id.as_ref() == Some(&self.last_id) {
            self.last_id.clear();
        }
        self.last_gap_id = Some(self.last_id.clone());
        Some(LateEvent::Lost)
    }

    fn confirm_head(&mut self) -> RowsEvidence {
        self.last_gap_id = None;
        self.stop_expecting();
        RowsEvidence::Head
    }
}

fn is_after(id: &str, other: &str) -> bool {
    sequence(id) > sequence(other)
}

/// A sequence number identifies an event only within its epoch, one unbroken run of writing.
fn same_epoch(id: &str, other: &str) -> bool {
    id.split('-').next() == other.split('-').next()
}

/// 0, which precedes the first event, for a malformed id.
fn sequence(id: &str) -> u64 {
    id.split('-').nth(1).and_then(|seq| seq.parse().ok()).unwrap_or(0)
}
