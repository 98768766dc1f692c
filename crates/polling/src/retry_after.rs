//! The header `Retry-After` (RFC 9110, section 10.2.3).

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::clock::until;

/// Longest wait that a source may ask for: a monthly limit may be used up.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// The wait that a source asks for, in seconds or until a date.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let wait = if is_number {
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let date: SystemTime = httpdate::parse_http_date(text).ok()?;
        until(Timestamp::try_from(date).ok()?, now)
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read() {
        let now = "2026-11-28T12:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(MAX_RETRY_AFTER.as_secs())),
            ("Sat, 28 Nov 2026 12:01:30 GMT", Some(90)),
            ("Sat, 28 Nov 2026 11:00:00 GMT", Some(0)),
            ("Wed, 28 Nov 2096 11:00:00 GMT", Some(MAX_RETRY_AFTER.as_secs())),
            ("", None),
            ("-5", None),
            ("soon", None),
            ("1.5", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            let wait = retry_after(&headers, now);
            assert_eq!(wait, expected.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
