//! Routes and their handlers.

/// The table of routes.
pub(crate) mod routes;

/// The path below which the server is reached.
pub(crate) mod base_path;

/// Brings the paths of requests into the form of the table of routes.
mod request_path;

/// Counts the requests that lack a right.
mod right_refusals;

/// Headers whose value is a list.
pub(crate) mod list_header;

/// The formats and codings that a client accepts.
mod accept;

/// Entity tags.
mod entity_tag;

/// Bytes of request bodies in memory.
pub(crate) mod body_budget;

/// Compresses responses and decompresses the bodies of requests.
mod content_coding;

/// The variables of a path.
pub(crate) mod path_params;

/// Requests from this machine.
pub(crate) mod local_request;

/// Pages that may publish.
mod publishing_pages;

/// Authorises publishers.
pub(crate) mod authorisation;

/// The origins whose pages may call the API.
pub(crate) mod cors;

/// The header that keeps browsers on https.
pub(crate) mod transport_security;

/// Boards and flights: read and publish.
pub(crate) mod api;

/// Metrics, reasons and profiles: for administrators.
pub(crate) mod admin;

/// A row in the model of ACRIS.
mod acris_flight;

/// Errors as `application/problem+json`.
pub(crate) mod problem;

/// The right to read a private board.
pub(crate) mod follow_access;

/// The cookie that carries a token for browsers.
mod session_cookie;

/// Decides if a page begins with the flights of now.
mod first_screen_wish;

/// Refuses tokens in the query of a URL.
pub(crate) mod query_tokens;

/// Headers that tell browsers what they may do with a response.
pub(crate) mod security_headers;

/// The URL under which a client has reached this server.
mod public_url;

/// The embedded page.
pub(crate) mod page;

/// Answers browsers at URLs of nothing.
mod not_found;

/// The icon and the rules for crawlers.
mod site_files;

/// The OpenAPI document.
mod openapi;
