//! `POST /aidx`: updates as IATA AIDX messages from an airport's own systems.

use aidx::{AidxMessage, MessageHeader, MessageOutcome, SoapVersion};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;

use super::aidx_delivery;
use super::request::{self, BodyFormat, MAX_AIDX_BYTES};
use crate::app::App;
use crate::http::authorisation::Caller;
use crate::http::problem::Problem;

/// `POST /aidx`. All answers but 401, 403 and 415 are AIDX too: senders look there for the reason.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let caller = Caller::identify(&app, &parts).await;
    let caller = match caller.and_then(|caller| caller.any_publisher().map(|()| caller)) {
        Ok(caller) => caller,
        Err(problem) if problem.status() == StatusCode::SERVICE_UNAVAILABLE => {
            return refusal(&parts, &MessageHeader::default(), &problem);
        }
        Err(problem) => return problem.into_response(),
    };
    let body = match request::read_body(&app, &parts, body, BodyFormat::Xml, MAX_AIDX_BYTES).await {
        Ok(body) => body,
        Err(problem) if problem.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            return problem.into_response();
        }
        Err(problem) => return refusal(&parts, &MessageHeader::default(), &problem),
    };
    // The longest message takes a fifth of a second, for which other requests must not wait.
    let charset = charset(&parts);
    let read = move || AidxMessage::read(&body, charset.as_deref());
    let message = match tokio::task::spawn_blocking(read).await {
        Ok(Ok(message)) => message,
        Ok(Err(error)) => {
            let header = error.header.clone();
            return refusal(&parts, &header, &error.into());
        }
        Err(_) => {
            let problem = Problem::not_ready("the server is stopping");
            return refusal(&parts, &MessageHeader::default(), &problem);
        }
    };
    match aidx_delivery::deliver(&app, &message, &caller).await {
        Ok(warnings) => {
            answer(&parts, &message.header, StatusCode::OK, MessageOutcome::Success(&warnings))
        }
        Err(problem)
            if matches!(problem.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) =>
        {
            problem.into_response()
        }
        Err(problem) => refusal(&parts, &message.header, &problem),
    }
}

/// The answer if nothing was applied.
fn refusal(parts: &Parts, header: &MessageHeader, problem: &Problem) -> Response {
    let outcome = match problem.status() {
        StatusCode::SERVICE_UNAVAILABLE => MessageOutcome::Unavailable(problem.detail()),
        _ => MessageOutcome::Refused(problem.detail()),
    };
    let mut response = answer(parts, header, problem.status(), outcome);
    problem.complete(&mut response);
    response
}

/// The answer, of the type of the request.
fn answer(
    parts: &Parts,
    header: &MessageHeader,
    status: StatusCode,
    outcome: MessageOutcome<'_>,
) -> Response {
    let content_type = match (header.soap, content_type(parts)) {
        (Some(SoapVersion::V1_2), _) => "application/soap+xml; charset=utf-8",
        (Some(SoapVersion::V1_1), _) => "text/xml; charset=utf-8",
        (None, given) if request::essence(given) == "text/xml" => "text/xml; charset=utf-8",
        (None, _) => "application/xml; charset=utf-8",
    };
    let body = aidx::response(header, outcome, Timestamp::now());
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    (status, [content_type], body).into_response()
}

/// The parameter `charset` of the content type (RFC 9110, section 8.3.1).
fn charset(parts: &Parts) -> Option<String> {
    let parameters = content_type(parts).split(';').skip(1);
    let charset = parameters.filter_map(|parameter| parameter.trim().split_once('='));
    let mut charset = charset.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    charset.next().map(|(_, value)| value.trim().trim_matches('"').to_owned())
}

fn content_type(parts: &Parts) -> &str {
    let value = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}
