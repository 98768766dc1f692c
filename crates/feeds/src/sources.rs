//! The sources, and their list.

/// The list of sources, and opening one by name.
mod registry;

/// AeroDataBox, many airports.
mod aerodatabox;

/// Avinor, Norway.
mod avinor;

/// Hong Kong International Airport.
mod hkia;

/// Finavia, Finland.
mod finavia;

/// Swedavia, Sweden.
mod swedavia;

/// VATSIM, the simulated world.
mod vatsim;

/// The bodies of answers, checked and parsed.
mod body;

/// Values that several sources write alike.
mod values;

pub use aerodatabox::AerodataboxWebhook;
pub use registry::{SOURCES, SourceError, open_source};
