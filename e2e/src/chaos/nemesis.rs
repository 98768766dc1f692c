//! Injects the planned faults.

use std::thread::sleep;

use anyhow::{Context, Result};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::plan::{RoundPlan, random_millis};
use super::system::System;

/// Injects the faults of a plan in their order, with undisturbed load before and after each.
pub(super) fn inject_faults(plan: &RoundPlan, system: &mut dyn System) -> Result<()> {
    let mut rng = StdRng::seed_from_u64(plan.nemesis_seed);
    sleep(random_millis(&mut rng, 100..=500));
    for (index, fault) in plan.faults.iter().enumerate() {
        // Each flood has a separate load generator.
        let flood_number = plan.generator_seeds.len() + index;
        let injected = system.inject(*fault, flood_number, &mut rng);
        injected.with_context(|| format!("cannot inject the fault {fault}"))?;
        sleep(random_millis(&mut rng, 200..=700));
    }
    Ok(())
}
