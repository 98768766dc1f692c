//! What `docs/scaling.md` says comes out is what its formulas make of what goes in.

use std::collections::HashMap;

use crate::document::Document;

/// How far a rounded figure may be off.
const ROUNDING: f64 = 0.06;

#[test]
fn what_comes_out_is_made_of_what_goes_in() {
    let document = Document::read("docs/scaling.md");
    let rows = document.table("## Inputs");
    let inputs: HashMap<_, _> = rows.iter().map(|row| (&*row[0], number(&row[2]))).collect();
    let of = |name: &str| inputs[name];
    let shown = document.table("## Results");
    for (column, screens) in [(1, 1e6), (2, 1e8)] {
        let on_a_board = of("m") * of("u") / 7200.0;
        let deliveries = screens * (on_a_board + 1.0 / of("h"));
        let bytes = screens * (on_a_board * of("e") + of("b") / of("h"));
        let updates = of("a") * of("m") * of("u") / 3600.0;
        let (few, many) = (screens / 15_000.0, screens / 100_000.0);
        let from_nats = |servers: f64| servers * updates * of("r") / 1e6;
        let computed = [
            deliveries,
            deliveries * of("c") / 1e6,
            bytes * 8.0 / 1e9,
            screens * of("k") / 1024.0 / 1024.0,
            few,
            many,
            from_nats(few),
            from_nats(many),
            screens * of("t") * 1024.0 / 1e9,
        ];
        assert_eq!(shown.len(), computed.len());
        for (row, computed) in shown.iter().zip(computed) {
            let off = number(&row[column]) / computed - 1.0;
            assert!(off.abs() < ROUNDING, "{}: {} is {computed}", row[0], row[column]);
        }
    }
}

fn number(text: &str) -> f64 {
    text.replace(',', "").parse().unwrap()
}
