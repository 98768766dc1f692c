//! Doubt about the source of a board, whose rows may be old although the connection is good. The rules and the words are
//! those of the page (`web/src/source.ts`, `web/src/expectation.ts`).

use flightboard_client::{Board, BoardHeartbeat};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::board_clock::BoardClock;
use crate::printable::printable;

/// A sentence, if the source of the rows is late, or the board has none and its next update is overdue. `now` is the
/// server's time, and `last_update` that of the board's last update.
pub(crate) fn source_doubt(
    board: &Board,
    last_update: Option<Timestamp>,
    now: Timestamp,
) -> Option<String> {
    let clock = BoardClock::of_board(board);
    let what = match board.source() {
        Some(source) if is_late(source, now) => silence(source, &clock),
        _ => {
            let since = last_update.filter(|since| is_overdue(board, *since, now))?;
            format!("No update has come since {}", clock.second_and_day(since.into()))
        }
    };
    Some(format!("{what}. Whether these rows are right is not known."))
}

/// The time of the board's last update, as far as the server knows it.
pub(crate) fn last_update_of(heartbeat: &BoardHeartbeat) -> Option<Timestamp> {
    heartbeat.last_update.as_ref()?.parse().ok()
}

/// The server marks a silent source as late, with a delay. One that fails keeps its status, and its last answer is good
/// for a while.
fn is_late(source: &Map<String, Value>, now: Timestamp) -> bool {
    let status = source.get("status").and_then(Value::as_str);
    let late_after = source.get("lateAfter").and_then(Value::as_i64);
    let good_until = answered_at(source)
        .zip(late_after)
        .and_then(|(at, secs)| at.checked_add(SignedDuration::from_secs(secs)).ok());
    status == Some("late") || good_until.map_or(status != Some("current"), |until| now > until)
}

fn is_overdue(board: &Board, last_update: Timestamp, now: Timestamp) -> bool {
    let expected = board.settings().and_then(|settings| settings.get("expectEvery")?.as_str());
    let interval = expected.and_then(|text| text.parse::<SignedDuration>().ok());
    interval.is_some_and(|interval| now.duration_since(last_update) > interval)
}

fn silence(source: &Map<String, Value>, clock: &BoardClock) -> String {
    let text = |name: &str| source.get(name).and_then(Value::as_str).map(printable);
    let since = answered_at(source).map_or_else(
        || " yet".to_owned(),
        |at| format!(" since {}, {}", clock.day_text(at), clock.minute(at)),
    );
    let reason = text("reason").map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{} has not answered{since}{reason}", text("name").unwrap_or_default())
}

fn answered_at(source: &Map<String, Value>) -> Option<Timestamp> {
    source.get("lastAnswer")?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn doubt(more: &Value, last_update: Option<&str>, now: &str) -> Option<String> {
        let mut settings =
            json!({"name": "fco", "title": "Rome", "kind": "arrivals", "timeZone": "Europe/Rome"});
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut board = Board::default();
        board.apply("timetable", json!({"board": settings, "flights": []})).unwrap();
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        source_doubt(&board, last_update.map(time), time(now))
    }

    #[test]
    fn late_sources_are_named() {
        let source = |more: Value| {
            let mut source = json!({"name": "ADR", "attribution": "ADR", "status": "current"});
            source.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ "source": source })
        };
        let now = "2026-11-22T17:00:00Z";
        let answered = json!({"lastAnswer": "2026-11-22T16:55:00Z", "lateAfter": 600});
        assert_eq!(doubt(&source(answered.clone()), None, now), None);
        let text = doubt(&source(answered), None, "2026-11-22T17:05:01Z").unwrap();
        let end = "Whether these rows are right is not known.";
        assert_eq!(text, format!("ADR has not answered since 22 Nov, 17:55. {end}"));
        let failed = source(json!({"status": "failed", "reason": "503\u{1b}"}));
        assert_eq!(
            doubt(&failed, None, now).unwrap(),
            format!("ADR has not answered yet (503\u{fffd}). {end}")
        );
        assert_eq!(doubt(&source(json!({})), None, now), None);
    }

    #[test]
    fn overdue_updates_are_doubted() {
        let expected = json!({"expectEvery": "10m"});
        let last = Some("2026-11-22T16:50:00Z");
        assert_eq!(doubt(&expected, last, "2026-11-22T17:00:00Z"), None);
        assert_eq!(doubt(&expected, None, "2026-11-22T17:00:01Z"), None);
        assert_eq!(doubt(&json!({}), last, "2026-11-22T18:00:00Z"), None);
        let text = doubt(&expected, last, "2026-11-22T17:00:01Z").unwrap();
        assert!(text.starts_with("No update has come since 17:50:00, 22 Nov. "), "{text}");
    }
}
