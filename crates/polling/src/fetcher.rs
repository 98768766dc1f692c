//! Fetches the answers of a poll over HTTP.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use bytesize::ByteSize;
use feeds::{HttpAnswer, SourceKey, SourceRequest, SourceTerms};
use jiff::Timestamp;
use reqwest::header::{
    CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED, LOCATION,
};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Response, StatusCode, Url};

use crate::charset::{self, Charset};
use crate::options::{FeedOptionError, FeedOptions};
use crate::retry_after::retry_after;
use crate::source_url::{SourceUrl, is_loopback};
use crate::tls::tls_config;

/// Largest answer, decompressed; the largest known one, VATSIM's, has 10 MB.
pub(crate) const MAX_ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// Most bytes of answers that a feed keeps, in order to ask whether they have changed.
const MAX_REMEMBERED_BYTES: usize = 32 * 1024 * 1024;

/// Longest `ETag` or `Last-Modified` that is kept.
const MAX_VALIDATOR_BYTES: usize = 1_024;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest silence within an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(15);

/// Longest time from a request to the end of its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Most redirects within a host.
const MAX_REDIRECTS: usize = 3;

/// Names the program: some sources refuse the default name of a library.
const USER_AGENT: &str = concat!("flightboard/", env!("CARGO_PKG_VERSION"), " (airport timetable)");

/// Limits of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FetchLimits {
    pub(crate) answer_bytes: usize,
    pub(crate) remembered_bytes: usize,
    pub(crate) read_timeout: Duration,
    pub(crate) request_timeout: Duration,
}

/// Fetches answers, and remembers them to ask whether they have changed.
pub(crate) struct Fetcher {
    client: Client,
    limits: FetchLimits,
    source_url: Option<SourceUrl>,
    key_header: Option<(HeaderName, HeaderValue)>,
    charset: Option<Charset>,
    remembered: HashMap<String, RememberedAnswer>,
}

/// The answers of one poll.
#[derive(Debug, Default)]
pub(crate) struct FetchedAnswers {
    pub(crate) answers: Vec<Result<HttpAnswer, String>>,
    /// The source has confirmed that all answers are those of the last poll.
    pub(crate) all_not_modified: bool,
    /// The time for which the source asks to be left alone.
    pub(crate) retry_after: Option<Duration>,
}

/// An answer with the headers by which the source recognises it (RFC 9110, section 13.1).
struct RememberedAnswer {
    answer: HttpAnswer,
    etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
}

/// A failed request.
struct FetchError {
    reason: String,
    retry_after: Option<Duration>,
    /// The source is away or overloaded, so the other requests of the poll are not sent.
    ends_poll: bool,
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self {
            answer_bytes: MAX_ANSWER_BYTES,
            remembered_bytes: MAX_REMEMBERED_BYTES,
            read_timeout: READ_TIMEOUT,
            request_timeout: REQUEST_TIMEOUT,
        }
    }
}

