//! How a thread that wrote news waits a moment for more of them, so that they leave in one call for each
//! follower and not in one of their own.

use std::time::Duration;

use super::bell::Alarm;

/// The wait takes at most this part of the time that the writing took.
const SHARE: u32 = 4;

/// It never takes longer.
const LONGEST: Duration = Duration::from_millis(3);

/// How often the thread looks meanwhile whether they are there.
const LOOKS: u32 = 8;

/// Shorter naps cost more than they gain: writing that was done so soon is followed by no rest.
const SHORTEST_NAP: Duration = Duration::from_micros(50);

/// Where fewer came than were waited for, so many in sixteen of those are waited for next.
const REMEMBERED: usize = 15;

#[derive(Default)]
pub(super) struct Rest {
    /// As many news as came at once lately.
    wanted: usize,
}

impl Rest {
    /// Waits, after so many news were written in so much time.
    pub(super) fn take(&mut self, news: usize, passed: Duration, alarm: &Alarm) {
        self.expect(news);
        let nap = LONGEST.min(passed / SHARE) / LOOKS;
        let mut looks = 0;
        while nap >= SHORTEST_NAP && looks < LOOKS && alarm.news() < self.wanted {
            std::thread::sleep(nap);
            looks += 1;
        }
    }

    /// Publishers that were answered together publish together again, but not all are seen each time: one
    /// that came late must not make all the others be waited for less from then on.
    fn expect(&mut self, news: usize) {
        if news > 0 {
            self.wanted = news.max(self.wanted * REMEMBERED / 16);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_expected_as_came_lately_and_a_few_fewer_each_time() {
        let mut rest = Rest::default();
        for (news, wanted) in [(64, 64), (0, 64), (50, 60), (64, 64), (1, 60), (1, 56)] {
            rest.expect(news);
            assert_eq!(rest.wanted, wanted, "{news} came");
        }
        (0..64).for_each(|_| rest.expect(1));
        assert_eq!(rest.wanted, 1);
    }
}
