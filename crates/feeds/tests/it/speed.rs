use std::time::Duration;

use feeds::{Announcement, Run, Speed, day, sample};

use crate::audience::name;

fn divided(real: impl Iterator<Item = Announcement>, by: u32) -> Vec<Duration> {
    real.map(|announcement| announcement.after / by).collect()
}

#[test]
fn a_speed_divides_the_moments_of_both_feeds() {
    let real = divided(day(&name(), Run::Once, Speed::REAL), 60);
    let fast = divided(day(&name(), Run::Once, Speed::MINUTE_A_SECOND), 1);
    assert_eq!(fast, real);

    let seven: Speed = "7".parse().unwrap();
    let real = divided(sample(&name(), Run::Forever, Speed::REAL).take(100), 7);
    let fast = divided(sample(&name(), Run::Forever, seven).take(100), 1);
    assert_eq!(fast, real);
}

#[test]
fn speeds_are_whole_numbers_from_one_to_an_hour_a_second() {
    for good in ["1", "60", "3600"] {
        assert_eq!(good.parse::<Speed>().unwrap().to_string(), good);
    }
    for bad in ["", "0", "-1", "1.5", "3601", "4294967297", "fast"] {
        let refused = bad.parse::<Speed>().unwrap_err();
        assert_eq!(refused.to_string(), "a speed is a whole number from 1 to 3600", "{bad}");
    }
}
