//! What is asked of the servers, of which, and in which order: the yardstick at the beginning and at the
//! end of each round, the others between, each round another one first.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::server::Server;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scenario {
    /// A few messages a second to many followers.
    Steady,
    /// As many messages as can be.
    Burst,
    /// Followers who hear nothing.
    Idle,
    /// As steady, with other numbers of followers and the same number of deliveries.
    Growth,
    /// As the largest of these, on many boards; and the same messages to one follower on each, which is
    /// what they cost before they are delivered.
    Boards,
}

/// What is asked in one measurement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Load {
    pub(crate) followers: usize,
    /// Boards that the followers are spread over.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(crate) boards: usize,
    /// On each board.
    pub(crate) messages: u64,
    #[serde(flatten)]
    pub(crate) rhythm: Rhythm,
}

/// How messages follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Rhythm {
    /// So many a second, on each board.
    Rate(f64),
    /// So many on their way.
    Window(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    Full,
    /// So little of it that a test can wait for it.
    Quick,
}

/// Few and many messages on their way in a burst.
pub(crate) const WINDOWS: [u64; 2] = [8, 64];

const STEADY: Load = Load { followers: 5_000, boards: 1, messages: 60, rhythm: Rhythm::Rate(10.0) };

const BURST_FOLLOWERS: usize = 2_000;

const IDLE: Load = Load { followers: 15_000, boards: 1, messages: 1, rhythm: Rhythm::Rate(1.0) };

/// With the steady one between them.
const GROWTH: [Load; 2] =
    [Load { followers: 1_000, boards: 1, messages: 300, rhythm: Rhythm::Rate(50.0) }, MANY];

const MANY: Load =
    Load { followers: 15_000, boards: 1, messages: 20, rhythm: Rhythm::Rate(10.0 / 3.0) };

/// Of those who follow many boards, and of those who are one on each.
const BOARDS: [Load; 2] =
    [Load { boards: 200, ..MANY }, Load { boards: 200, followers: 200, ..MANY }];

/// The boards of a quick run.
const QUICK_BOARDS: usize = 20;

/// One of so many followers and messages takes part in a quick run.
const QUICK_PART: usize = 250;

/// The fewest messages of it, where there are so many.
const QUICK_MESSAGES: u64 = 5;

impl Scenario {
    pub(crate) const ALL: [Self; 5] =
        [Self::Steady, Self::Burst, Self::Idle, Self::Growth, Self::Boards];

    /// What everything else is divided by.
    pub(crate) fn yardstick(self) -> Server {
        match self {
            Self::Burst => Server::CoalescingLoop,
            Self::Steady | Self::Idle | Self::Growth | Self::Boards => Server::Loop,
        }
    }

    /// All measurements of a round.
    pub(crate) fn turns(self, round: u32, scale: Scale, all: &[Server]) -> Vec<(Load, Server)> {
        let yardstick = self.yardstick();
        let takes_part = |server: &Server| self.takes_part(*server) && *server != yardstick;
        let mut others: Vec<_> = all.iter().copied().filter(takes_part).collect();
        if !others.is_empty() {
            let first = round as usize % others.len();
            others.rotate_left(first);
        }
        // What hears nothing has no figure that time would change.
        let again = usize::from(self != Self::Idle);
        let is_there = usize::from(all.contains(&yardstick));
        let before = std::iter::repeat_n(yardstick, is_there);
        let order = before.chain(others).chain(std::iter::repeat_n(yardstick, is_there * again));
        let order: Vec<_> = order.collect();
        let kinds = self.loads(yardstick).len();
        let turns = (0..kinds).flat_map(|kind| {
            order.iter().map(move |server| (self.loads(*server)[kind].at(scale), *server))
        });
        turns.collect()
    }

