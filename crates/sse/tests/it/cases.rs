//! The case file: streams written by hand from the standard and checked in browsers.

use base64::{Engine, prelude::BASE64_STANDARD};
use proptest::prelude::*;
use serde::Deserialize;

use crate::outcome::{Outcome, cut, cuts, decode};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    name: String,
    #[serde(rename = "group")]
    _group: String,
    #[serde(rename = "note")]
    _note: Option<String>,
    chunks: Vec<String>,
    expect: Outcome,
    delivered: Option<Vec<usize>>,
    /// Where it differs from `delivered`: for a reader that does not wait for the byte after a CR.
    delivered_eager: Option<Vec<usize>>,
}

struct Case {
    name: String,
    chunks: Vec<Vec<u8>>,
    expect: Outcome,
    delivered: Option<Vec<usize>>,
}

#[test]
fn every_case_comes_out_and_in_time_in_the_pieces_given() {
    for case in cases() {
        let (outcome, delivered) = decode(case.chunks.iter().map(Vec::as_slice));
        assert_eq!(outcome, case.expect, "{}", case.name);
        if let Some(expected) = case.delivered {
            assert_eq!(delivered, expected, "{}", case.name);
        }
    }
}

#[test]
fn every_case_comes_out_in_pieces_of_one_size() {
    for case in cases() {
        let stream = case.chunks.concat();
        for size in (1..=9).chain([64, 4_096, usize::MAX]) {
            let (outcome, _) = decode(stream.chunks(size));
            assert_eq!(outcome, case.expect, "{} in pieces of {size}", case.name);
        }
    }
}

#[test]
fn every_case_comes_out_with_an_empty_piece_after_each_byte() {
    for case in cases() {
        let stream = case.chunks.concat();
        let (outcome, _) = decode(stream.chunks(1).flat_map(|byte| [byte, &[]]));
        assert_eq!(outcome, case.expect, "{}", case.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_case_comes_out_in_any_pieces(cuts in cuts()) {
        for case in cases() {
            let stream = case.chunks.concat();
            let (outcome, _) = decode(cut(&stream, &cuts));
            prop_assert_eq!(outcome, case.expect, "{}", case.name);
        }
    }
}

fn cases() -> Vec<Case> {
    let written: Vec<Written> =
        serde_json::from_str(include_str!("../data/sse-cases.json")).expect("the case file");
    assert!(!written.is_empty());
    written.into_iter().map(Case::from).collect()
}

impl From<Written> for Case {
    fn from(case: Written) -> Self {
        let decoded = |chunk| BASE64_STANDARD.decode(chunk).expect("base64");
        Self {
            name: case.name,
            chunks: case.chunks.into_iter().map(decoded).collect(),
            expect: case.expect,
            delivered: case.delivered_eager.or(case.delivered),
        }
    }
}
