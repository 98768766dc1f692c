//! Boards and flights as resources: read, publish.

/// Boards: list, show, open or change, close.
pub(crate) mod boards;

/// Many updates in one request.
pub(crate) mod bulk;

/// Flights: list, show, put, patch, remove.
pub(crate) mod flights;

/// What operators and their tools ask for.
pub(crate) mod operation;

/// The parts of a request, parsed or refused.
mod request;

/// The answer to one update.
mod reply;
