//! The system under test, whichever its topology.

use anyhow::Result;
use rand::rngs::StdRng;

use super::checker::FinalStates;
use super::fault::Fault;

/// What a round is played on.
pub(super) trait System {
    /// Does one thing to it. A flood of updates is of the publisher with this number.
    fn inject(&mut self, fault: Fault, flood: usize, rng: &mut StdRng) -> Result<()>;

    /// All is there again, and works.
    fn mend(&mut self) -> Result<()>;

    /// What each server says of each board, once nothing is under way any more.
    fn ends(&mut self) -> Result<Vec<FinalStates>>;

    /// How many programs were killed.
    fn kills(&self) -> usize;

    /// What the last servers said.
    fn said(&self) -> String;
}
