//! Routes and their handlers.

/// The table of routes.
mod routes;

/// Lower-cases paths, so that URLs are case-insensitive.
mod lowercase_path;

/// The variables of a path.
mod path_params;

/// The origins whose pages may call the API.
pub(crate) mod cors;

/// Boards and flights: read and publish.
mod api;

/// Errors as `application/problem+json`.
mod problem;

/// The embedded page.
mod page;

/// The OpenAPI document.
mod openapi;

pub(crate) use api::health;
pub(crate) use path_params::PathParams;
pub(crate) use problem::Problem;

pub use cors::{AllowedOrigin, ParseOriginError};
pub use routes::{Routes, routes};
