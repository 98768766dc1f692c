//! Counters of a round.

use std::collections::BTreeMap;

use super::fault::Fault;

/// Counters of one round, or of several added up.
#[derive(Debug, Clone, Default)]
pub struct RoundStats {
    /// Acknowledged updates.
    pub acknowledged: usize,
    /// Requests answered with a server error, and repeated.
    pub refused: usize,
    /// Events that observers received.
    pub events: usize,
    /// Streams that observers opened.
    pub openings: usize,
    /// Streams that resumed without a timetable.
    pub resumed: usize,
    /// Streams on a replica that had not yet read the follower's last event.
    pub lagging: usize,
    /// Received timetables, by their reason.
    pub timetables: BTreeMap<String, usize>,
    /// Connections that the proxy cut.
    pub cuts: usize,
    /// Restarts on a journal that had lost its tail.
    pub forks: usize,
    /// Processes killed.
    pub kills: usize,
    /// Injected faults.
    pub faults: BTreeMap<Fault, usize>,
}

impl RoundStats {
    /// Adds the counters of another round.
    pub fn add(&mut self, other: &RoundStats) {
        self.acknowledged += other.acknowledged;
        self.refused += other.refused;
        self.events += other.events;
        self.openings += other.openings;
        self.resumed += other.resumed;
        self.lagging += other.lagging;
        self.cuts += other.cuts;
        self.forks += other.forks;
        self.kills += other.kills;
        for (reason, count) in &other.timetables {
            *self.timetables.entry(reason.clone()).or_default() += count;
        }
        for (fault, count) in &other.faults {
            *self.faults.entry(*fault).or_default() += count;
        }
    }
}
