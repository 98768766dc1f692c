//! The whole product from outside: real processes, real sockets, real files.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use testkit::{api, follower, process, proxies, signals, view, wait};

/// `flightboard demo`.
mod demo;

/// `flightboard watch`.
#[cfg(target_os = "linux")]
mod watch;

/// The client crate through kills of its server.
mod client;

/// Programs in other languages through kills.
mod follow_examples;

/// `Last-Event-ID` across cuts, crashes and strange journals.
mod resume;

/// Seeded rounds of faults, checked against a model.
mod chaos;

/// Seeded rounds with replicas on a cluster of NATS servers.
mod cluster;

/// The punctuality of flights.
mod punctuality;

/// Rights to publish, from the command line to the journal.
mod access;

/// `flightboard publish`, and failures in the middle of it.
mod publish;

/// Airports' feeds.
mod feeds;

/// `flightboard feed` into a running server.
mod feed;

/// Failing disks and wrong clocks.
#[cfg(target_os = "linux")]
mod disk_faults;

/// A journal whose file is moved, deleted or replaced under a running server.
#[cfg(target_os = "linux")]
mod lost_journals;

/// Standard output and standard error that are full, closed, or not read.
#[cfg(target_os = "linux")]
mod broken_outputs;

/// The configuration file, and files for packages.
mod config_file;

/// The listener for administrators.
#[cfg(target_os = "linux")]
mod admin;

/// The formats of the log, and its bound.
mod log;

/// Servers that speak https.
mod tls;

/// Certificates from an authority.
mod acme;

/// A client that speaks TLS.
mod tls_client;

/// Commands that publish to servers with a certificate of a private authority.
mod private_authority;

/// Listening sockets of a service manager.
mod socket_activation;

/// The container image and the Debian package.
#[cfg(target_os = "linux")]
mod packages;

/// Followers that disconnect.
mod disconnects;

/// Followers that never read.
mod slow_followers;

/// Rows by a jq program.
mod map_feed;

/// More followers than the limits allow.
mod overload;

/// `flightboard copy`, between files and NATS.
mod copy;

/// `flightboard export`, and its files in `flightboard feed recording` and `flightboard publish`.
mod export;

/// `flightboard-bench`, whose counts are exact.
mod bench;

/// Several servers with one journal in NATS.
mod replicas;

/// Replicas on NATS with TLS and users.
mod nats_security;

/// `flightboard doctor`, through proxies.
mod doctor;

/// Servers behind nginx and HAProxy, by the documented examples.
mod load_balancers;

/// Limits of an address behind proxies.
mod proxied_clients;

/// The server below a path, behind nginx and Caddy.
mod base_path;

/// Shutdown by signals.
mod shutdown;

/// Starts and commands that fail with one clear error.
mod startup_errors;

/// Settings from the environment.
mod environment;
