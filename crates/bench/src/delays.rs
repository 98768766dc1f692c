//! Many delays in little memory: counted in classes less than a hundredth wide, so that those of
//! several processes add up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Bits of a delay that are kept; classes are as narrow as the last of them.
const BITS: u32 = 8;

#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delays {
    /// How many there are of each class. No more classes than numbers of [`BITS`] bits at all
    /// places of a delay.
    classes: BTreeMap<u32, u64>,
    longest_nanos: u64,
}

impl Delays {
    pub(crate) fn add(&mut self, nanos: u64) {
        *self.classes.entry(class(nanos)).or_default() += 1;
        self.longest_nanos = self.longest_nanos.max(nanos);
    }

    pub(crate) fn add_all(&mut self, others: &Self) {
        for (class, count) in &others.classes {
            *self.classes.entry(*class).or_default() += count;
        }
        self.longest_nanos = self.longest_nanos.max(others.longest_nanos);
    }

    pub(crate) fn count(&self) -> u64 {
        self.classes.values().sum()
    }

    pub(crate) fn longest_nanos(&self) -> u64 {
        self.longest_nanos
    }

    /// The delay that so many percent of all do not exceed: the largest of its class.
    pub(crate) fn percentile_nanos(&self, percent: u64) -> u64 {
        let rank = (self.count() * percent).div_ceil(100);
        let mut counted = 0;
        let reached = self.classes.iter().find(|(_, count)| {
            counted += **count;
            counted >= rank
        });
        reached.map_or(0, |(class, _)| largest(*class).min(self.longest_nanos))
    }
}

/// Of delays in order, the classes are in order too.
fn class(nanos: u64) -> u32 {
    let shift = (u64::BITS - nanos.leading_zeros()).saturating_sub(BITS);
    let kept = u32::try_from(nanos >> shift).expect("so few bits are kept");
    (shift << BITS) + kept
}

fn largest(class: u32) -> u64 {
    let (shift, kept) = (class >> BITS, u64::from(class & ((1 << BITS) - 1)));
    (kept << shift) | ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(nanos: &[u64]) -> Delays {
        let mut delays = Delays::default();
        nanos.iter().for_each(|nanos| delays.add(*nanos));
        delays
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let hundred: Vec<_> = (1..=100).collect();
        let delays = of(&hundred);
        assert_eq!([1, 50, 99, 100].map(|part| delays.percentile_nanos(part)), [1, 50, 99, 100]);
        assert_eq!(of(&[7]).percentile_nanos(50), 7);
        assert_eq!(of(&[]).percentile_nanos(99), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_percentile_is_less_than_a_hundredth_too_large(
            mut nanos in prop::collection::vec(0_u64..1 << 60, 1..50),
            percent in 1_u64..=100,
        ) {
            let told = of(&nanos).percentile_nanos(percent);
            nanos.sort_unstable();
            let rank = (nanos.len() as u64 * percent).div_ceil(100) as usize;
            let exact = nanos[rank - 1];
            prop_assert!(told >= exact && told - exact <= exact / 100, "{} for {}", told, exact);
        }

        #[test]
        fn parts_add_up_to_the_whole(
            some in prop::collection::vec(any::<u64>(), 0..30),
            others in prop::collection::vec(any::<u64>(), 0..30),
        ) {
            let mut delays = of(&some);
            delays.add_all(&of(&others));
            let text = serde_json::to_string(&delays).unwrap();
            prop_assert_eq!(serde_json::from_str::<Delays>(&text).unwrap(), of(&[some, others].concat()));
        }
    }
}
