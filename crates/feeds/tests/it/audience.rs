//! Announcements as lines, and a board that is told them.

use feeds::Announcement;
use flight::{ApplyOutcome, BoardEvent, BoardName, Boards, Timetable, Update};
use jiff::Timestamp;
use serde_json::Value;

pub(crate) fn name() -> BoardName {
    BoardName::parse("here").unwrap()
}

/// `seconds event flight state`, without what is not there.
pub(crate) fn line(announcement: &Announcement) -> String {
    let update = serde_json::to_value(&announcement.update).unwrap();
    let texts = [&update["event"], &update["data"]["flight"], &update["data"]["state"]];
    let texts = texts.into_iter().filter_map(Value::as_str).filter(|text| !text.is_empty());
    let mut line = announcement.after.as_secs().to_string();
    texts.for_each(|text| line.extend([" ", text]));
    line
}

#[derive(Default)]
pub(crate) struct Audience {
    boards: Boards,
    told: u64,
}

impl Audience {
    /// Tells the board all of it, and returns how often nothing changed.
    pub(crate) fn hear(&mut self, announcements: impl IntoIterator<Item = Announcement>) -> usize {
        let applied = announcements.into_iter().map(|announcement| self.apply(announcement));
        applied.filter(|applied| !matches!(applied, ApplyOutcome::Changed(_))).count()
    }

    /// Tells the board one, which must change it.
    pub(crate) fn event(&mut self, announcement: Announcement) -> BoardEvent {
        let shown = format!("{announcement:?}");
        match self.apply(announcement) {
            ApplyOutcome::Changed(event) => event,
            outcome => panic!("{shown} changed nothing: {outcome:?}"),
        }
    }

    pub(crate) fn timetable(&self) -> &Timetable {
        self.boards.board(&name()).unwrap()
    }

    pub(crate) fn rows(&self) -> Value {
        let rows = self.timetable().rows();
        serde_json::to_value(rows.iter().map(|row| row.flight()).collect::<Vec<_>>()).unwrap()
    }

    fn apply(&mut self, announcement: Announcement) -> ApplyOutcome {
        self.told += 1;
        let record = Update::new(name(), announcement.update);
        self.boards.apply(self.told, Timestamp::UNIX_EPOCH, &record)
    }
}
