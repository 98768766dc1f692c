//! The place from which the answers of a poll come.

use feeds::{HttpAnswer, Source, SourceRequest, SourceTerms};
use jiff::Timestamp;

use crate::charset::Charset;
use crate::fetcher::{FetchLimits, FetchedAnswers, Fetcher};
use crate::options::{FeedInput, FeedOptionError, FeedOptions};
use crate::source_file::{SourceFile, read_standard_input};

/// Fetches the answer to a source's only request, without publishing anything.
///
/// # Errors
/// The answer cannot be fetched: the reason.
pub async fn fetch_once(
    source: &dyn Source,
    options: &FeedOptions,
    now: Timestamp,
) -> Result<HttpAnswer, String> {
    let input = AnswerInput::open(source.terms(), options);
    let mut input = input.map_err(|error| error.to_string())?;
    let fetched = input.fetch(&source.requests(now)).await;
    fetched.answers.into_iter().next().unwrap_or_else(|| Err("there is no answer".to_owned()))
}

/// The place from which the answers of a poll come, opened.
pub(crate) enum AnswerInput {
    Http(Box<Fetcher>),
    File(SourceFile),
    StandardInput(Option<Charset>),
    PushOnly,
}

impl AnswerInput {
    pub(crate) fn open(
        terms: &SourceTerms,
        options: &FeedOptions,
    ) -> Result<Self, FeedOptionError> {
        Ok(match &options.input {
            FeedInput::SourceUrls => {
                Self::Http(Box::new(Fetcher::new(terms, options, FetchLimits::default())?))
            }
            FeedInput::File(path) => Self::File(SourceFile::new(path.clone(), options.charset)),
            FeedInput::StandardInput => Self::StandardInput(options.charset),
            FeedInput::PushOnly => Self::PushOnly,
        })
    }

    /// Fetches the answers to `requests`, or the only one of a file.
    pub(crate) async fn fetch(&mut self, requests: &[SourceRequest]) -> FetchedAnswers {
        match self {
            Self::Http(fetcher) => fetcher.fetch(requests).await,
            Self::File(file) => only(file.read().await),
            Self::StandardInput(charset) => only(read_standard_input(*charset).await),
            Self::PushOnly => FetchedAnswers::default(),
        }
    }

    /// Waits until there is a reason to fetch before the interval is over.
    pub(crate) async fn changed(&self) {
        match self {
            Self::File(file) => file.changed().await,
            Self::Http(_) | Self::StandardInput(_) | Self::PushOnly => std::future::pending().await,
        }
    }
}

fn only(answer: Result<HttpAnswer, String>) -> FetchedAnswers {
    FetchedAnswers { answers: vec![answer], ..FetchedAnswers::default() }
}
