//! The server's memory over time: whether it is flat once the server has warmed up.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::report::size;

/// Parts of the whole time, each a row of the table.
pub(crate) const PARTS: usize = 10;

/// The first of them are for warming up: buffers, windows and caches fill to what they may have.
const WARM_UP_PARTS: usize = 2;

/// Looks at the memory in each part, so that chance does not weigh much.
const LOOKS_OF_PART: usize = 60;

/// Looks are no closer to each other.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);

/// What is there at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) secs: f64,
    pub(crate) bytes: u64,
}

/// Looks as they come.
#[derive(Debug)]
pub(crate) struct Looks {
    lasting_secs: f64,
    /// Bounded by how many there are to be.
    looks: Vec<Look>,
}

/// What they come to, as far as they have.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Course {
    pub(crate) warm_up_secs: f64,
    /// The mean of the first part after the warm-up.
    pub(crate) first_bytes: u64,
    /// The mean of the last part.
    pub(crate) last_bytes: u64,
    pub(crate) highest_bytes: u64,
    /// From the first to the last.
    pub(crate) grown_bytes: i64,
    /// Of the straight line that fits best all that was seen after the warm-up.
    pub(crate) grown_bytes_an_hour: i64,
}

/// How long it is between two looks.
pub(crate) fn pause(lasting: Duration) -> Duration {
    let looks = u32::try_from(PARTS * LOOKS_OF_PART).expect("they are few");
    (lasting / looks).max(SHORTEST_PAUSE)
}

impl Looks {
    pub(crate) fn new(lasting: Duration) -> Self {
        Self { lasting_secs: lasting.as_secs_f64(), looks: Vec::new() }
    }

    pub(crate) fn add(&mut self, look: Look) {
        self.looks.push(look);
    }

    /// In which part this moment is.
    pub(crate) fn part(&self, secs: f64) -> usize {
        ((secs / self.lasting_secs * PARTS as f64) as usize).min(PARTS - 1)
    }

    pub(crate) fn end_secs(&self, part: usize) -> f64 {
        self.lasting_secs * (part + 1) as f64 / PARTS as f64
    }

    /// Of all looks of this part.
    pub(crate) fn mean_bytes(&self, part: usize) -> Option<u64> {
        let looks = self.looks.iter().filter(|look| self.part(look.secs) == part);
        let (sum, count) = looks.fold((0, 0), |(sum, count), look| (sum + look.bytes, count + 1));
        (count > 0).then(|| sum / count)
    }

    /// `None` until there are looks after the warm-up.
    pub(crate) fn course(&self) -> Option<Course> {
        let is_warm = |look: &&Look| self.part(look.secs) >= WARM_UP_PARTS;
        let warm: Vec<_> = self.looks.iter().filter(is_warm).collect();
        let first_bytes = self.mean_bytes(self.part(warm.first()?.secs))?;
        let last_bytes = self.mean_bytes(self.part(warm.last()?.secs))?;
        Some(Course {
            warm_up_secs: self.lasting_secs * WARM_UP_PARTS as f64 / PARTS as f64,
            first_bytes,
            last_bytes,
            highest_bytes: self.looks.iter().map(|look| look.bytes).max()?,
            grown_bytes: last_bytes.cast_signed() - first_bytes.cast_signed(),
            grown_bytes_an_hour: (slope(&warm) * 3600.0) as i64,
        })
    }
}

/// Bytes a second of the line with the least squares.
fn slope(looks: &[&Look]) -> f64 {
    let count = looks.len().max(1) as f64;
    let mean = |of: fn(&Look) -> f64| looks.iter().map(|look| of(look)).sum::<f64>() / count;
    let (secs, bytes) = (mean(|look| look.secs), mean(|look| look.bytes as f64));
    let square: f64 = looks.iter().map(|look| (look.secs - secs).powi(2)).sum();
    let product = looks.iter().map(|look| (look.secs - secs) * (look.bytes as f64 - bytes));
    if square > 0.0 { product.sum::<f64>() / square } else { 0.0 }
}

impl fmt::Display for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first_bytes, last_bytes, highest_bytes, .. } = self;
        write!(
            f,
            "{} after the warm-up of {:.0} s, {} at the end, {} at most; grown by {}, {} an hour",
            size(*first_bytes),
            self.warm_up_secs,
            size(*last_bytes),
            size(*highest_bytes),
            signed(self.grown_bytes),
            signed(self.grown_bytes_an_hour)
        )
    }
}

fn signed(bytes: i64) -> String {
    let sign = if bytes < 0 { "-" } else { "" };
    format!("{sign}{}", size(bytes.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many bytes at each of a hundred seconds.
    fn course(secs: u32, bytes: impl Fn(u32) -> u64) -> Option<Course> {
        let mut looks = Looks::new(Duration::from_secs(100));
        for secs in 0..secs {
            looks.add(Look { secs: f64::from(secs), bytes: bytes(secs) });
        }
        looks.course()
    }

    #[test]
    fn what_grows_steadily_grows_by_as_much_an_hour() {
        let course = course(100, |secs| 1_000 + 10 * u64::from(secs)).unwrap();
        assert_eq!(course.grown_bytes_an_hour, 36_000);
        assert_eq!((course.first_bytes, course.last_bytes), (1_245, 1_945));
        assert_eq!((course.grown_bytes, course.highest_bytes), (700, 1_990));
    }

    #[test]
    fn warming_up_is_no_growth() {
        let course = course(100, |secs| if secs < 20 { u64::from(secs) } else { 500 }).unwrap();
        assert_eq!((course.grown_bytes, course.grown_bytes_an_hour), (0, 0));
        assert_eq!(course.warm_up_secs, 20.0);
    }

    #[test]
    fn what_shrinks_has_grown_by_less_than_nothing() {
        let course = course(100, |secs| 9_000 - u64::from(secs)).unwrap();
        assert_eq!((course.grown_bytes, course.grown_bytes_an_hour), (-70, -3_600));
    }

    #[test]
    fn there_is_none_before_the_warm_up_is_over() {
        assert_eq!(course(20, |_| 1), None);
        assert_eq!(course(21, |_| 1).unwrap().last_bytes, 1);
    }
}
