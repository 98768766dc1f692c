//! Text in lines: CSV, TSV and plain lines. Fields stay strings, so `0531` keeps its zero.

use csv::{ReaderBuilder, StringRecord};
use jaq_json::{Map, Val};

use super::text_value;
use crate::options::CsvOptions;

/// Bytes that may separate the fields of a CSV.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

pub(super) fn decode_csv(body: &str, options: CsvOptions) -> Result<Val, String> {
    let delimiter = options.delimiter.unwrap_or_else(|| frequent_delimiter(body));
    let mut builder = ReaderBuilder::new();
    read(builder.delimiter(delimiter), body, options.header)
}

pub(super) fn decode_tsv(body: &str, header: bool) -> Result<Val, String> {
    let mut builder = ReaderBuilder::new();
    read(builder.delimiter(b'\t').quoting(false), body, header)
}

pub(super) fn decode_lines(body: &str) -> Val {
    let lines = body.lines().filter(|line| !line.trim().is_empty());
    lines.map(text_value).collect()
}

/// Lines may differ in their number of fields. Blank lines are skipped.
fn read(builder: &mut ReaderBuilder, body: &str, header: bool) -> Result<Val, String> {
    let mut reader = builder.has_headers(header).flexible(true).from_reader(body.as_bytes());
    let names = match header {
        true => Some(reader.headers().map_err(|error| format!("it is not CSV: {error}"))?.clone()),
        false => None,
    };
    let records = reader.records().map(|record| {
        let record = record.map_err(|error| format!("it is not CSV: {error}"))?;
        Ok(names.as_ref().map_or_else(|| fields(&record), |names| object(names, &record)))
    });
    records.collect()
}

fn fields(record: &StringRecord) -> Val {
    record.iter().map(text_value).collect()
}

/// Fields by name. A line that is longer than the header has no names for the rest.
fn object(names: &StringRecord, record: &StringRecord) -> Val {
    let names = names.iter().map(|name| text_value(name.trim()));
    Val::obj(names.zip(record.iter().map(text_value)).collect::<Map>())
}

/// The most frequent delimiter in the first line; the comma in a line without any.
fn frequent_delimiter(body: &str) -> u8 {
    let line = body.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |delimiter: &u8| line.bytes().filter(|byte| byte == delimiter).count();
    // `max_by_key` returns the last of equal ones, so the comma stands last.
    DELIMITERS.into_iter().rev().max_by_key(count).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(body: &str, delimiter: Option<u8>, header: bool) -> String {
        decode_csv(body, CsvOptions { delimiter, header }).unwrap().to_string()
    }

    #[test]
    fn csv_fields_stay_strings() {
        let body = "CX,0531,007,1e5\r\n\r\n\"a \"\"b\"\", c\",,true\r\n";
        assert_eq!(
            csv(body, None, false),
            r#"[["CX","0531","007","1e5"],["a \"b\", c","","true"]]"#
        );
    }

    #[test]
    fn csv_header_names_fields() {
        let body = "flight; gate\nSK1457;A5;too long\nSK4";
        let objects = r#"[{"flight":"SK1457","gate":"A5"},{"flight":"SK4"}]"#;
        assert_eq!(csv(body, None, true), objects);
    }

    #[test]
    fn delimiter_is_the_frequent_one() {
        for (body, fields) in [("a;b,c;d", 3), ("a\tb", 2), ("a|b|c", 3), ("abc", 1), ("a,b;c", 2)]
        {
            assert_eq!(
                decode_csv(body, CsvOptions::default()).unwrap().to_string().matches("\"").count(),
                2 * fields,
                "{body}"
            );
        }
        assert_eq!(csv("a;b,c", Some(b','), false), r#"[["a;b","c"]]"#);
    }

    #[test]
    fn tsv_has_no_quotes() {
        assert_eq!(decode_tsv("a\t\"b\n", false).unwrap().to_string(), r#"[["a","\"b"]]"#);
    }

    #[test]
    fn lines_are_strings() {
        assert_eq!(decode_lines("one\r\n\ntwo ").to_string(), r#"["one","two "]"#);
    }
}
