//! The interface through which a round drives its servers.

use anyhow::Result;
use rand::rngs::StdRng;

use super::fault::Fault;
use super::final_boards::FinalBoards;

/// The servers under test.
pub(super) trait System {
    /// Injects a fault and recovers from it as an operator would. `flood_number` is the number of the load
    /// generator of a [`Fault::Flood`].
    fn inject(&mut self, fault: Fault, flood_number: usize, rng: &mut StdRng) -> Result<()>;

    /// Starts every server that is down, and waits until all are ready.
    fn heal(&mut self) -> Result<()>;

    /// Reads the boards of each server once nothing is in flight any more.
    fn final_boards(&mut self) -> Result<Vec<FinalBoards>>;

    /// The number of processes killed so far.
    fn kills(&self) -> usize;

    /// The logs of the servers that run now.
    fn logs(&self) -> String;
}
