//! The servers that are compared, and the facts that the page states about each.

use clap::ValueEnum;
use derive_more::Display;
use serde::{Deserialize, Serialize};

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize, Display,
)]
#[serde(rename_all = "kebab-case")]
#[display(rename_all = "kebab-case")]
pub(crate) enum ServerKind {
    Loop,
    CoalescingLoop,
    Flightboard,
    FlightboardIoUring,
    DurableStreams,
    Axum,
    Nchan,
    Node,
    BetterSse,
}

impl ServerKind {
    /// The name in tables, as Markdown.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Loop => "bare loop of `send`",
            Self::CoalescingLoop => "coalescing loop of `send`",
            Self::Flightboard => "flightboard",
            Self::FlightboardIoUring => "flightboard `--io-uring`",
            Self::DurableStreams => "durable-streams",
            Self::Axum => "axum `Sse`",
            Self::Nchan => "nchan",
            Self::Node => "Node `http`",
            Self::BetterSse => "better-sse",
        }
    }

    /// Its configuration.
    pub(crate) fn setup(self) -> &'static str {
        match self {
            Self::Loop => {
                "`bench/peers/src/bin/baseline.rs`: one thread, one `send` per follower and message"
            }
            Self::CoalescingLoop => {
                "the same; messages that arrive together leave in one `send` per follower"
            }
            Self::Flightboard => "`flightboard serve`, release build, default settings",
            Self::FlightboardIoUring => "the same; one system call writes to many followers",
            Self::DurableStreams => {
                "`cargo install`, default settings; a stream of `application/json`, which keeps messages apart"
            }
            Self::Axum => {
                "`bench/peers/src/bin/axum-sse.rs`: a broadcast channel, the usual way to write it"
            }
            Self::Nchan => "nginx with the module, both from Debian; one worker per core",
            Self::Node => "`bench/peers/node/http.mjs`: a set of responses, one process",
            Self::BetterSse => {
                "`bench/peers/node/better-sse.mjs`: from npm, one channel, one process"
            }
        }
    }

    /// The place of a message when the publisher receives the answer.
    pub(crate) fn storage(self) -> &'static str {
        match self {
            Self::Loop | Self::CoalescingLoop | Self::Axum | Self::Node | Self::BetterSse => {
                "nowhere"
            }
            Self::Flightboard | Self::FlightboardIoUring | Self::DurableStreams => "on disk",
            Self::Nchan => "in memory",
        }
    }

    pub(crate) fn is_flightboard(self) -> bool {
        matches!(self, Self::Flightboard | Self::FlightboardIoUring)
    }

    pub(crate) fn is_baseline(self) -> bool {
        matches!(self, Self::Loop | Self::CoalescingLoop)
    }
}
