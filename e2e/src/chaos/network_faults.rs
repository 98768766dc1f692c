//! Random faults of the connections between observers and servers, injected by a proxy.

use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use testkit::fault_proxy::{ConnectionFaults, FaultProxy, ProxyRoute};

use super::plan::random_millis;
use super::round_state::RoundState;

/// Starts a proxy that sends each connection to a random server, with random faults.
pub(super) async fn start_fault_proxy(
    seed: u64,
    state: Arc<RoundState>,
) -> std::io::Result<FaultProxy> {
    let mut rng = StdRng::seed_from_u64(seed);
    FaultProxy::start_with(move || {
        let faults = random_faults(&mut rng);
        // Without a server that is up, the connection ends at once.
        let upstreams = state.random_address(&mut rng).into_iter().collect();
        ProxyRoute { upstreams, faults }
    })
    .await
}

fn random_faults(rng: &mut StdRng) -> ConnectionFaults {
    // On a logarithmic scale, so that cuts within the response head are as likely as later ones.
    let random_bytes = |rng: &mut StdRng| 1 << rng.random_range(0..15);
    let cut_scale = rng.random_bool(0.5).then(|| random_bytes(rng));
    let cut_after = cut_scale.map(|bytes: usize| bytes + rng.random_range(0..bytes));
    let reset = rng.random_bool(0.5);
    let delay = if rng.random_bool(0.3) { random_millis(rng, 1..=10) } else { Duration::ZERO };
    let stall = rng.random_bool(0.3).then(|| (random_bytes(rng), random_millis(rng, 50..=600)));
    ConnectionFaults { cut_after, reset, delay, stall }
}
