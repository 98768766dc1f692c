//! A stream over time: heartbeats, cut-offs, and the server's clock.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::time::Instant;

use crate::fault::PathFault;
use crate::options::DEFAULT_WATCH;
use crate::probed_stream::{ArrivedEvent, EndCause, ProbedStream, StreamStep};
use crate::report::ExamFinding;

/// Time between two heartbeats of a server.
const EXPECTED_HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);

/// A stream that is silent for longer lacks a heartbeat.
const MAX_SILENCE: Duration = Duration::from_secs(20);

/// Heartbeats whose distance differs by more from that of their times were held back.
const MAX_JITTER: SignedDuration = SignedDuration::from_secs(3);

/// Clocks that differ by more are wrong: a heartbeat states its time in seconds.
const MAX_CLOCK_DIFFERENCE: SignedDuration = SignedDuration::from_secs(3);

/// A stream that ends sooner after its last byte was not idle.
const MIN_IDLE: Duration = Duration::from_secs(1);

/// Heartbeats after which watching ends by default: the stream was silent between them.
const WATCHED_HEARTBEATS: usize = 2;

/// The observations of a stream.
#[derive(Debug, Default)]
pub(crate) struct WatchRecord {
    pub(crate) heartbeats: Vec<ArrivedHeartbeat>,
    end: Option<WatchEnd>,
    longest_silence: Duration,
    age: Duration,
}

/// A heartbeat with the times of the server and of this machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ArrivedHeartbeat {
    sent_at: Timestamp,
    received_at: Timestamp,
}

/// The end of a stream that was watched.
#[derive(Debug)]
enum WatchEnd {
    /// By the server: it has closed the board, or stops.
    Server,
    Cut(EndCause),
}

/// Watches a stream for this time, or by default until its second heartbeat.
pub(crate) async fn watch(stream: &mut ProbedStream, duration: Option<Duration>) -> WatchRecord {
    let deadline = Instant::now() + duration.unwrap_or(DEFAULT_WATCH);
    let mut record = WatchRecord::default();
    let first_retry = stream.retry();
    loop {
        match stream.next(deadline).await {
            StreamStep::Event(arrived) if arrived.event.event == "closedConnection" => {
                record.end = Some(WatchEnd::Server);
                break;
            }
            StreamStep::Event(arrived) => record.heartbeats.extend(heartbeat(&arrived)),
            StreamStep::Timeout => break,
            // A server that stops sends another `retry:`.
            StreamStep::Ended if stream.retry() != first_retry => {
                record.end = Some(WatchEnd::Server);
                break;
            }
            StreamStep::Ended => {
                record.end = stream.end_cause().cloned().map(WatchEnd::Cut);
                break;
            }
        }
        if duration.is_none() && record.heartbeats.len() >= WATCHED_HEARTBEATS {
            break;
        }
    }
    record.longest_silence = stream.longest_silence();
    record.age = stream.age();
    record
}

/// The times of an event, if it is a heartbeat.
pub(crate) fn heartbeat(arrived: &ArrivedEvent) -> Option<ArrivedHeartbeat> {
    if arrived.event.event != "heartbeat" {
        return None;
    }
    let data: Value = serde_json::from_str(&arrived.event.data).ok()?;
    let sent_at = data["at"].as_str()?.parse().ok()?;
    let age = SignedDuration::try_from(arrived.at.elapsed()).ok()?;
    Some(ArrivedHeartbeat { sent_at, received_at: Timestamp::now() - age })
}

impl WatchRecord {
    /// The record that shows more: one that was cut, else the one with the longer silence.
    pub(crate) fn worse(self, other: Self) -> Self {
        let was_cut = |record: &Self| matches!(record.end, Some(WatchEnd::Cut(_)));
        let key = |record: &Self| (was_cut(record), record.longest_silence);
        if key(&other) > key(&self) { other } else { self }
    }

