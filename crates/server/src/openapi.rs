//! The description of the API for tools: an OpenAPI 3.1 document.
//!
//! The fields of a row come from the table that also parses them, so a new field describes itself.
//! The URLs are written down here once more: a test compares them with the URL table.

/// URLs of the event stream, and what comes on it.
mod streams;

/// URLs that show, open, change and close boards.
mod boards;

/// URLs that show and publish rows.
mod flights;

/// URLs for people, operators and tools.
mod site;

/// What a row is, made from its table of fields.
mod rows;

/// What else goes over the wire.
mod schemas;

/// Path, query and header parameters, and the headers of answers.
mod parameters;

/// The pieces that every operation is put together from.
mod parts;

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use utoipa::openapi::info::LicenseBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder};

/// What the document says of the API as a whole.
const INTRODUCTION: &str = "\
Keeps an airport's live timetable and pushes every change to every screen by server-sent events.

A publisher changes boards and flights. The answer to a change waits until the change is durable \
and followers are being told of it; its header `Event-Id` names the event. A follower reads a \
stream, and after any break goes on from the id of the last event that it has seen.

Paths are the same in any letter case, but for the number of a flight. An unknown URL is answered \
with 404, an unknown method with 405, and every error with `application/problem+json` (RFC 9457).";

/// Groups of operations, as tools show them.
const TAGS: [(&str, &str); 4] = [
    (streams::TAG, "Follow a board: all rows, then every change."),
    (boards::TAG, "Open, change, close and list boards."),
    (flights::TAG, "Read and publish the rows of a board."),
    (site::TAG, "The page, and what operators and tools ask for."),
];

/// The same for everyone as long as the program runs, so made once.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| {
    serde_json::to_vec(&describe()).expect("maps with text keys always have a JSON form").into()
});

/// `GET /openapi.json`
pub(crate) async fn document() -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
    (headers, DOCUMENT.clone()).into_response()
}

fn describe() -> OpenApi {
    let licence = env!("CARGO_PKG_LICENSE");
    let licence = LicenseBuilder::new().name(licence).identifier(Some(licence)).build();
    let info = InfoBuilder::new()
        .title("flightboard")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(INTRODUCTION))
        .license(Some(licence));
    let tag = |(name, text)| TagBuilder::new().name(name).description(Some(text)).build();
    let paths = streams::paths().into_iter().chain(boards::paths());
    let paths = paths.chain(flights::paths()).chain(site::paths());
    let paths = paths.fold(PathsBuilder::new(), |paths, (url, item)| paths.path(url, item));
    OpenApiBuilder::new()
        .info(info.build())
        .tags(Some(TAGS.map(tag)))
        .paths(paths)
        .components(Some(components().build()))
        .build()
}

fn components() -> ComponentsBuilder {
    let schemas = rows::schemas().into_iter().chain(schemas::schemas());
    let with =
        schemas.fold(ComponentsBuilder::new(), |all, (name, schema)| all.schema(name, schema));
    let with = parameters::parameters()
        .into_iter()
        .fold(with, |all, (name, parameter)| all.parameter(name, parameter));
    parameters::headers().into_iter().fold(with, |all, (name, header)| all.header(name, header))
}
