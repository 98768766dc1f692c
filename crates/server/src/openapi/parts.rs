//! The pieces that every operation is put together from.

use utoipa::openapi::content::{Content, ContentBuilder};
use utoipa::openapi::path::{Operation, OperationBuilder};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::{Ref, Required, ResponseBuilder};

use super::parameters::string;

/// A status that is answered with a problem, and when.
pub(super) type ProblemCase = (&'static str, &'static str);

pub(super) const UNKNOWN_BOARD: ProblemCase = ("404", "There is no such board.");

pub(super) const BAD_REQUEST: ProblemCase =
    ("400", "A header or query parameter is not as described, or the body is not JSON.");

pub(super) const TOO_SLOW: ProblemCase = ("408", "The body did not come in time.");

pub(super) const TOO_LARGE: ProblemCase = ("413", "The body is larger than 65536 bytes.");

pub(super) const WRONG_TYPE: ProblemCase =
    ("415", "The content type is neither `application/json` nor one that ends in `+json`.");

pub(super) const REFUSED: ProblemCase =
    ("422", "A field is refused, or the idempotency key was given to another update.");

pub(super) const NOT_WRITTEN: ProblemCase =
    ("503", "The change could not be made durable: publish it again later.");

pub(super) fn schema(name: &str) -> Ref {
    Ref::from_schema_name(name)
}

pub(super) fn parameter(name: &str) -> Ref {
    Ref::new(format!("#/components/parameters/{name}"))
}

fn header(name: &str) -> Ref {
    Ref::new(format!("#/components/headers/{name}"))
}

/// An operation of which only the answers are still to be said.
pub(super) fn operation(
    tag: &str,
    id: &str,
    summary: &str,
    parameters: &[&str],
) -> OperationBuilder {
    let start = OperationBuilder::new().tag(tag).operation_id(Some(id)).summary(Some(summary));
    parameters.iter().fold(start, |operation, name| operation.parameter_ref(parameter(name)))
}

/// The whole operation, with the problems that it can be answered with.
pub(super) fn with_problems(
    operation: OperationBuilder,
    problems: impl IntoIterator<Item = ProblemCase>,
) -> Operation {
    let problems = problems.into_iter();
    problems
        .fold(operation, |operation, (status, when)| {
            operation.response(status, problem(status, when))
        })
        .build()
}

pub(super) fn problem(status: &str, when: &str) -> ResponseBuilder {
    let content = Content::new(Some(schema("Problem")));
    let response =
        ResponseBuilder::new().description(when).content("application/problem+json", content);
    match status {
        "503" => response.header_ref("Retry-After", header("RetryAfter")),
        _ => response,
    }
}

/// An answer without a body.
pub(super) fn empty(description: &str) -> ResponseBuilder {
    ResponseBuilder::new().description(description)
}

/// An answer of JSON by the schema of that name.
pub(super) fn json(description: &str, schema_name: &str) -> ResponseBuilder {
    empty(description).content("application/json", Content::new(Some(schema(schema_name))))
}

/// For a browser to show.
pub(super) fn html() -> Content {
    Content::new(Some(string()))
}

/// An answer with the version of what it shows.
pub(super) fn versioned(response: ResponseBuilder) -> ResponseBuilder {
    response.header_ref("ETag", header("ETag"))
}

/// The answer to a publisher, with the event that the change made.
pub(super) fn change(response: ResponseBuilder) -> ResponseBuilder {
    response.header_ref("Event-Id", header("EventId"))
}

pub(super) fn json_body(
    description: &str,
    schema_name: &str,
    example: serde_json::Value,
) -> RequestBody {
    let content = ContentBuilder::new().schema(Some(schema(schema_name))).example(Some(example));
    body(description).content("application/json", content).build()
}

pub(super) fn body(description: &str) -> RequestBodyBuilder {
    RequestBodyBuilder::new().description(Some(description)).required(Some(Required::True))
}
