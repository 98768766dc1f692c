//! `GET /profile`: where the program spends its processor time.
//!
//! A signal interrupts running threads 99 times in a second of processor time and records their stacks, so idle
//! threads do not appear and a profile costs little.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use axum::extract::RawQuery;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use pprof::{ProfilerGuard, ProfilerGuardBuilder, Report};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::http::problem::Problem;

/// Samples in a second of processor time: not a divisor of the periods of timers.
const SAMPLE_FREQUENCY_HZ: i32 = 99;

/// The duration of a profile if the request names none.
const DEFAULT_PROFILE_SECS: u64 = 10;

/// Longest duration of a profile.
pub(crate) const MAX_PROFILE_SECS: u64 = 60;

/// Libraries that may hold a lock which the recording of a stack needs.
const UNSAFE_LIBRARIES: [&str; 4] = ["libc", "libgcc", "pthread", "vdso"];

/// Held while a profile is taken: a process has one profiler.
static PROFILER: Mutex<()> = Mutex::const_new(());

/// Records for `?seconds=` and returns the stacks as folded text: one line each, with the outermost function first, and the
/// number of samples at the end.
pub(super) async fn get(RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let duration = Duration::from_secs(profile_secs(query.as_deref().unwrap_or_default())?);
    let Ok(_held) = PROFILER.try_lock() else {
        let reason = "is being taken already: wait until it has ended";
        return Err(Problem::new(StatusCode::CONFLICT, "Profile in progress", "profile", reason));
    };
    let guard = ProfilerGuardBuilder::default()
        .frequency(SAMPLE_FREQUENCY_HZ)
        .blocklist(&UNSAFE_LIBRARIES)
        .build()
        .map_err(|error| failure(&error.to_string()))?;
    tokio::time::sleep(duration).await;
    // Names of functions come from the file of the program: not on a thread that serves requests.
    let folded = spawn_blocking(move || fold(guard)).await;
    Ok(folded.map_err(|error| failure(&error.to_string()))??.into_response())
}

fn profile_secs(query: &str) -> Result<u64, Problem> {
    let mut seconds = DEFAULT_PROFILE_SECS;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let allowed = |seconds: &u64| (1..=MAX_PROFILE_SECS).contains(seconds);
        match value.parse().ok().filter(allowed) {
            Some(value) if name == "seconds" => seconds = value,
            _ => {
                let reason = format!("must be seconds, from 1 to {MAX_PROFILE_SECS}");
                let status = StatusCode::BAD_REQUEST;
                return Err(Problem::new(status, "Bad request", "query", reason));
            }
        }
    }
    Ok(seconds)
}

fn failure(reason: &str) -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "No profile",
        "profile",
        format!("failed: {reason}"),
    )
}

fn fold(guard: ProfilerGuard<'_>) -> Result<String, Problem> {
    let report = guard.report().build();
    let Report { data, .. } = report.map_err(|error| failure(&error.to_string()))?;
    let mut stacks = BTreeMap::<String, isize>::new();
    for (stack, samples) in data {
        let mut line = stack.thread_name.clone();
        let functions = stack.frames.iter().rev().flat_map(|inlined| inlined.iter().rev());
        for function in functions {
            // The separators of this format.
            let name = function.name().replace([';', '\n'], ":");
            let _ = write!(line, ";{name}");
        }
        *stacks.entry(line).or_default() += samples;
    }
    Ok(stacks.iter().map(|(stack, samples)| format!("{stack} {samples}\n")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_bounded() {
        for (query, seconds) in [("", Some(10)), ("seconds=1", Some(1)), ("seconds=60", Some(60))] {
            assert_eq!(profile_secs(query).ok(), seconds, "{query}");
        }
        for query in ["seconds=0", "seconds=61", "seconds=x", "seconds", "minutes=1"] {
            assert_eq!(profile_secs(query).unwrap_err().status(), 400, "{query}");
        }
    }
}
