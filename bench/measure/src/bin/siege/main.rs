//! Attacks a server while it serves followers, and measures the effect on everybody else: the delay of live events,
//! the memory of the server, and the waits of newcomers and health checks, before and during each attack.
//!
//! Followers and the publisher connect from 127.0.0.1, attackers from 127.0.0.2, newcomers from 127.0.0.3.
#![allow(clippy::print_stdout, reason = "the figures go to standard output")]

/// The attacks, one function each.
mod attacks;

/// A client on a plain socket.
mod client;

/// A server with followers, and the measurements of an attack on it.
mod defence;

/// Clients of an address that has no connection yet.
mod newcomers;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, ensure};
use clap::Parser;

use attacks::{ATTACKS, Attack};
use defence::{Defence, Effect};

/// Attack a server in all known ways, and measure the effect on its followers.
#[derive(Parser)]
struct SiegeArgs {
    /// Attacks to run; all of them by default.
    attacks: Vec<String>,
    /// Followers that measure the delay of each event.
    #[arg(long, default_value_t = 500)]
    followers: usize,
    /// Events per second.
    #[arg(long, default_value_t = 10.0)]
    rate: f64,
    /// Duration of each attack, in seconds.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// Most memory of the server during an attack, in MiB, on top of its memory before.
    #[arg(long, default_value_t = 256)]
    memory: u64,
    /// Further flags of the server.
    #[arg(last = true)]
    flags: Vec<String>,
}

/// Open files of all attacks, followers and newcomers.
const OPEN_FILES: u64 = 15_000;

fn main() -> Result<ExitCode> {
    let args = SiegeArgs::parse();
    let allowed = rlimit::increase_nofile_limit(OPEN_FILES)?;
    ensure!(allowed >= OPEN_FILES, "{OPEN_FILES} open files needed: raise `ulimit -n`");
    let chosen = args.chosen()?;
    println!(
        "{} followers, {} events per second, {} s for each attack\n\n{}",
        args.followers,
        args.rate,
        args.seconds,
        Effect::header()
    );
    let mut failed = 0;
    for attack in chosen {
        let effect = Defence::start(attack, &args)?.withstand(attack, &args)?;
        println!("{effect}");
        failed += usize::from(!effect.is_harmless());
    }
    println!("\n{failed} attacks did harm");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl SiegeArgs {
    fn chosen(&self) -> Result<Vec<&'static Attack>> {
        for name in &self.attacks {
            let names = ATTACKS.map(|attack| attack.name).join(", ");
            ensure!(ATTACKS.iter().any(|attack| attack.name == name), "{name} is none of {names}");
        }
        let is_chosen = |attack: &&Attack| {
            self.attacks.is_empty() || self.attacks.iter().any(|name| name == attack.name)
        };
        Ok(ATTACKS.iter().filter(is_chosen).collect())
    }

    fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}
