//! Durations as people write them.

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Span};

/// A unit of varying length is as long as from this day on: a month has 31 days, a year 365.
const RELATIVE_TO: Date = date(2025, 1, 1);

/// Parses a duration such as `7d`, `1h 30m`, `90s`, `500ms` or `PT15M` (ISO 8601), in any letter case; `0` needs no
/// unit. Returns `None` if the text is something else, or negative.
pub fn parse_duration(text: &str) -> Option<SignedDuration> {
    let text = text.trim().to_ascii_lowercase();
    if text == "0" {
        return Some(SignedDuration::ZERO);
    }
    let span: Span = text.parse().ok()?;
    span.to_duration(RELATIVE_TO).ok().filter(|duration| !duration.is_negative())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        for (text, millis) in [
            ("0", 0),
            ("0s", 0),
            ("500ms", 500),
            ("90s", 90_000),
            ("90 seconds", 90_000),
            ("15m", 900_000),
            ("15min", 900_000),
            ("15 minutes", 900_000),
            ("1h30m", 5_400_000),
            ("1h 30m", 5_400_000),
            ("1H 30M", 5_400_000),
            ("1.5h", 5_400_000),
            ("PT1H30M", 5_400_000),
            ("1d", 86_400_000),
            ("1d12h", 129_600_000),
            (" 7d ", 604_800_000),
            ("7 days", 604_800_000),
            ("1w", 604_800_000),
            ("1y", 365 * 86_400_000),
        ] {
            assert_eq!(parse_duration(text), Some(SignedDuration::from_millis(millis)), "{text}");
        }
        let bad = [
            "",
            " ",
            "7",
            "d",
            "never",
            "-1s",
            "1s ago",
            "1h30",
            "1x",
            "99999999999999999999d",
            "١d",
        ];
        for text in bad {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }
}
