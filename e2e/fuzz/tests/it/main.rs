//! Runs each target with its corpus and with random changes of it, for a short time.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use fuzz::TARGETS;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt, SeedableRng};

/// Time for each target.
const RUN_TIME: Duration = Duration::from_secs(2);

/// Changes of one input.
const MAX_CHANGES: usize = 8;

/// Longest piece that a change repeats or removes.
const MAX_PIECE_BYTES: usize = 64;

#[test]
fn targets_withstand_random_inputs() {
    for target in TARGETS {
        let corpus = read_corpus(target.name);
        assert!(!corpus.is_empty(), "{}", target.name);
        corpus.iter().for_each(|input| (target.run)(input));
        let seed = rand::rng().next_u64();
        let mut random = SmallRng::seed_from_u64(seed);
        let start = Instant::now();
        let mut runs = 0_u32;
        while start.elapsed() < RUN_TIME {
            let input = change(&mut random, &corpus);
            let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(&input)));
            let name = target.name;
            assert!(outcome.is_ok(), "{name}, seed {seed}, {runs} runs: {}", input.escape_ascii());
            runs += 1;
        }
        assert!(runs > 0, "{}", target.name);
    }
}

fn read_corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

/// An input of the corpus with a few changes: other bytes, missing and repeated pieces, pieces of other inputs.
fn change(random: &mut SmallRng, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut input = corpus.choose(random).unwrap().clone();
    for _ in 0..random.random_range(0..MAX_CHANGES) {
        let at = random.random_range(0..=input.len());
        let end = (at + random.random_range(0..MAX_PIECE_BYTES)).min(input.len());
        match random.random_range(0..4) {
            0 => input.iter_mut().skip(at).take(1).for_each(|byte| *byte = random.random()),
            1 => drop(input.drain(at..end)),
            2 => input = [&input[..end], &input[at..]].concat(),
            _ => {
                let other = corpus.choose(random).unwrap();
                let from = random.random_range(0..=other.len());
                let to = (from + random.random_range(0..MAX_PIECE_BYTES)).min(other.len());
                input.splice(at..at, other[from..to].iter().copied());
            }
        }
    }
    input
}
