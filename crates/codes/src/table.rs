use std::collections::HashMap;

use serde::de::DeserializeOwned;

/// The rows of a table, found by either of their two codes. IATA and ICAO codes differ in length.
pub(crate) struct CodeTable<Row> {
    rows: Vec<Row>,
    positions: HashMap<Box<str>, usize>,
}

impl<Row: DeserializeOwned> CodeTable<Row> {
    pub(crate) fn read(csv: &str, codes: impl Fn(&Row) -> [Option<&str>; 2]) -> Self {
        let rows: Vec<Row> = csv::Reader::from_reader(csv.as_bytes())
            .into_deserialize()
            .collect::<Result<_, _>>()
            .expect("tests read the tables");
        let mut positions = HashMap::new();
        for (position, row) in rows.iter().enumerate() {
            positions.extend(codes(row).into_iter().flatten().map(|code| (code.into(), position)));
        }
        Self { rows, positions }
    }

    pub(crate) fn find(&self, code: &str) -> Option<&Row> {
        Some(&self.rows[*self.positions.get(code)?])
    }
}
