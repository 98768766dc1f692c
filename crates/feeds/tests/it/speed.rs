use std::time::Duration;

use feeds::{Announcement, RepeatMode, Speed, day, sample};

use crate::folded_board::board_name;

fn times(feed: impl Iterator<Item = Announcement>, divisor: u32) -> Vec<Duration> {
    feed.map(|announcement| announcement.after / divisor).collect()
}

#[test]
fn speed_divides_all_times() {
    let real = times(day(&board_name(), RepeatMode::Once, Speed::REAL_TIME), 60);
    let fast = times(day(&board_name(), RepeatMode::Once, Speed::MINUTE_PER_SECOND), 1);
    assert_eq!(fast, real);

    let seven: Speed = "7".parse().unwrap();
    let real =
        times(sample(&board_name(), "UTC", RepeatMode::Forever, Speed::REAL_TIME).take(100), 7);
    let fast = times(sample(&board_name(), "UTC", RepeatMode::Forever, seven).take(100), 1);
    assert_eq!(fast, real);
}

#[test]
fn speed_is_at_most_3600() {
    for valid in ["1", "60", "3600"] {
        assert_eq!(valid.parse::<Speed>().unwrap().to_string(), valid);
    }
    for invalid in ["", "0", "-1", "1.5", "3601", "4294967297", "fast"] {
        let error = invalid.parse::<Speed>().unwrap_err();
        assert_eq!(error.to_string(), "speed must be a whole number from 1 to 3600", "{invalid}");
    }
}
