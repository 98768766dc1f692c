//! Airlines by IATA or ICAO code.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::table::CodeTable;

static AIRLINES: LazyLock<CodeTable<Airline>> = LazyLock::new(|| {
    CodeTable::read(include_str!("../../../data/airlines.csv"), |airline: &Airline| {
        [airline.iata.as_deref(), Some(&airline.icao)]
    })
});

/// The airline with this IATA or ICAO code, in upper case. The table has only the larger ones.
pub fn airline(code: &str) -> Option<&'static Airline> {
    AIRLINES.find(code)
}

/// An airline.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Airline {
    /// The IATA code: two letters or digits. None if it shares that of another airline.
    pub iata: Option<String>,
    /// The ICAO code: three letters.
    pub icao: String,
    /// The name, as passengers know it.
    pub name: String,
}