impl Fetcher {
    pub(crate) fn new(
        terms: &SourceTerms,
        options: &FeedOptions,
        limits: FetchLimits,
    ) -> Result<Self, FeedOptionError> {
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls_config().map_err(FeedOptionError::Tls)?)
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(limits.read_timeout)
            .timeout(limits.request_timeout)
            .redirect(Policy::custom(follow_within_host));
        if options.is_loopback() {
            builder = builder.no_proxy();
        }
        let key_header = match (terms.key, &options.api_key) {
            (SourceKey::Header(name), Some(key)) if options.sends_key() => {
                HeaderName::try_from(name).ok().map(|name| (name, key.header_value()))
            }
            _ => None,
        };
        Ok(Self {
            client: builder.build().map_err(FeedOptionError::Client)?,
            limits,
            source_url: options.source_url.clone(),
            key_header,
            charset: options.charset,
            remembered: HashMap::new(),
        })
    }

    /// Sends the requests one after another.
    pub(crate) async fn fetch(&mut self, requests: &[SourceRequest]) -> FetchedAnswers {
        // Some sources have the date in the URL.
        self.remembered.retain(|url, _| requests.iter().any(|request| request.url == *url));
        let mut fetched = FetchedAnswers { all_not_modified: true, ..FetchedAnswers::default() };
        let mut end_reason: Option<String> = None;
        for request in requests {
            let outcome = match end_reason.clone() {
                None => self.fetch_one(request, &mut fetched.all_not_modified).await,
                Some(reason) => Err(FetchError::new(reason)),
            };
            if let Err(error) = &outcome {
                fetched.all_not_modified = false;
                fetched.retry_after = fetched.retry_after.max(error.retry_after);
                if error.ends_poll {
                    end_reason = Some(error.reason.clone());
                }
            }
            fetched.answers.push(outcome.map_err(|error| error.reason));
        }
        fetched
    }

    async fn fetch_one(
        &mut self,
        request: &SourceRequest,
        all_not_modified: &mut bool,
    ) -> Result<HttpAnswer, FetchError> {
        let url = &request.url;
        let response = self.send(request).await?;
        if response.status() == StatusCode::NOT_MODIFIED
            && let Some(remembered) = self.remembered.get(url)
        {
            return Ok(remembered.answer.clone());
        }
        *all_not_modified = false;
        self.remembered.remove(url);
        check_status(&response, self.key_header.is_some())?;
        let headers = response.headers().clone();
        let answer = self.read(response).await?;
        self.remember(url, &answer, &headers);
        Ok(answer)
    }

    async fn send(&self, source_request: &SourceRequest) -> Result<Response, FetchError> {
        let parsed = Url::parse(&source_request.url)
            .map_err(|error| FetchError::new(format!("the source's URL is invalid: {error}")))?;
        let actual = match &self.source_url {
            Some(source_url) => source_url.replace_origin(&parsed),
            None => parsed,
        };
        let host = actual.host_str().unwrap_or_default().to_owned();
        let is_private = actual.scheme() == "https" || is_loopback(&actual);
        let mut request = self.client.get(actual);
        for (name, value) in source_request.headers {
            request = request.header(*name, *value);
        }
        if let Some((name, key)) = self.key_header.clone().filter(|_| is_private) {
            request = request.header(name, key);
        }
        if let Some(remembered) = self.remembered.get(&source_request.url) {
            let validators =
                [(IF_NONE_MATCH, &remembered.etag), (IF_MODIFIED_SINCE, &remembered.last_modified)];
            for (name, value) in validators {
                if let Some(value) = value {
                    request = request.header(name, value);
                }
            }
        }
        request.send().await.map_err(|error| explain(&host, &error))
    }

    async fn read(&self, mut response: Response) -> Result<HttpAnswer, FetchError> {
        let status = response.status().as_u16();
        let host = host(&response);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| explain(&host, &error))? {
            if body.len() + chunk.len() > self.limits.answer_bytes {
                let limit = ByteSize::b(self.limits.answer_bytes as u64);
                let reason = format!("the answer of {host} is larger than {limit}");
                return Err(FetchError { ends_poll: true, ..FetchError::new(reason) });
            }
            body.extend_from_slice(&chunk);
        }
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let body = charset::decode(&body, content_type, self.charset).map_err(FetchError::new)?;
        Ok(HttpAnswer { status, body })
    }

    /// Remembers an answer that the source can recognise, if there is room.
    fn remember(&mut self, url: &str, answer: &HttpAnswer, headers: &HeaderMap) {
        let validator = |name| headers.get(name).filter(|value| value.len() <= MAX_VALIDATOR_BYTES);
        let etag = validator(ETAG).cloned();
        let last_modified = validator(LAST_MODIFIED).cloned();
        let used: usize = self.remembered.values().map(|one| one.answer.body.len()).sum();
        let has_room = used + answer.body.len() <= self.limits.remembered_bytes;
        if (etag.is_some() || last_modified.is_some()) && has_room {
            let remembered = RememberedAnswer { answer: answer.clone(), etag, last_modified };
            self.remembered.insert(url.to_owned(), remembered);
        }
    }
}

impl FetchError {
    fn new(reason: String) -> Self {
        Self { reason, retry_after: None, ends_poll: false }
    }
}

/// Follows a redirect only to the same host, and not from https to http: the answer must come from the source, and
/// a server must not be able to direct the program to addresses within its network. Otherwise the redirect
/// itself is the answer.
fn follow_within_host(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let next = attempt.url();
    let is_same = attempt.previous().last().is_some_and(|last| {
        let is_same_origin = last.origin() == next.origin();
        let is_upgrade = last.scheme() == "http" && next.scheme() == "https";
        is_same_origin || (is_upgrade && last.host() == next.host())
    });
    if is_same && attempt.previous().len() <= MAX_REDIRECTS {
        attempt.follow()
    } else {
        attempt.stop()
    }
}

fn check_status(response: &Response, has_key: bool) -> Result<(), FetchError> {
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let host = host(response);
    let reason = if response.headers().contains_key(LOCATION) {
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let location = location.and_then(|text| response.url().join(text).ok());
        let other = location.as_ref().and_then(Url::host_str).unwrap_or("an unknown address");
        format!("{host} redirects to {other}, which is not followed ({status})")
    } else if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        let hint = if has_key { "; check the key" } else { "" };
        format!("{host} refuses access ({status}){hint}")
    } else if status == StatusCode::TOO_MANY_REQUESTS {
        format!("{host} asks for fewer requests ({status})")
    } else {
        format!("{host} answers {status}")
    };
    let retry_after = retry_after(response.headers(), Timestamp::now());
    let is_overloaded =
        matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    Err(FetchError { reason, retry_after, ends_poll: is_overloaded || retry_after.is_some() })
}

fn host(response: &Response) -> String {
    response.url().host_str().unwrap_or_default().to_owned()
}

/// Explains an error in one sentence, without the URL, whose query may contain secrets.
fn explain(host: &str, error: &reqwest::Error) -> FetchError {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    let reason = if error.is_timeout() && error.is_connect() {
        format!("{host} does not accept a connection in time")
    } else if error.is_timeout() {
        format!("{host} does not complete its answer in time")
    } else if error.is_connect() {
        format!("cannot connect to {host}: {cause}")
    } else {
        format!("cannot read the answer of {host}: {cause}")
    };
    FetchError { ends_poll: true, ..FetchError::new(reason) }
}

#[cfg(test)]
mod tests;
