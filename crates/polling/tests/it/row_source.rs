//! A source whose answers are rows.

use std::time::Duration;

use feeds::{
    AnswerOutcome, FullRow, HttpAnswer, Source, SourceAnswer, SourceKey, SourceRequest, SourceTerms,
};
use flight::{BoardKind, BoardName, BoardSettings, Flight, FlightField};
use jiff::Timestamp;
use polling::{FeedOptions, PolledFeed};
use serde_json::{Map, Value};
use testkit::fake_upstream::FakeUpstream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::memory_boards::Replica;

pub(crate) static TERMS: SourceTerms = SourceTerms {
    name: "rows",
    title: "Rows",
    owner: "The test",
    key: SourceKey::None,
    least_interval: Duration::from_secs(60),
    monthly_requests: None,
    terms: "none",
    attribution: "Rows from the test",
    link: Some("https://source.example/"),
    board_note: None,
};

/// Reads a JSON array of rows of arrivals, which cover all of time. The word `panic` makes it panic.
pub(crate) struct RowSource(pub(crate) &'static SourceTerms);

impl Source for RowSource {
    fn terms(&self) -> &'static SourceTerms {
        self.0
    }

    fn fields(&self) -> &'static [FlightField] {
        &[FlightField::Arrival, FlightField::State, FlightField::Gate]
    }

    fn requests(&self, now: Timestamp) -> Vec<SourceRequest> {
        let date = now.strftime("%F");
        vec![SourceRequest::get(format!("https://source.example/rows?date={date}"))]
    }

    fn read(
        &mut self,
        answers: &[Result<HttpAnswer, String>],
        _asked_at: Timestamp,
    ) -> AnswerOutcome {
        let body = match &answers[0] {
            Ok(answer) => &answer.body,
            Err(reason) => return AnswerOutcome::failed(reason),
        };
        assert!(!body.contains("panic"), "the test's panic");
        let Ok(rows) = serde_json::from_str::<Vec<Map<String, Value>>>(body) else {
            return AnswerOutcome::failed("the answer is not JSON");
        };
        let rows = rows.into_iter().map(|row| FullRow {
            kind: BoardKind::Arrivals,
            flight: Flight::try_from(row).unwrap(),
        });
        let answer = SourceAnswer { full_rows: rows.collect(), ..SourceAnswer::default() };
        AnswerOutcome::Full { answer, covers: Timestamp::MIN..Timestamp::MAX }
    }
}

/// A feed in a task of its own.
pub(crate) struct RunningFeed {
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), polling::FeedError>>,
}

impl RunningFeed {
    pub(crate) fn start(options: FeedOptions, target: Replica) -> Self {
        Self::of_source(Box::new(RowSource(&TERMS)), options, target)
    }

    pub(crate) fn of_source(
        source: Box<dyn Source>,
        options: FeedOptions,
        target: Replica,
    ) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let feed = PolledFeed::new(source, options).unwrap();
        let task = tokio::spawn(async move {
            let shutdown = async {
                let _ = stopped.await;
            };
            feed.run(&target, shutdown).await
        });
        Self { stop: Some(stop), task }
    }

    pub(crate) async fn stop(mut self) {
        let _ = self.stop.take().unwrap().send(());
        self.end().await.unwrap();
    }

    pub(crate) async fn end(self) -> Result<(), polling::FeedError> {
        let _stop = self.stop;
        tokio::time::timeout(Duration::from_secs(60), self.task).await.unwrap().unwrap()
    }

    /// Ends it as a kill would.
    pub(crate) fn kill(self) {
        self.task.abort();
    }
}

/// Options for the board `rows`, and a short interval.
pub(crate) fn options(upstream: &FakeUpstream) -> FeedOptions {
    FeedOptions {
        boards: vec![BoardSettings::with_defaults(BoardName::parse("rows").unwrap())],
        source_url: Some(upstream.url().parse().unwrap()),
        interval: Some(Duration::from_millis(50)),
        ..FeedOptions::default()
    }
}

/// A row of today's that lands far in the future.
pub(crate) fn row(flight: &str, gate: &str) -> Value {
    serde_json::json!({
        "flight": flight, "date": "2999-01-01", "arrival": "2999-01-01T12:00:00Z", "gate": gate,
    })
}
