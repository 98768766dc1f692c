//! Which crate knows which, and of what kind its other dependencies are not.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::document::root;

/// Each crate with those of ours that it knows.
const ARROWS: [(&str, &[&str]); 17] = [
    ("compare", &[]),
    ("e2e", &["sse", "testkit"]),
    ("engine", &["fanout", "flight", "journal", "sse"]),
    ("fanout", &["multisend"]),
    ("feeds", &["flight"]),
    ("flight", &[]),
    ("flightboard", &["engine", "feeds", "flight", "journal", "nats-journal", "server"]),
    ("flightboard-bench", &[]),
    ("journal", &[]),
    ("measure", &["sse", "testkit"]),
    ("nats-journal", &["journal"]),
    ("peers", &[]),
    ("server", &["engine", "fanout", "flight", "journal", "sse"]),
    ("sse", &[]),
    ("multisend", &[]),
    ("testkit", &["sse"]),
    ("xtask", &[]),
];

/// What a crate must not know, by what it would need for it.
const ABSENCES: [(&str, &[&str]); 8] = [
    ("engine", &["async-nats", "axum", "http", "hyper", "rusqlite", "tower"]),
    ("fanout", &["axum", "http", "hyper", "serde", "serde_json", "rusqlite"]),
    ("feeds", &["axum", "http", "hyper", "rusqlite", "tokio", "ureq"]),
    ("flight", &["axum", "bytes", "futures-util", "http", "hyper", "rusqlite", "tokio"]),
    ("journal", &["async-nats", "axum", "http", "hyper", "serde", "serde_json"]),
    ("nats-journal", &["axum", "http", "hyper", "rusqlite", "serde", "serde_json"]),
    ("server", &["async-nats", "rusqlite"]),
    ("sse", &["bytes", "http", "hyper", "serde", "serde_json", "tokio"]),
];

#[test]
fn crates_know_those_they_may_and_no_others() {
    let (ours, dependencies) = (ARROWS.map(|(name, _)| name), dependencies());
    let known: BTreeMap<_, BTreeSet<_>> = dependencies
        .iter()
        .map(|(name, all)| (&**name, all.iter().map(|name| &**name).collect()))
        .map(|(name, all): (_, BTreeSet<_>)| (name, &all & &BTreeSet::from(ours)))
        .collect();
    let allowed = ARROWS.map(|(name, all)| (name, all.iter().copied().collect()));
    assert_eq!(known, BTreeMap::from(allowed));
}

#[test]
fn crates_have_nothing_of_what_they_must_not_know() {
    let dependencies = dependencies();
    for (name, absent) in ABSENCES {
        for other in absent {
            assert!(!dependencies[name].contains(*other), "{name} knows {other}");
        }
    }
}

/// What each crate of the workspace depends on, but for its tests.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let metadata = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let metadata = cargo.args(metadata).current_dir(root()).output().unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages.map(|package| (text(&package["name"]), needed(package))).collect()
}

fn needed(package: &Value) -> BTreeSet<String> {
    let all = package["dependencies"].as_array().unwrap().iter();
    all.filter(|dependency| dependency["kind"] != "dev").map(|all| text(&all["name"])).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
