//! Times of RFC 3339 with an offset. Browsers understand fewer forms, so rows keep a normal form.

use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// Digits of a fraction of a second that are kept.
const MAX_FRACTION_DIGITS: usize = 9;

/// A time that names an instant.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OffsetTime {
    /// The instant, or the last one that there is a [`Timestamp`] for.
    pub(crate) timestamp: Timestamp,
    /// The text that rows contain: `T` and `Z` in upper case, at most nine digits of a fraction, and a
    /// leap second as the second before it.
    pub(crate) normal_form: String,
}

/// Parses `date-time` of RFC 3339, section 5.6. Jiff accepts more (a space for the `T`, no seconds,
/// `[Zone]`) and less (nine digits, years up to the last days of 9999).
pub(crate) fn parse(text: &str) -> Option<OffsetTime> {
    let (head, rest) = text.as_bytes().split_at_checked(19)?;
    let fits = head.iter().zip(b"0000-00-00T00:00:00").all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        separator => byte.eq_ignore_ascii_case(separator),
    });
    if !fits {
        return None;
    }
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i16>().ok();
    let small = |at: usize| text.get(at..at + 2)?.parse::<i8>().ok();
    let (fraction, offset) = split_fraction(&text[text.len() - rest.len()..])?;
    let (utc_offset, offset) = parse_offset(offset)?;
    let is_leap = small(17)? == 60;
    let second = if is_leap { 59 } else { small(17)? };
    let date = Date::new(number(0..4)?, small(5)?, small(8)?).ok()?;
    let time = Time::new(small(11)?, small(14)?, second, 0).ok()?;
    // Fails only past the last timestamp, which is a day before the end of the year 9999.
    let timestamp = utc_offset.to_timestamp(date.to_datetime(time)).unwrap_or(Timestamp::MAX);
    // Leap seconds end a day in UTC.
    if is_leap && (timestamp.as_second() + 1).rem_euclid(24 * 60 * 60) != 0 {
        return None;
    }
    let timestamp = timestamp.checked_add(fraction_of(fraction)).unwrap_or(Timestamp::MAX);
    let normal_form = format!("{}T{}{second:02}{fraction}{offset}", &text[..10], &text[11..17]);
    Some(OffsetTime { timestamp, normal_form })
}

/// Parses a time of RFC 3339 with an offset.
pub fn parse_timestamp(text: &str) -> Option<Timestamp> {
    parse(text).map(|time| time.timestamp)
}

/// Splits `.25Z` into `.25` and `Z`. The fraction may be empty, and is cut to the digits kept.
fn split_fraction(text: &str) -> Option<(&str, &str)> {
    let Some(digits) = text.strip_prefix('.') else { return Some(("", text)) };
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    let kept = count.min(MAX_FRACTION_DIGITS);
    (count > 0).then(|| (&text[..=kept], &digits[count..]))
}

/// The duration of a fraction such as `.25`.
fn fraction_of(fraction: &str) -> SignedDuration {
    let digits = fraction.trim_start_matches('.');
    SignedDuration::from_nanos(format!("{digits:0<9}").parse().unwrap_or_default())
}

/// Parses `Z` or `+01:00`, and returns its normal form too.
fn parse_offset(text: &str) -> Option<(Offset, &str)> {
    match text.as_bytes() {
        b"Z" | b"z" => Some((Offset::UTC, "Z")),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let hours = two_digits(*h1, *h2).filter(|hours| *hours < 24)?;
            let minutes = two_digits(*m1, *m2).filter(|minutes| *minutes < 60)?;
            let seconds = (i32::from(hours) * 60 + i32::from(minutes)) * 60;
            let seconds = if *sign == b'-' { -seconds } else { seconds };
            Some((Offset::from_seconds(seconds).ok()?, text))
        }
        _ => None,
    }
}

/// The number that two digits give.
pub(crate) fn two_digits(tens: u8, ones: u8) -> Option<i8> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| (byte - b'0') as i8);
    Some(digit(tens)? * 10 + digit(ones)?)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct TimeCase {
        text: String,
        normal: Option<String>,
        instant: Option<Timestamp>,
        /// For the page, which reads the normal form.
        #[serde(rename = "clock")]
        _clock: Option<String>,
        #[serde(default)]
        refused: bool,
    }

    #[test]
    fn times_match_the_golden_file() {
        let cases: Vec<TimeCase> =
            serde_json::from_str(include_str!("../tests/data/times.json")).unwrap();
        for case in cases {
            let parsed = parse(&case.text);
            assert_eq!(parsed.is_none(), case.refused, "{}", case.text);
            let parts = parsed.map(|time| (time.normal_form, time.timestamp));
            assert_eq!(parts.clone().map(|(normal, _)| normal), case.normal, "{}", case.text);
            assert_eq!(parts.map(|(_, instant)| instant), case.instant, "{}", case.text);
            // Journal records are parsed again, and then mean the same.
            if let Some(normal) = case.normal {
                let again = parse(&normal).map(|time| time.normal_form);
                assert_eq!(again.as_ref(), Some(&normal), "{}", case.text);
            }
        }
    }
}
