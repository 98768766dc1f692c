//! `docs/grafana` and `docs/alerts.yml` name only metrics and labels that the program has.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::document::root;
use crate::operations::metrics;

/// Labels that Prometheus adds to each sample of a server, and that of the buckets of a histogram.
const OTHER_LABELS: [&str; 3] = ["instance", "job", "le"];

/// The name of each series of the program, with its labels.
fn series() -> BTreeMap<String, BTreeSet<String>> {
    let mut series = BTreeMap::new();
    for (name, (kind, labels)) in metrics() {
        let suffixes: &[&str] = match kind.as_str() {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_sum", "_count"],
            _ => &[""],
        };
        series.extend(suffixes.iter().map(|suffix| (format!("{name}{suffix}"), labels.clone())));
    }
    series
}

/// Checks the names and labels of an expression of PromQL about one metric, or about several with the same labels.
fn check(expression: &str, series: &BTreeMap<String, BTreeSet<String>>) {
    let parts = expression.split("flightboard_").skip(1);
    let is_word = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    let mut known: BTreeSet<_> = OTHER_LABELS.map(str::to_owned).into();
    for part in parts {
        let rest = part.trim_start_matches(is_word);
        let name = format!("flightboard_{}", &part[..part.len() - rest.len()]);
        let labels = series.get(&name);
        known.extend(labels.unwrap_or_else(|| panic!("no series {name}: {expression}")).clone());
        let selector = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        for matcher in selector.map_or("", |(selector, _)| selector).split(',') {
            let label = matcher.split(['=', '!']).next().unwrap().trim();
            assert!(label.is_empty() || known.contains(label), "{label}: {expression}");
        }
    }
    for group in expression.split("by (").skip(1) {
        let (labels, _) = group.split_once(')').unwrap();
        for label in labels.split(',').map(str::trim) {
            assert!(known.contains(label), "{label}: {expression}");
        }
    }
}

/// All texts with this key, at any depth.
fn texts<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get(key).and_then(Value::as_str));
            members.values().for_each(|member| texts(member, key, found));
        }
        Value::Array(elements) => elements.iter().for_each(|element| texts(element, key, found)),
        _ => {}
    }
}

/// Checks all expressions of a file, and returns the series that they name.
fn check_file(file: &Value, series: &BTreeMap<String, BTreeSet<String>>) -> String {
    let mut expressions = Vec::new();
    texts(file, "expr", &mut expressions);
    assert!(expressions.len() >= 10, "{expressions:?}");
    expressions.iter().for_each(|expression| check(expression, series));
    expressions.join("\n")
}

#[test]
fn dashboard_and_alerts_name_metrics() {
    let read = |file: &str| fs::read_to_string(root().join("docs").join(file)).unwrap();
    let series = series();
    let dashboard: Value = serde_json::from_str(&read("grafana/flightboard.json")).unwrap();
    let shown = check_file(&dashboard, &series);
    for metric in ["publish_to_write", "journal_append", "fold", "snapshot"] {
        let bucket = format!("flightboard_{metric}_seconds_bucket");
        assert!(shown.contains(&bucket), "the dashboard lacks {bucket}");
    }
    let alerts: Value = serde_saphyr::from_str(&read("alerts.yml")).unwrap();
    check_file(&alerts, &series);
}

#[test]
#[should_panic(expected = "no series flightboard_gone_total")]
fn unknown_series_are_found() {
    check("rate(flightboard_gone_total[5m])", &BTreeMap::new());
}
