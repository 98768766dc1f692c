//! What is done to a server that stands alone.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use rand::RngExt;
use rand::rngs::StdRng;

use super::SingleNode;
use crate::chaos::checker::{BoardState, FinalStates};
use crate::chaos::fault::Fault;
use crate::chaos::load_generator::LoadGenerator;
use crate::chaos::plan::millis;
use crate::chaos::system::System;
use crate::chaos::update::BOARDS;
use testkit::fault_library::DiskFault as Disk;

/// How far the clock jumps, forth or back: less than the day for which idempotency keys are
/// remembered, since a server whose clock says that a day has passed has forgotten them.
const CLOCK_JUMP_SECS: i64 = 10 * 60 * 60;

/// Updates that are missed in a flood, and how many of them one request has.
const FLOOD: (usize, usize) = (10_000, 1_000);

impl System for SingleNode {
    fn inject(&mut self, fault: Fault, flood: usize, rng: &mut StdRng) -> Result<()> {
        match fault {
            Fault::Cuts => {
                std::thread::sleep(millis(rng, 300..=900));
                Ok(())
            }
            Fault::Kill => {
                self.kill();
                std::thread::sleep(millis(rng, 0..=300));
                self.start()
            }
            Fault::KillAtStart => {
                self.kill();
                for _ in 0..rng.random_range(1..=3) {
                    self.start_and_kill(millis(rng, 0..=150))?;
                }
                self.start()
            }
            Fault::Stop => {
                self.stop()?;
                self.start()
            }
            Fault::Freeze => {
                self.freeze(millis(rng, 100..=1_200));
                Ok(())
            }
            Fault::OlderCopy => {
                let copy = self.copy()?;
                std::thread::sleep(millis(rng, 200..=600));
                self.restore(&copy)
            }
            Fault::LostTail => self.lose_tail(rng.random_range(0.0..1.0)),
            Fault::Empty => self.empty(),
            Fault::Flood => {
                let mut flood = LoadGenerator::new(flood, rng.random(), Arc::clone(&self.state));
                (0..FLOOD.0 / FLOOD.1).for_each(|_| flood.publish(BOARDS[0], FLOOD.1));
                Ok(())
            }
            Fault::NoRoom => self.disk_fails(Disk::NoSpace, rng),
            Fault::FailingSync => self.disk_fails(Disk::SyncError, rng),
            Fault::KillFailing => {
                self.set_disk(if rng.random() { Disk::NoSpace } else { Disk::SyncError })?;
                std::thread::sleep(millis(rng, 50..=400));
                self.kill();
                self.set_disk(Disk::None)?;
                self.start()
            }
            Fault::ClockJump => {
                for _ in 0..3 {
                    self.set_clock(rng.random_range(-CLOCK_JUMP_SECS..=CLOCK_JUMP_SECS))?;
                    std::thread::sleep(millis(rng, 50..=300));
                }
                self.set_clock(0)
            }
            other => bail!("{other} is nothing for a server that stands alone"),
        }
    }

    fn mend(&mut self) -> Result<()> {
        if self.server().is_some() { Ok(()) } else { self.start() }
    }

    fn ends(&mut self) -> Result<Vec<FinalStates>> {
        let api = self.server().context("there is a server")?.api();
        Ok(vec![BoardState::of_all_boards(&api)?])
    }

    fn kills(&self) -> usize {
        self.kills
    }

    fn said(&self) -> String {
        self.server().map_or_else(String::new, |server| server.process.log())
    }
}

impl SingleNode {
    /// For a while nothing is acknowledged; then it must go on by itself.
    fn disk_fails(&self, how: Disk, rng: &mut StdRng) -> Result<()> {
        self.set_disk(how)?;
        std::thread::sleep(millis(rng, 100..=900));
        self.set_disk(Disk::None)
    }
}
