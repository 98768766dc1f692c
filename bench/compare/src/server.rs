//! The servers that are compared, and what a reader should know of each. How they come here and how
//! they are started is elsewhere.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Server {
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

impl Server {
    pub(crate) const ALL: [Self; 9] = [
        Self::Loop,
        Self::CoalescingLoop,
        Self::Flightboard,
        Self::FlightboardIoUring,
        Self::DurableStreams,
        Self::Axum,
        Self::Nchan,
        Self::Node,
        Self::BetterSse,
    ];

    /// As a reader knows it.
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

    /// How it is set up.
    pub(crate) fn setting(self) -> &'static str {
        match self {
            Self::Loop => {
                "`bench/peers/src/bin/yardstick.rs`: one thread, one `send` for each follower and message"
            }
            Self::CoalescingLoop => {
                "the same; what comes in at one moment leaves in one `send` for each follower"
            }
            Self::Flightboard => "`flightboard serve`, as it is released, with its defaults",
            Self::FlightboardIoUring => "the same, and many followers are sent to with one call",
            Self::DurableStreams => {
                "`cargo install`, its defaults; a stream of `application/json`, in which messages stay apart"
            }
            Self::Axum => {
                "`bench/peers/src/bin/axum-sse.rs`: a broadcast channel, as most would write it"
            }
            Self::Nchan => "nginx with the module, both of Debian; a worker for each core",
            Self::Node => "`bench/peers/node/http.mjs`: a set of responses, one process",
            Self::BetterSse => {
                "`bench/peers/node/better-sse.mjs`: from npm, a channel, one process"
            }
        }
    }

    /// What it has of a message when it has answered for it.
    pub(crate) fn keeps(self) -> &'static str {
        match self {
            Self::Loop | Self::CoalescingLoop | Self::Axum | Self::Node | Self::BetterSse => {
                "nothing"
            }
            Self::Flightboard | Self::FlightboardIoUring | Self::DurableStreams => "it is on disk",
            Self::Nchan => "it is in memory",
        }
    }

    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::Flightboard | Self::FlightboardIoUring)
    }

    pub(crate) fn is_yardstick(self) -> bool {
        matches!(self, Self::Loop | Self::CoalescingLoop)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value().expect("none is skipped");
        f.pad(value.get_name())
    }
}
