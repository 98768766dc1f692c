//! Boards and flights: read and publish.

/// `/boards`: list, show, open or change, close.
pub(super) mod boards;

/// `/boards/{board}/flights/{flight}`: list, show, save, remove.
pub(super) mod flights;

/// Many updates in one request.
pub(super) mod bulk;

/// Liveness, readiness and metrics.
pub(crate) mod health;

/// Parses the parts of a request.
mod request;

/// Builds the responses.
mod response;
