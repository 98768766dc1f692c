//! Boards and flights: read and publish.

/// `/boards`: list, show, open or change, close.
pub(super) mod boards;

/// `/boards/{board}/flights/{flight}`: list, show, save, remove.
pub(super) mod flights;

/// `/boards/{board}/changes`: the changes of a board.
pub(super) mod changes;

/// `/boards/{board}/punctuality`: the punctuality of its flights.
pub(super) mod punctuality;

/// Parameters and bodies of requests about the past.
pub(crate) mod past;

/// Many updates in one request.
pub(super) mod bulk;

/// `/aidx`: updates in IATA's XML.
pub(super) mod aidx;

/// Publishes the changes of an AIDX message.
mod aidx_delivery;

/// `/acris/flight/{airport}/…`: rows in ACI's model.
pub(super) mod acris;

/// `image.png` of a board or a flight.
pub(super) mod images;

/// `/places`: the names of places.
pub(super) mod places;

/// `/webhooks/{secret}`: answers that a source pushes.
pub(super) mod webhook;

/// `/session`: sign in and out.
pub(super) mod session;

/// Liveness, readiness and metrics.
pub(crate) mod health;

/// The rows of a board as a body.
mod rows_body;

/// Parses the parts of a request.
pub(crate) mod request;

pub(crate) use request::MAX_UPDATE_BYTES;

/// Builds the responses.
mod response;