    fn takes_part(self, server: Server) -> bool {
        match self {
            // It is no match for any of them.
            Self::Burst => server != Server::Loop,
            // With nothing to coalesce it is the bare one.
            Self::Steady | Self::Idle => server != Server::CoalescingLoop,
            Self::Growth | Self::Boards => matches!(server, Server::Loop | Server::Flightboard),
        }
    }

    fn loads(self, server: Server) -> Vec<Load> {
        match self {
            Self::Steady => vec![STEADY],
            Self::Idle => vec![IDLE],
            Self::Growth => GROWTH.to_vec(),
            Self::Boards => BOARDS.to_vec(),
            Self::Burst => {
                let windows = WINDOWS.into_iter().zip(burst_messages(server));
                let load = |(window, messages)| Load {
                    followers: BURST_FOLLOWERS,
                    boards: 1,
                    messages,
                    rhythm: Rhythm::Window(window),
                };
                windows.map(load).collect()
            }
        }
    }
}

/// So many for each window that all take some seconds for them.
fn burst_messages(server: Server) -> [u64; 2] {
    match server {
        Server::Loop
        | Server::CoalescingLoop
        | Server::Flightboard
        | Server::FlightboardIoUring => [1_500, 6_000],
        Server::DurableStreams => [1_500, 5_000],
        Server::Axum => [600, 1_500],
        Server::Nchan => [250, 250],
        Server::Node | Server::BetterSse => [120, 120],
    }
}

impl Load {
    fn at(self, scale: Scale) -> Self {
        match scale {
            Scale::Full => self,
            Scale::Quick => Self {
                followers: (self.followers / QUICK_PART).max(self.boards.min(QUICK_BOARDS)),
                boards: self.boards.min(QUICK_BOARDS),
                messages: (self.messages / QUICK_PART as u64)
                    .max(QUICK_MESSAGES.min(self.messages)),
                ..self
            },
        }
    }

    /// So many if all came.
    pub(crate) fn deliveries(&self) -> u64 {
        self.followers as u64 * self.messages
    }

    /// Whether figures of both may be compared: whoever follows hears the same.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let place = |load: &Self| (load.followers, load.boards);
        place(self) == place(other) && self.rhythm == other.rhythm
    }
}

fn one() -> usize {
    1
}

fn is_one(boards: &usize) -> bool {
    *boards == 1
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value().expect("none is skipped");
        f.pad(value.get_name())
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { followers, boards, messages, rhythm } = self;
        write!(f, "{followers} followers, ")?;
        if *boards > 1 {
            write!(f, "{boards} boards, each with ")?;
        }
        write!(f, "{messages} messages, ")?;
        match rhythm {
            Rhythm::Rate(rate) => write!(f, "{rate:.1} a second"),
            Rhythm::Window(window) => write!(f, "window {window}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(scenario: Scenario, round: u32, all: &[Server]) -> Vec<Server> {
        let turns = scenario.turns(round, Scale::Quick, all);
        let first = turns[0].0;
        turns.iter().take_while(|(load, _)| load.is_like(&first)).map(|turn| turn.1).collect()
    }

    #[test]
    fn the_yardstick_is_measured_first_and_last_and_the_others_take_turns() {
        use Server::{Axum, CoalescingLoop, Flightboard, Loop};
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
    fn what_is_measured_beside_each_other_is_alike() {
        for scenario in Scenario::ALL {
            let yardstick = scenario.loads(scenario.yardstick());
            for server in Server::ALL {
                let loads = scenario.loads(server);
                assert_eq!(loads.len(), yardstick.len());
                assert!(loads.iter().zip(&yardstick).all(|(load, other)| load.is_like(other)));
            }
        }
        assert!(GROWTH.iter().all(|load| load.deliveries() == STEADY.deliveries()));
        for load in Scenario::Boards.loads(Server::Flightboard) {
            for load in [load, load.at(Scale::Quick)] {
                assert!(load.boards > 1 && load.followers.is_multiple_of(load.boards));
            }
        }
    }
}
