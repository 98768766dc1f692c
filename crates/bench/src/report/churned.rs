//! What came of followers that came and went.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::size;
use crate::churn::Churn;
use crate::course::Course;
use crate::orders::Progress;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Churned {
    per_sec: f64,
    secs: f64,
    /// How often one went.
    went: u64,
    /// How often one was there again.
    came_back: u64,
    /// How often one could not come.
    failed: usize,
    /// Streams that the server ended.
    ended: usize,
    pub(crate) delivered: u64,
    /// Messages that one did not get though it was there before and after, or came back with the id of
    /// an earlier one.
    missed: u64,
    /// Messages that one got that it had.
    again: u64,
    /// Followers that got the last message, which was published when all were there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) complete_followers: Option<usize>,
    may_grow_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) course: Option<Course>,
    /// In equal parts of the time.
    pub(crate) rows: Vec<Row>,
}

/// How it stood at the end of a part.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    pub(crate) until_secs: f64,
    /// Streams that were open.
    pub(crate) followers: usize,
    pub(crate) missed: u64,
    /// Of the server, the mean of this part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) memory_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) open_files: Option<usize>,
}

impl Churned {
    pub(crate) fn new(churn: &Churn) -> Self {
        Self {
            per_sec: churn.per_sec,
            secs: churn.lasting.as_secs_f64(),
            went: 0,
            came_back: 0,
            failed: 0,
            ended: 0,
            delivered: 0,
            missed: 0,
            again: 0,
            complete_followers: None,
            may_grow_bytes: churn.may_grow_bytes,
            course: None,
            rows: Vec::new(),
        }
    }

    pub(crate) fn count(&mut self, progress: &Progress) {
        let Progress { went, came_back, failed, ended, delivered, missed, again, .. } = *progress;
        (self.went, self.came_back, self.failed, self.ended) = (went, came_back, failed, ended);
        (self.delivered, self.missed, self.again) = (delivered, missed, again);
    }

    /// Whether each got everything once, nobody was turned away, and the server did not grow.
    pub(super) fn is_right(&self, followers: usize) -> bool {
        let has_grown = self.course.as_ref().is_some_and(|course| self.is_too_much(course));
        let faults = self.missed + self.again + (self.failed + self.ended) as u64;
        faults == 0 && self.complete_followers == Some(followers) && !has_grown
    }

    fn is_too_much(&self, course: &Course) -> bool {
        u64::try_from(course.grown_bytes).is_ok_and(|grown| grown > self.may_grow_bytes)
    }
}

impl fmt::Display for Churned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { went, came_back, failed, ended, delivered, missed, again, .. } = self;
        writeln!(
            f,
            "churn       {went} went, {came_back} came back; {failed} failed, {ended} ended by the \
             server"
        )?;
        writeln!(f, "delivered   {delivered}; {missed} missed, {again} came again")?;
        if let Some(complete) = self.complete_followers {
            writeln!(f, "at the end  {complete} got the last message")?;
        }
        if let Some(course) = &self.course {
            let verdict = if self.is_too_much(course) { "more than" } else { "of" };
            let may_grow = size(self.may_grow_bytes);
            writeln!(f, "growth      {course}; {verdict} the {may_grow} that it may")?;
        }
        let [memory, files, followers, missed] = ["memory", "open files", "followers", "missed"];
        writeln!(f, "\n{:<12}{memory:>12}{files:>12}{followers:>12}{missed:>12}", "until")?;
        for row in &self.rows {
            let memory = row.memory_bytes.map_or("?".to_owned(), |bytes| size(bytes).to_string());
            let files = row.open_files.map_or("?".to_owned(), |files| files.to_string());
            let until = Duration::from_millis((row.until_secs * 1e3) as u64);
            let until = humantime::format_duration(until).to_string();
            let Row { followers, missed, .. } = row;
            writeln!(f, "{until:<12}{memory:>12}{files:>12}{followers:>12}{missed:>12}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLLOWERS: usize = 3;

    /// Whether it is right when it comes out well but for what `spoil` does to it.
    fn check(spoil: impl FnOnce(&mut Progress, &mut Course, &mut usize)) -> bool {
        let mut progress = Progress { open: FOLLOWERS, went: 5, ..Progress::default() };
        let mut course = Course {
            warm_up_secs: 1.0,
            first_bytes: 0,
            last_bytes: 0,
            highest_bytes: 0,
            grown_bytes: 1_000,
            grown_bytes_an_hour: 0,
        };
        let mut complete = FOLLOWERS;
        spoil(&mut progress, &mut course, &mut complete);
        let churn = Churn {
            per_sec: 1.0,
            lasting: Duration::from_secs(5),
            rate: 1.0,
            may_grow_bytes: 1_000,
        };
        let mut churned = Churned::new(&churn);
        churned.count(&progress);
        churned.course = Some(course);
        churned.complete_followers = Some(complete);
        churned.is_right(FOLLOWERS)
    }

    #[test]
    fn nothing_may_be_missed_and_nothing_may_grow() {
        assert!(check(|_, _, _| {}));
        assert!(check(|_, course, _| course.grown_bytes = -5_000));
        assert!(!check(|_, course, _| course.grown_bytes = 1_001));
        assert!(!check(|progress, _, _| progress.missed = 1));
        assert!(!check(|progress, _, _| progress.again = 1));
        assert!(!check(|progress, _, _| progress.failed = 1));
        assert!(!check(|progress, _, _| progress.ended = 1));
        assert!(!check(|_, _, complete| *complete = FOLLOWERS - 1));
    }
}
