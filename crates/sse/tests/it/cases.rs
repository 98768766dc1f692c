//! The case file: streams derived by hand from the standard and verified in browsers.

use base64::{Engine, prelude::BASE64_STANDARD};
use proptest::prelude::*;
use serde::Deserialize;

use crate::decode_result::{DecodeResult, decode, split, splits};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CaseFileEntry {
    name: String,
    #[serde(rename = "group")]
    _group: String,
    #[serde(rename = "note")]
    _note: Option<String>,
    chunks: Vec<String>,
    expect: DecodeResult,
    delivered: Option<Vec<usize>>,
    /// Differs from `delivered` where a decoder need not wait for the byte after a CR.
    delivered_eager: Option<Vec<usize>>,
}

struct DecodeCase {
    name: String,
    chunks: Vec<Vec<u8>>,
    expect: DecodeResult,
    delivered: Option<Vec<usize>>,
}

#[test]
fn cases_decode_without_delay() {
    for case in cases() {
        let (result, delivered) = decode(case.chunks.iter().map(Vec::as_slice));
        assert_eq!(result, case.expect, "{}", case.name);
        if let Some(expected) = case.delivered {
            assert_eq!(delivered, expected, "{}", case.name);
        }
    }
}

#[test]
fn cases_decode_from_equal_chunks() {
    for case in cases() {
        let stream = case.chunks.concat();
        for size in (1..=9).chain([64, 4_096, usize::MAX]) {
            let (result, _) = decode(stream.chunks(size));
            assert_eq!(result, case.expect, "{} in chunks of {size}", case.name);
        }
    }
}

#[test]
fn cases_decode_with_empty_chunks() {
    for case in cases() {
        let stream = case.chunks.concat();
        let (result, _) = decode(stream.chunks(1).flat_map(|byte| [byte, &[]]));
        assert_eq!(result, case.expect, "{}", case.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cases_decode_from_any_chunks(splits in splits()) {
        for case in cases() {
            let stream = case.chunks.concat();
            let (result, _) = decode(split(&stream, &splits));
            prop_assert_eq!(result, case.expect, "{}", case.name);
        }
    }
}

fn cases() -> Vec<DecodeCase> {
    let entries: Vec<CaseFileEntry> =
        serde_json::from_str(include_str!("../data/sse-cases.json")).expect("the case file");
    assert!(!entries.is_empty());
    entries.into_iter().map(DecodeCase::from).collect()
}

impl From<CaseFileEntry> for DecodeCase {
    fn from(entry: CaseFileEntry) -> Self {
        let bytes = |chunk| BASE64_STANDARD.decode(chunk).expect("base64");
        Self {
            name: entry.name,
            chunks: entry.chunks.into_iter().map(bytes).collect(),
            expect: entry.expect,
            delivered: entry.delivered_eager.or(entry.delivered),
        }
    }
}
