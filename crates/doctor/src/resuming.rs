//! Resuming by the header `Last-Event-ID`, as a browser does by itself, and by the query, as a new `EventSource` does.

use tokio::time::Instant;

use crate::fault::PathFault;
use crate::opening::FIRST_EVENT_TIMEOUT;
use crate::probe_client::{ProbeClient, StreamCoding, send};
use crate::probed_stream::{ProbedStream, StreamStep};
use crate::report::ExamFinding;
use crate::watch::{ArrivedHeartbeat, heartbeat};
use flightboard_client::BoardUrl;

/// The first event after a resume.
enum Resumed {
    /// No rows: the server has honoured the id.
    Continued(Option<ArrivedHeartbeat>),
    /// All rows, with the reason of the `timetable`.
    Restarted(String),
    Failed,
}

/// Resumes after an event both ways. Also returns the heartbeat that a resumed stream begins with.
pub(crate) async fn check(
    client: &ProbeClient,
    url: &BoardUrl,
    id: &str,
) -> (Vec<ExamFinding>, Option<ArrivedHeartbeat>) {
    let by_header = resume(client, &url.at("/events"), Some(id)).await;
    let by_query = resume(client, &url.at(&format!("/events?lastEventId={id}")), None).await;
    let clock = match &by_header {
        Resumed::Continued(heartbeat) => *heartbeat,
        _ => None,
    };
    let findings = match (by_header, by_query) {
        (Resumed::Continued(_), Resumed::Continued(_)) => {
            vec![ExamFinding::good(
                "resuming",
                "The last event id arrives, as header and in the query.",
            )]
        }
        (Resumed::Restarted(one), Resumed::Restarted(other))
            if one != "start" && other != "start" =>
        {
            let text = format!(
                "The server does not continue after an event that it has just sent (`{one}`): another server with \
                 another journal answers, or the window is too small (--window)."
            );
            vec![ExamFinding::wrong("resuming", text)]
        }
        (header, query) => {
            let header = header.fault(
                "The header Last-Event-ID does not arrive at the server, so screens get all rows again after each \
                 disconnect instead of the missed events.",
                PathFault::LastEventId,
            );
            let query = query.fault(
                "The query `?lastEventId=` does not arrive at the server, so pages get all rows again when they open \
                 a new stream.",
                PathFault::Query,
            );
            header.into_iter().chain(query).collect()
        }
    };
    (findings, clock)
}

impl Resumed {
    fn fault(&self, text: &'static str, fault: PathFault) -> Option<ExamFinding> {
        match self {
            Self::Continued(_) => None,
            Self::Restarted(_) => Some(ExamFinding::wrong("resuming", text).with_fault(fault)),
            Self::Failed => Some(ExamFinding::note(
                "resuming",
                "Not checked: a second stream did not open in time.",
            )),
        }
    }
}

async fn resume(client: &ProbeClient, url: &str, last_id: Option<&str>) -> Resumed {
    let requested_at = Instant::now();
    let Ok(Ok(response)) = send(client.stream(url, StreamCoding::Decoded, last_id)).await else {
        return Resumed::Failed;
    };
    let mut stream = ProbedStream::new(response, requested_at);
    loop {
        let StreamStep::Event(arrived) = stream.next(requested_at + FIRST_EVENT_TIMEOUT).await
        else {
            return Resumed::Failed;
        };
        if arrived.event.event == "timetable" {
            let data: serde_json::Value =
                serde_json::from_str(&arrived.event.data).unwrap_or_default();
            return Resumed::Restarted(data["reason"].as_str().unwrap_or("start").to_owned());
        }
        let heartbeat = heartbeat(&arrived);
        // A server that is behind sends a heartbeat before all rows.
        if heartbeat.is_none() || !arrived.event.data.contains("\"behind\"") {
            return Resumed::Continued(heartbeat);
        }
    }
}
