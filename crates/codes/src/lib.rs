//! The airports and airlines of the world by their IATA and ICAO codes, from the tables in `data/`.
//! Pure: the tables are part of the program, and the first look-up reads them.
//!
//! ```
//! let frankfurt = codes::airport("EDDF").expect("a known airport");
//! assert_eq!((frankfurt.iata.as_deref(), frankfurt.city.as_str()), (Some("FRA"), "Frankfurt am Main"));
//! assert_eq!(frankfurt.time_zone, "Europe/Berlin");
//!
//! assert_eq!(codes::place_name("YYZ"), Some("Toronto"));
//!
//! let finnair = codes::airline("AY").expect("a known airline");
//! assert_eq!((finnair.icao.as_str(), finnair.name.as_str()), ("FIN", "Finnair"));
//! ```

/// Airports.
mod airport;

/// Airlines.
mod airline;

/// The places that airports serve.
mod place_name;

/// Reads a table and finds its rows by code.
mod table;

pub use airline::{Airline, airline};
pub use airport::{Airport, airport};
pub use place_name::place_name;
