//! An `EventSource` on a socket: requests, redirects, reconnects. [`sse::EventSource`] has the rules; this module
//! has the connection and the clock.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Client, RequestBuilder, Response};
use sse::{DecodedEvent, EventSource, EventTooLarge, ReadyState};
use tokio::time::{Instant, sleep_until};

use crate::board_url::BoardUrl;
use crate::http::{ClientSetupError, describe, http_client};
use crate::options::{FollowOptions, TokenProvider};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Requests of one URL, with the client and the token that they need.
#[derive(Clone)]
pub struct EventRequests {
    client: Client,
    url: String,
    token: Option<TokenProvider>,
}

/// A client of any event stream, by the rules of WHATWG HTML, section 9.2: it follows redirects, reconnects after a
/// cut with the last event ID, and stops for good on any status other than 200. It does not notice silence, and has no
/// back-off: [`BoardFollower`](crate::BoardFollower) adds both.
pub struct HttpEventSource {
    requests: EventRequests,
    source: EventSource,
    phase: SourcePhase,
    events: VecDeque<DecodedEvent>,
}

/// A step of an [`HttpEventSource`].
#[derive(Debug)]
pub enum SourceSignal {
    /// The head of a stream has arrived.
    Open,
    /// An event of any name.
    Event(DecodedEvent),
    /// The connection ended or failed, for this reason. It is opened again after the reconnection time.
    Cut(String),
    /// An event is larger than the limit, so it is lost. The connection is opened again after the reconnection time.
    Oversized,
    /// The answer is no event stream, and has this status. Nothing is requested any more.
    Refused(u16),
}

enum SourcePhase {
    Waiting(Instant),
    Requesting(ResponseFuture),
    Reading(Response),
    /// The rest of the connection cannot be decoded.
    Overflown,
    Closed,
}

type ResponseFuture = Pin<Box<dyn Future<Output = reqwest::Result<Response>> + Send>>;

impl EventRequests {
    /// Requests a URL below a board, such as `/events`.
    ///
    /// # Errors
    /// The options cannot be used.
    pub fn new(
        url: &BoardUrl,
        path: &str,
        options: &FollowOptions,
    ) -> Result<Self, ClientSetupError> {
        let client = http_client(url, options)?;
        Ok(Self { client, url: url.at(path), token: options.token.clone() })
    }

    /// Sends a request, with the last event ID unless it is empty or no header can have it.
    fn send(&self, last_event_id: &str) -> ResponseFuture {
        let request = self.get(&self.url);
        let mut request =
            request.header(ACCEPT, "text/event-stream").header(CACHE_CONTROL, "no-cache");
        if !last_event_id.is_empty()
            && let Ok(id) = HeaderValue::from_bytes(last_event_id.as_bytes())
        {
            request = request.header(LAST_EVENT_ID, id);
        }
        Box::pin(request.send())
    }

    /// A request of any URL of the same server.
    pub(crate) fn get(&self, url: &str) -> RequestBuilder {
        let request = self.client.get(url);
        match self.token.as_ref().and_then(|token| token()) {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }
}

impl HttpEventSource {
    /// A source that begins after the event with this ID, or at the start if it is empty. An event that is larger than
    /// `max_event_bytes` cuts the connection.
    pub fn new(requests: EventRequests, last_event_id: &str, max_event_bytes: usize) -> Self {
        let source = EventSource::with_last_event_id(last_event_id);
        Self {
            requests,
            source: source.with_max_event_bytes(max_event_bytes),
            phase: SourcePhase::Waiting(Instant::now()),
            events: VecDeque::new(),
        }
    }

    /// The next step; `None` once the source is closed. Nothing is lost if the caller drops the future.
    pub async fn next(&mut self) -> Option<SourceSignal> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(SourceSignal::Event(event));
            }
            match &mut self.phase {
                SourcePhase::Closed => return None,
                SourcePhase::Overflown => {
                    self.disconnect();
                    return Some(SourceSignal::Oversized);
                }
                SourcePhase::Waiting(until) => {
                    sleep_until(*until).await;
                    let request = self.requests.send(self.source.last_event_id());
                    self.phase = SourcePhase::Requesting(request);
                }
                SourcePhase::Requesting(request) => {
                    return Some(match request.await {
                        Ok(response) => self.open(response),
                        Err(error) => self.cut(describe(&error)),
                    });
                }
                SourcePhase::Reading(response) => match response.chunk().await {
                    Ok(Some(chunk)) => self.decode(&chunk),
                    Ok(None) => return Some(self.cut("the stream has ended".to_owned())),
                    Err(error) => return Some(self.cut(describe(&error))),
                },
            }
        }
    }

    /// The ID that the next request sends.
    pub fn last_event_id(&self) -> &str {
        self.source.last_event_id()
    }

    /// Returns true while a stream is read.
    pub fn is_open(&self) -> bool {
        self.source.ready_state() == ReadyState::Open
    }

    /// Closes the connection for good.
    pub fn close(&mut self) {
        self.source.close();
        self.events.clear();
        self.phase = SourcePhase::Closed;
    }

    fn open(&mut self, response: Response) -> SourceSignal {
        let status = response.status().as_u16();
        // Not as text: a byte outside of ASCII in a parameter does not matter.
        let content_type = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        let content_type = content_type.map(String::from_utf8_lossy);
        if self.source.handle_response(status, content_type.as_deref()) == ReadyState::Open {
            self.phase = SourcePhase::Reading(response);
            SourceSignal::Open
        } else {
            self.phase = SourcePhase::Closed;
            SourceSignal::Refused(status)
        }
    }

    fn decode(&mut self, chunk: &[u8]) {
        for event in self.source.feed(chunk) {
            match event {
                Ok(event) => self.events.push_back(event),
                Err(EventTooLarge { .. }) => self.phase = SourcePhase::Overflown,
            }
        }
    }

    fn cut(&mut self, reason: String) -> SourceSignal {
        self.disconnect();
        SourceSignal::Cut(reason)
    }

    fn disconnect(&mut self) {
        self.phase = match self.source.handle_disconnect() {
            Some(retry) => SourcePhase::Waiting(after(retry)),
            None => SourcePhase::Closed,
        };
    }
}

/// A time from now; a hundred years from now if a server's `retry:` is too far away.
fn after(wait: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
    Instant::now() + wait.min(CENTURY)
}
