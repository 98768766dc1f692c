//! Injects faults into a single node.

use std::sync::Arc;
use std::thread::sleep;

use anyhow::{Context, Result, bail};
use rand::RngExt;
use rand::rngs::StdRng;

use super::{DiskFault, SingleNode};
use crate::chaos::fault::Fault;
use crate::chaos::final_boards::{FinalBoards, read_final_boards};
use crate::chaos::load_generator::LoadGenerator;
use crate::chaos::plan::random_millis;
use crate::chaos::system::System;
use crate::chaos::update::BOARDS;

/// The maximum jump of the clock. It is less than the day for which a server remembers idempotency keys, because a
/// server whose clock jumps past that day has rightly forgotten them.
const MAX_CLOCK_JUMP_SECS: i64 = 10 * 60 * 60;

const FLOOD_UPDATES: usize = 10_000;

const FLOOD_UPDATES_PER_REQUEST: usize = 1_000;

impl System for SingleNode {
    fn inject(&mut self, fault: Fault, flood_number: usize, rng: &mut StdRng) -> Result<()> {
        match fault {
            Fault::Cuts => {
                sleep(random_millis(rng, 300..=900));
                Ok(())
            }
            Fault::Kill => {
                self.kill();
                sleep(random_millis(rng, 0..=300));
                self.restart()
            }
            Fault::KillAtStart => {
                self.kill();
                for _ in 0..rng.random_range(1..=3) {
                    self.start_and_kill(random_millis(rng, 0..=150))?;
                }
                self.restart()
            }
            Fault::Stop => {
                self.stop()?;
                self.restart()
            }
            Fault::Freeze => {
                self.freeze(random_millis(rng, 100..=1_200));
                Ok(())
            }
            Fault::OlderCopy => {
                let copy = self.copy_journal()?;
                sleep(random_millis(rng, 200..=600));
                self.restore_journal(&copy)
            }
            Fault::LostTail => self.lose_tail(rng.random_range(0.0..1.0)),
            Fault::Empty => self.empty_journal(),
            Fault::Flood => {
                let state = Arc::clone(&self.state);
                let mut generator = LoadGenerator::new(flood_number, rng.random(), state);
                for _ in 0..FLOOD_UPDATES / FLOOD_UPDATES_PER_REQUEST {
                    generator.publish(BOARDS[0], FLOOD_UPDATES_PER_REQUEST);
                }
                Ok(())
            }
            Fault::NoRoom => self.fail_disk_briefly(DiskFault::NoSpace, rng),
            Fault::FailingSync => self.fail_disk_briefly(DiskFault::SyncError, rng),
            Fault::KillFailing => {
                let is_full: bool = rng.random();
                let fault = if is_full { DiskFault::NoSpace } else { DiskFault::SyncError };
                self.set_disk_fault(fault)?;
                sleep(random_millis(rng, 50..=400));
                self.kill();
                self.set_disk_fault(DiskFault::None)?;
                self.restart()
            }
            Fault::ClockJump => {
                for _ in 0..3 {
                    let range = -MAX_CLOCK_JUMP_SECS..=MAX_CLOCK_JUMP_SECS;
                    self.set_clock_offset(rng.random_range(range))?;
                    sleep(random_millis(rng, 50..=300));
                }
                self.set_clock_offset(0)
            }
            other => bail!("{other} is not a fault of a single node"),
        }
    }

    fn heal(&mut self) -> Result<()> {
        if self.server.is_some() { Ok(()) } else { self.restart() }
    }

    fn final_boards(&mut self) -> Result<Vec<FinalBoards>> {
        let server = self.server.as_ref().context("the server is down")?;
        Ok(vec![read_final_boards(&server.api())?])
    }

    fn kills(&self) -> usize {
        self.kills
    }

    fn logs(&self) -> String {
        self.server.as_ref().map_or_else(String::new, |server| server.process.log())
    }
}

impl SingleNode {
    /// Fails the disk for a while. The server acknowledges nothing meanwhile, and must recover without a restart.
    fn fail_disk_briefly(&self, fault: DiskFault, rng: &mut StdRng) -> Result<()> {
        self.set_disk_fault(fault)?;
        sleep(random_millis(rng, 100..=900));
        self.set_disk_fault(DiskFault::None)
    }
}
