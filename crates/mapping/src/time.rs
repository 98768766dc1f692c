//! Times of rows: with an offset, or local to the board.

use flight::ParseError;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{RoundMode, Timestamp, Unit, Zoned, ZonedRound};

/// The time that a row contains for `text`: cut to the minute, with the offset of `zone`. A time without an offset is
/// local to `zone`; `HH:MM` stays as it is.
pub(crate) fn row_time(name: &str, text: &str, zone: &TimeZone) -> Result<String, ParseError> {
    if text.len() == "HH:MM".len() {
        return Ok(text.to_owned());
    }
    let time = parse(text, zone).ok_or_else(|| {
        ParseError::new(
            name,
            format!(
                "must be a time such as 2026-11-22T08:15:00+01:00, or 2026-11-22T08:15 on the board's clock, \
                 not {text:?}"
            ),
        )
    })?;
    let minute = ZonedRound::new().smallest(Unit::Minute).mode(RoundMode::Trunc);
    let time = time.round(minute).unwrap_or(time);
    Ok(time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

/// The instant of a time, with or without an offset.
pub(crate) fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    parse(text, zone).map(|time| time.timestamp())
}

/// Parses a time of RFC 3339, also with a space for the `T`, without seconds, or without an offset. A local time that
/// the clock skips counts as if the clock had not been changed yet; one that it shows twice means the first.
fn parse(text: &str, zone: &TimeZone) -> Option<Zoned> {
    let (day, time) = (text.get(..10)?, text.get(11..)?);
    let is_separated = matches!(text.as_bytes()[10], b'T' | b't' | b' ');
    let (time, offset) = time.split_at(time.find(['Z', 'z', '+', '-']).unwrap_or(time.len()));
    let has_form = |text: &str, form: &[u8]| {
        let matches = |(byte, form): (u8, &u8)| match form {
            b'0' => byte.is_ascii_digit(),
            separator => byte == *separator,
        };
        text.len() == form.len() && text.bytes().zip(form).all(matches)
    };
    let (clock, fraction) = time.split_at(time.find('.').unwrap_or(time.len()));
    let is_clock =
        has_form(clock, b"00:00:00") || (has_form(clock, b"00:00") && fraction.is_empty());
    let is_fraction = fraction.is_empty()
        || (fraction.len() > 1 && fraction[1..].bytes().all(|byte| byte.is_ascii_digit()));
    if !is_separated || !has_form(day, b"0000-00-00") || !is_clock || !is_fraction {
        return None;
    }
    // The fraction is cut off with the seconds.
    let local: DateTime = format!("{day}T{clock}").parse().ok()?;
    match offset {
        "" => zone.to_ambiguous_zoned(local).compatible().ok(),
        "Z" | "z" => Offset::UTC.to_timestamp(local).ok().map(|time| time.to_zoned(zone.clone())),
        offset if has_form(&offset[1..], b"00:00") => {
            let offset = offset_of(offset)?;
            offset.to_timestamp(local).ok().map(|time| time.to_zoned(zone.clone()))
        }
        _ => None,
    }
}

/// The offset that `+01:00` means.
fn offset_of(text: &str) -> Option<Offset> {
    let (hours, minutes): (i32, i32) = (text[1..3].parse().ok()?, text[4..].parse().ok()?);
    let seconds = (hours * 60 + minutes) * 60;
    let is_valid = hours < 24 && minutes < 60;
    Offset::from_seconds(if text.starts_with('-') { -seconds } else { seconds })
        .ok()
        .filter(|_| is_valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_oslo(text: &str) -> Option<String> {
        let zone = TimeZone::get("Europe/Oslo").unwrap();
        row_time("arrival", text, &zone).ok()
    }

    #[test]
    fn times_get_the_zone() {
        for (text, time) in [
            ("2026-11-22T08:15:00+01:00", "2026-11-22T08:15:00+01:00"),
            ("2026-11-22T07:15:00Z", "2026-11-22T08:15:00+01:00"),
            ("2026-11-22t07:15z", "2026-11-22T08:15:00+01:00"),
            ("2026-11-22 02:15-05:00", "2026-11-22T08:15:00+01:00"),
            ("2026-11-22T08:15", "2026-11-22T08:15:00+01:00"),
            ("2026-11-22 08:15:59.999", "2026-11-22T08:15:00+01:00"),
            ("2026-07-01T08:15", "2026-07-01T08:15:00+02:00"),
            // Clocks go from 02:00 to 03:00, and from 03:00 back to 02:00.
            ("2026-03-29T02:30", "2026-03-29T03:30:00+02:00"),
            ("2026-10-25T02:30", "2026-10-25T02:30:00+02:00"),
            ("08:15", "08:15"),
        ] {
            assert_eq!(in_oslo(text).as_deref(), Some(time), "{text}");
        }
    }

    #[test]
    fn other_times_are_refused() {
        for text in [
            "",
            "tomorrow",
            "2026-11-22",
            "20261122T0815",
            "2026-11-22T8:15",
            "2026-11-22T08:15+0100",
            "2026-11-22T08:15+24:00",
            "2026-11-22T08:15 +01:00",
            "2026-11-22T24:15",
            "2026-02-30T08:15",
            "2026-11-22T08:15:00.",
            "2026-11-22T08:15.5",
            "2026-11-22T08:15:00Z[UTC]",
            "22/11/2026 08:15",
            "2026-11-22Ä08:15",
            "2026-11-2Ä08:15:00",
        ] {
            assert_eq!(in_oslo(text), None, "{text}");
        }
    }
}
