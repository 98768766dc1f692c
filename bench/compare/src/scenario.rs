//! The load on each server, and the order of measurements: in each round the baseline comes first and last, and the
//! other servers come between, starting with a different one each round.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::server::ServerKind;

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, derive_more::Display,
)]
#[serde(rename_all = "kebab-case")]
#[display(rename_all = "kebab-case")]
pub(crate) enum Scenario {
    /// A few messages per second to many followers.
    Steady,
    /// As many messages as possible.
    Burst,
    /// Followers that receive nothing.
    Idle,
    /// Like steady, with other numbers of followers and the same number of deliveries.
    Growth,
    /// Like the largest growth, spread over many boards; and the same messages to one follower per board, which gives
    /// the cost of a message without its deliveries.
    Boards,
}

/// The load of one measurement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct ScenarioLoad {
    pub(crate) followers: usize,
    /// The number of boards over which the followers are spread.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(crate) boards: usize,
    /// Messages on each board.
    pub(crate) messages: u64,
    #[serde(flatten)]
    pub(crate) pacing: MessagePacing,
}

/// The time at which each message is published.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MessagePacing {
    /// Messages per second on each board.
    Rate(f64),
    /// Messages in flight.
    Window(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunScale {
    Full,
    /// Small enough for a test.
    Quick,
}

/// Messages in flight during a burst: few, and many.
pub(crate) const BURST_WINDOWS: [u64; 2] = [8, 64];

const STEADY: ScenarioLoad =
    ScenarioLoad { followers: 5_000, boards: 1, messages: 60, pacing: MessagePacing::Rate(10.0) };

const BURST_FOLLOWERS: usize = 2_000;

const IDLE: ScenarioLoad =
    ScenarioLoad { followers: 15_000, boards: 1, messages: 1, pacing: MessagePacing::Rate(1.0) };

/// The steady load is between these two.
const GROWTH: [ScenarioLoad; 2] = [FEW_FOLLOWERS, MANY_FOLLOWERS];

const FEW_FOLLOWERS: ScenarioLoad =
    ScenarioLoad { followers: 1_000, boards: 1, messages: 300, pacing: MessagePacing::Rate(50.0) };

const MANY_FOLLOWERS: ScenarioLoad = ScenarioLoad {
    followers: 15_000,
    boards: 1,
    messages: 20,
    pacing: MessagePacing::Rate(10.0 / 3.0),
};

/// Many followers on each board, and one follower on each.
const BOARDS: [ScenarioLoad; 2] = [
    ScenarioLoad { boards: 200, ..MANY_FOLLOWERS },
    ScenarioLoad { boards: 200, followers: 200, ..MANY_FOLLOWERS },
];

/// The maximum number of boards in a quick run.
const QUICK_BOARDS: usize = 20;

/// A quick run divides followers and messages by this.
const QUICK_DIVISOR: usize = 250;

/// The minimum number of messages in a quick run, if the full run has as many.
const QUICK_MESSAGES: u64 = 5;

impl Scenario {
    pub(crate) const ALL: [Self; 5] =
        [Self::Steady, Self::Burst, Self::Idle, Self::Growth, Self::Boards];

    /// The server by whose figures all others are divided.
    pub(crate) fn baseline(self) -> ServerKind {
        match self {
            Self::Burst => ServerKind::CoalescingLoop,
            Self::Steady | Self::Idle | Self::Growth | Self::Boards => ServerKind::Loop,
        }
    }

    /// All measurements of a round, in order.
    pub(crate) fn schedule(
        self,
        round: u32,
        scale: RunScale,
        available: &[ServerKind],
    ) -> Vec<(ScenarioLoad, ServerKind)> {
        let baseline = self.baseline();
        let is_other = |server: &ServerKind| self.includes(*server) && *server != baseline;
        let mut order: Vec<_> = available.iter().copied().filter(is_other).collect();
        if !order.is_empty() {
            let first = round as usize % order.len();
            order.rotate_left(first);
        }
        if available.contains(&baseline) {
            order.insert(0, baseline);
            // Idle followers cost no time that could differ between the beginning and the end of a round.
            if self != Self::Idle {
                order.push(baseline);
            }
        }
        let mut schedule = Vec::new();
        for variant in 0..self.loads(baseline).len() {
            for server in &order {
                schedule.push((self.loads(*server)[variant].scaled(scale), *server));
            }
        }
        schedule
    }

    fn includes(self, server: ServerKind) -> bool {
        match self {
            // In a burst the bare loop is far slower than every other server.
            Self::Burst => server != ServerKind::Loop,
            // Without a burst the coalescing loop does the same as the bare one.
            Self::Steady | Self::Idle => server != ServerKind::CoalescingLoop,
            Self::Growth | Self::Boards => {
                matches!(server, ServerKind::Loop | ServerKind::Flightboard)
            }
        }
    }

    /// The loads of one server, in an order that is the same for all servers.
    fn loads(self, server: ServerKind) -> Vec<ScenarioLoad> {
        match self {
            Self::Steady => vec![STEADY],
            Self::Idle => vec![IDLE],
            Self::Growth => GROWTH.to_vec(),
            Self::Boards => BOARDS.to_vec(),
            Self::Burst => {
                let windows = BURST_WINDOWS.into_iter().zip(burst_messages(server));
                let load = |(window, messages)| ScenarioLoad {
                    followers: BURST_FOLLOWERS,
                    boards: 1,
                    messages,
                    pacing: MessagePacing::Window(window),
                };
                windows.map(load).collect()
            }
        }
    }
}

/// The number of messages for each window, chosen so that each server needs some seconds.
fn burst_messages(server: ServerKind) -> [u64; 2] {
    match server {
        ServerKind::Loop
        | ServerKind::CoalescingLoop
        | ServerKind::Flightboard
        | ServerKind::FlightboardIoUring => [1_500, 6_000],
        ServerKind::DurableStreams => [1_500, 5_000],
        ServerKind::Axum => [600, 1_500],
        ServerKind::Nchan => [250, 250],
        ServerKind::Node | ServerKind::BetterSse => [120, 120],
    }
}

impl ScenarioLoad {
    fn scaled(self, scale: RunScale) -> Self {
        match scale {
            RunScale::Full => self,
            RunScale::Quick => Self {
                followers: (self.followers / QUICK_DIVISOR).max(self.boards.min(QUICK_BOARDS)),
                boards: self.boards.min(QUICK_BOARDS),
                messages: (self.messages / QUICK_DIVISOR as u64)
                    .max(QUICK_MESSAGES.min(self.messages)),
                ..self
            },
        }
    }

    /// The number of deliveries if none is missing.
    pub(crate) fn deliveries(&self) -> u64 {
        self.followers as u64 * self.messages
    }

    /// Tells whether the figures of both may be compared: each follower receives messages at the same pace.
    pub(crate) fn is_comparable(&self, other: &Self) -> bool {
        self.followers == other.followers
            && self.boards == other.boards
            && self.pacing == other.pacing
    }
}

fn one() -> usize {
    1
}

fn is_one(boards: &usize) -> bool {
    *boards == 1
}

impl fmt::Display for ScenarioLoad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { followers, boards, messages, pacing } = self;
        write!(f, "{followers} followers, ")?;
        if *boards > 1 {
            write!(f, "{boards} boards, each with ")?;
        }
        write!(f, "{messages} messages, ")?;
        match pacing {
            MessagePacing::Rate(rate) => write!(f, "{rate:.1} per second"),
            MessagePacing::Window(window) => write!(f, "window {window}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order of servers for the first load of a scenario.
    fn order(scenario: Scenario, round: u32, available: &[ServerKind]) -> Vec<ServerKind> {
        let schedule = scenario.schedule(round, RunScale::Quick, available);
        let (first, _) = schedule[0];
        let same_load = schedule.iter().take_while(|(load, _)| load.is_comparable(&first));
        same_load.map(|(_, server)| *server).collect()
    }

    #[test]
    fn baseline_comes_first_and_last() {
        use ServerKind::{Axum, CoalescingLoop, Flightboard, Loop};
        let all = [Loop, CoalescingLoop, Flightboard, Axum];
        assert_eq!(order(Scenario::Steady, 0, &all), [Loop, Flightboard, Axum, Loop]);
        assert_eq!(order(Scenario::Steady, 1, &all), [Loop, Axum, Flightboard, Loop]);
        assert_eq!(order(Scenario::Idle, 2, &all), [Loop, Flightboard, Axum]);
        assert_eq!(order(Scenario::Growth, 1, &all), [Loop, Flightboard, Loop]);
        let burst = order(Scenario::Burst, 1, &all);
        assert_eq!(burst, [CoalescingLoop, Axum, Flightboard, CoalescingLoop]);
        assert_eq!(order(Scenario::Steady, 0, &[Axum]), [Axum]);
    }

    #[test]
    fn loads_are_comparable_with_the_baseline() {
        for scenario in Scenario::ALL {
            let baseline = scenario.loads(scenario.baseline());
            for server in ServerKind::value_variants() {
                let loads = scenario.loads(*server);
                assert_eq!(loads.len(), baseline.len());
                let mut pairs = loads.iter().zip(&baseline);
                assert!(pairs.all(|(load, other)| load.is_comparable(other)));
            }
        }
        assert!(GROWTH.iter().all(|load| load.deliveries() == STEADY.deliveries()));
        for load in Scenario::Boards.loads(ServerKind::Flightboard) {
            for load in [load, load.scaled(RunScale::Quick)] {
                assert!(load.boards > 1 && load.followers.is_multiple_of(load.boards));
            }
        }
    }
}
