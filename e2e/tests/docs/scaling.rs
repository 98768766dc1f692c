//! The results in `docs/scaling.md` follow from its inputs by its formulas.

use std::collections::HashMap;

use crate::document::Document;

/// Relative error of a rounded figure.
const MAX_ROUNDING_ERROR: f64 = 0.06;

#[test]
fn results_follow_from_the_inputs() {
    let document = Document::read("docs/scaling.md");
    let rows = document.table("## Inputs");
    let inputs: HashMap<_, _> = rows.iter().map(|row| (&*row[0], parse_number(&row[2]))).collect();
    let input = |name: &str| inputs[name];
    let documented = document.table("## Results");
    for (column, screens) in [(1, 1e6), (2, 1e8)] {
        let per_board = input("m") * input("u") / 7200.0;
        let deliveries = screens * (per_board + 1.0 / input("h"));
        let bytes = screens * (per_board * input("e") + input("b") / input("h"));
        let updates = input("a") * input("m") * input("u") / 3600.0;
        let many_servers = screens / 15_000.0;
        let few_servers = screens / 100_000.0;
        let from_nats = |servers: f64| servers * updates * input("r") / 1e6;
        let computed = [
            deliveries,
            deliveries * input("c") / 1e6,
            bytes * 8.0 / 1e9,
            screens * input("k") / 1024.0 / 1024.0,
            many_servers,
            few_servers,
            from_nats(many_servers),
            from_nats(few_servers),
            screens * input("t") * 1024.0 / 1e9,
        ];
        assert_eq!(documented.len(), computed.len());
        for (row, computed) in documented.iter().zip(computed) {
            let error = parse_number(&row[column]) / computed - 1.0;
            assert!(
                error.abs() < MAX_ROUNDING_ERROR,
                "{}: {}, computed {computed}",
                row[0],
                row[column]
            );
        }
    }
}

fn parse_number(text: &str) -> f64 {
    text.replace(',', "").parse().unwrap()
}
