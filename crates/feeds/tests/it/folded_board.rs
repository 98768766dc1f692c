//! A board that folds announcements.

use feeds::Announcement;
use flight::{ApplyOutcome, BoardEvent, BoardName, Boards, Timetable, Update};
use jiff::Timestamp;
use serde_json::Value;

pub(crate) fn board_name() -> BoardName {
    BoardName::parse("here").unwrap()
}

/// An announcement as `seconds event flight state`; absent parts are omitted.
pub(crate) fn line(announcement: &Announcement) -> String {
    let change = serde_json::to_value(&announcement.change).unwrap();
    let words = [&change["event"], &change["data"]["flight"], &change["data"]["state"]];
    let words = words.into_iter().filter_map(Value::as_str).filter(|word| !word.is_empty());
    let mut line = announcement.after.as_secs().to_string();
    words.for_each(|word| line.extend([" ", word]));
    line
}

#[derive(Default)]
pub(crate) struct FoldedBoard {
    boards: Boards,
    seq: u64,
}

impl FoldedBoard {
    /// Applies the announcements and returns the number of those that changed nothing.
    pub(crate) fn apply_all(
        &mut self,
        announcements: impl IntoIterator<Item = Announcement>,
    ) -> usize {
        let outcomes = announcements.into_iter().map(|announcement| self.apply(announcement));
        outcomes.filter(|outcome| !matches!(outcome, ApplyOutcome::Changed(_))).count()
    }

    /// Applies an announcement that must change the board.
    pub(crate) fn event(&mut self, announcement: Announcement) -> BoardEvent {
        let text = format!("{announcement:?}");
        match self.apply(announcement) {
            ApplyOutcome::Changed(event) => event,
            outcome => panic!("{text} changed nothing: {outcome:?}"),
        }
    }

    pub(crate) fn timetable(&self) -> &Timetable {
        self.boards.board(&board_name()).unwrap()
    }

    pub(crate) fn rows(&self) -> Value {
        let rows = self.timetable().rows();
        serde_json::to_value(rows.iter().map(|row| row.flight()).collect::<Vec<_>>()).unwrap()
    }

    fn apply(&mut self, announcement: Announcement) -> ApplyOutcome {
        self.seq += 1;
        let update = Update::new(board_name(), announcement.change);
        self.boards.apply(self.seq, Timestamp::UNIX_EPOCH, &update)
    }
}