    /// Judges how long the stream stayed open, and its heartbeats.
    pub(crate) fn findings(&self) -> Vec<ExamFinding> {
        let age = self.age.as_secs();
        match &self.end {
            Some(WatchEnd::Server) => {
                let text = format!(
                    "The server ended the stream after {age} s: it stops, or has closed the board."
                );
                return vec![ExamFinding::note("open time", text)];
            }
            Some(WatchEnd::Cut(cause)) => return vec![self.cut_off(cause)],
            None => {}
        }
        let silence = self.longest_silence.as_secs_f64();
        let mut findings = vec![match self.heartbeats.len() {
            0 if self.age < MAX_SILENCE => ExamFinding::note(
                "heartbeats",
                format!("None was due in the {age} s of watching: see --watch."),
            ),
            count if count == 0 || self.longest_silence > MAX_SILENCE => ExamFinding::wrong(
                "heartbeats",
                format!(
                    "The stream is silent for {silence:.0} s, while the server sends a heartbeat every {} s: something \
                     filters events or holds them back.",
                    EXPECTED_HEARTBEAT_INTERVAL.as_secs()
                ),
            )
            .with_fault(PathFault::Buffering),
            count => ExamFinding::good(
                "heartbeats",
                format!("{count} in {age} s; the stream stayed open, with a longest silence of {silence:.1} s."),
            ),
        }];
        findings.extend(self.lumps());
        findings
    }

    fn cut_off(&self, cause: &EndCause) -> ExamFinding {
        let way = match cause {
            EndCause::Complete => "ended".to_owned(),
            EndCause::Broken(reason) => format!("broken ({reason})"),
        };
        let age = self.age.as_secs_f64();
        let silence = self.longest_silence.as_secs_f64();
        let limit = if self.longest_silence >= MIN_IDLE {
            format!(
                "it was silent for {silence:.1} s, so a limit on idle connections is below the {} s between \
                     heartbeats",
                EXPECTED_HEARTBEAT_INTERVAL.as_secs()
            )
        } else {
            "it was not idle, so a limit on whole responses applies to streams".to_owned()
        };
        let text =
            format!("The stream was {way} after {age:.1} s, and not by the server: {limit}.");
        ExamFinding::wrong("cut-off", text).with_fault(PathFault::CutOff)
    }

    /// Heartbeats that arrived closer together, or further apart, than they were sent.
    fn lumps(&self) -> Option<ExamFinding> {
        let pairs = self.heartbeats.windows(2);
        let jitter = pairs
            .map(|pair| {
                let sent = pair[1].sent_at.duration_since(pair[0].sent_at);
                let received = pair[1].received_at.duration_since(pair[0].received_at);
                (received - sent).abs()
            })
            .max()?;
        let text =
            format!("Heartbeats arrive up to {} s late: events are held back.", jitter.as_secs());
        let is_wrong = jitter > MAX_JITTER;
        is_wrong.then(|| ExamFinding::wrong("delivery", text).with_fault(PathFault::Buffering))
    }
}

/// Compares the clocks of server and machine. A heartbeat that was under way for some time makes the server's clock seem
/// late, so the greatest difference counts.
pub(crate) fn clock_difference(heartbeats: &[ArrivedHeartbeat]) -> Option<ExamFinding> {
    let differences = heartbeats.iter().map(|one| one.sent_at.duration_since(one.received_at));
    let difference = differences.max()?;
    let secs = difference.abs().as_secs();
    let direction = if difference.is_negative() { "behind" } else { "ahead of" };
    Some(if difference.abs() <= MAX_CLOCK_DIFFERENCE {
        ExamFinding::good("clock", "The server's clock is this machine's, to a few seconds.")
    } else {
        let text = format!(
            "The server's clock is {secs} s {direction} this machine's. It decides delays, the removal of rows and the \
             ends of tokens: set both clocks by NTP."
        );
        ExamFinding::wrong("clock", text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heartbeats(times: &[(i64, i64)]) -> Vec<ArrivedHeartbeat> {
        let time = |secs: i64| Timestamp::from_second(secs).unwrap();
        let one = |&(sent, received): &(i64, i64)| ArrivedHeartbeat {
            sent_at: time(sent),
            received_at: time(received),
        };
        times.iter().map(one).collect()
    }

    #[test]
    fn held_back_heartbeats_are_reported() {
        for (times, is_wrong) in [
            (&[(0, 100), (15, 115)], false),
            (&[(0, 112), (15, 115)], true),
            (&[(0, 100), (15, 125)], true),
        ] {
            let record = WatchRecord { heartbeats: heartbeats(times), ..WatchRecord::default() };
            assert_eq!(record.lumps().is_some(), is_wrong, "{times:?}");
        }
    }

    #[test]
    fn late_heartbeats_hide_no_clock() {
        for (times, text) in [
            (&[(0, 9), (15, 15)], "this machine's, to a few seconds"),
            (&[(0, 60), (15, 90)], "60 s behind"),
            (&[(60, 0), (75, 20)], "60 s ahead of"),
        ] {
            let finding = clock_difference(&heartbeats(times)).unwrap();
            assert!(finding.text.contains(text), "{finding:?}");
        }
        assert_eq!(clock_difference(&[]), None);
    }
}
