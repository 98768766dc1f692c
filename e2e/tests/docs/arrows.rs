//! Dependencies between the crates of the workspace, and dependencies that a crate must not have.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::document::root;

/// The crates of the workspace that each of them depends on.
const ARROWS: [(&str, &[&str]); 31] = [
    ("access", &["flight"]),
    ("aidx", &["codes", "flight"]),
    ("certificates", &[]),
    ("codes", &[]),
    ("compare", &[]),
    ("doctor", &["flightboard-client", "flightboard-sse"]),
    ("e2e", &["flightboard-sse", "testkit"]),
    ("engine", &["fanout", "flight", "flightboard-sse", "journal"]),
    ("fanout", &["multisend"]),
    ("feeds", &["codes", "flight"]),
    ("flags", &["flight"]),
    ("flight", &[]),
    (
        "flightboard",
        &[
            "access",
            "certificates",
            "codes",
            "doctor",
            "engine",
            "feeds",
            "flags",
            "flight",
            "flightboard-client",
            "journal",
            "mapping",
            "nats-journal",
            "polling",
            "server",
            "watch",
        ],
    ),
    ("flightboard-bench", &["flags"]),
    ("flightboard-client", &["flightboard-sse"]),
    ("flightboard-sse", &[]),
    ("fuzz", &["access", "aidx", "engine", "flight", "flightboard-sse", "journal", "server"]),
    ("history", &["engine", "flight", "journal"]),
    ("images", &[]),
    ("journal", &[]),
    ("mapping", &["feeds", "flight"]),
    ("measure", &["flightboard-sse", "testkit"]),
    ("movement", &[]),
    ("multisend", &[]),
    ("nats-journal", &["journal"]),
    ("peers", &[]),
    ("polling", &["feeds", "flight"]),
    (
        "server",
        &[
            "access", "aidx", "codes", "engine", "fanout", "flight", "history", "images",
            "journal", "movement",
        ],
    ),
    ("testkit", &["flightboard-client", "flightboard-sse", "journal"]),
    ("watch", &["codes", "flightboard-client", "movement"]),
    ("xtask", &[]),
];

/// The same for dev-dependencies, in addition.
const DEV_ARROWS: [(&str, &[&str]); 5] = [
    ("e2e", &["flight", "flightboard-client"]),
    ("journal", &["testkit"]),
    ("nats-journal", &["testkit"]),
    ("polling", &["testkit"]),
    ("server", &["flightboard-sse"]),
];

/// Packages that a crate must not depend on, because they stand for knowledge that it must not have.
const ABSENCES: [(&str, &[&str]); 19] = [
    ("access", &["axum", "http", "hyper", "journal"]),
    ("aidx", &["axum", "http", "hyper", "journal", "tokio"]),
    ("certificates", &["axum", "engine", "flight", "hyper", "journal", "server"]),
    ("doctor", &["axum", "engine", "flight", "rusqlite", "server", "ureq"]),
    ("engine", &["async-nats", "axum", "http", "hyper", "rusqlite", "tower"]),
    ("fanout", &["axum", "http", "hyper", "serde", "serde_json", "rusqlite"]),
    ("feeds", &["axum", "http", "hyper", "rusqlite", "tokio", "ureq"]),
    ("flightboard-client", &["axum", "engine", "flight", "journal", "server"]),
    ("flight", &["axum", "bytes", "futures-util", "http", "hyper", "rusqlite", "tokio"]),
    ("images", &["axum", "flight", "http", "hyper", "tokio"]),
    ("history", &["async-nats", "axum", "http", "hyper", "server"]),
    ("journal", &["async-nats", "axum", "http", "hyper", "serde", "serde_json"]),
    ("mapping", &["axum", "http", "hyper", "reqwest", "tokio", "ureq"]),
    ("movement", &["flight", "flightboard-client", "journal", "serde"]),
    ("nats-journal", &["axum", "http", "hyper", "rusqlite", "serde", "serde_json"]),
    ("polling", &["async-nats", "axum", "engine", "journal", "rusqlite", "server", "ureq"]),
    ("server", &["async-nats", "rusqlite"]),
    ("flightboard-sse", &["bytes", "http", "hyper", "serde", "serde_json", "tokio"]),
    ("watch", &["axum", "engine", "flight", "reqwest", "server"]),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum DependencyKind {
    /// Also of build scripts.
    Normal,
    Dev,
}

#[test]
fn crates_depend_on_the_listed_ones() {
    assert_eq!(arrows(DependencyKind::Normal), expected(&ARROWS));
}

#[test]
fn dev_dependencies_are_listed() {
    assert_eq!(arrows(DependencyKind::Dev), expected(&DEV_ARROWS));
}

#[test]
fn crates_lack_forbidden_dependencies() {
    let dependencies = dependencies(DependencyKind::Normal);
    for (name, absent) in ABSENCES {
        for other in absent {
            assert!(!dependencies[name].contains(*other), "{name} depends on {other}");
        }
    }
}

fn expected(arrows: &[(&str, &[&str])]) -> BTreeMap<String, BTreeSet<String>> {
    let arrows = arrows.iter().filter(|(_, all)| !all.is_empty());
    let names = |all: &[&str]| all.iter().map(|&name| name.to_owned()).collect();
    arrows.map(|(name, all)| ((*name).to_owned(), names(all))).collect()
}

/// Dependencies within the workspace, of the crates that have any.
fn arrows(kind: DependencyKind) -> BTreeMap<String, BTreeSet<String>> {
    let ours = BTreeSet::from(ARROWS.map(|(name, _)| name.to_owned()));
    let mut arrows = dependencies(kind);
    assert!(arrows.keys().eq(&ours), "every crate is listed: {:?}", arrows.keys());
    arrows.values_mut().for_each(|names| names.retain(|name| ours.contains(name)));
    arrows.retain(|_, names| !names.is_empty());
    arrows
}

/// The direct dependencies of each crate of the workspace.
fn dependencies(kind: DependencyKind) -> BTreeMap<String, BTreeSet<String>> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]);
    let output = cargo.current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let names = |package: &Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let is_wanted = |one: &&Value| (one["kind"] == "dev") == (kind == DependencyKind::Dev);
        dependencies.filter(is_wanted).map(name).collect()
    };
    packages.map(|package| (name(package), names(package))).collect()
}

fn name(package: &Value) -> String {
    package["name"].as_str().unwrap().to_owned()
}
