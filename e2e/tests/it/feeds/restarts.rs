//! Failures of a source, and restarts of the polling server.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use testkit::fake_upstream::{BodyEnding, FakeUpstream, UpstreamAnswer};

use super::invented_hour::{self, LAST_STEP};
use super::{Audits, SteppedSource, answer_of, oslo_feed, wait_for_boards, wait_for_step};
use crate::process::{start_server, start_server_at};
use crate::wait::WAIT_TIMEOUT;

/// Longest time from a signal to the end of a server without followers.
const STOPPED_WITHIN: Duration = Duration::from_secs(5);

#[test]
fn hour_with_failures_is_announced_once() {
    let folder = TempDir::new().unwrap();
    let step = Arc::new(AtomicUsize::new(super::NO_STEP));
    // Each good answer is followed by a bad one, another kind each time.
    let upstream = FakeUpstream::start({
        let step = Arc::clone(&step);
        move |request| {
            let step = step.load(Ordering::SeqCst);
            let good = answer_of(step);
            match request.number % 12 {
                1 => UpstreamAnswer::none(),
                3 => UpstreamAnswer::new(500, "text/html", "<h1>Internal Server Error</h1>"),
                5 => good.ending(BodyEnding::Cut),
                7 => UpstreamAnswer::xml(invented_hour::empty_answer(step.min(LAST_STEP))),
                9 if step != super::NO_STEP => {
                    UpstreamAnswer::xml(invented_hour::answer(step.saturating_sub(1)))
                }
                11 => UpstreamAnswer::new(200, "text/html", "<!DOCTYPE html><title>Sorry</title>"),
                _ => good,
            }
        }
    });
    let feed = oslo_feed(&upstream);
    let server = start_server(folder.path(), &["--feed", &feed]);
    wait_for_boards(&server.api());
    let mut audits = Audits::follow(server.address);
    for number in 0..=LAST_STEP {
        step.store(number, Ordering::SeqCst);
        wait_for_step(&server.api(), number);
        audits.read_to_step(number);
    }
    audits.assert_announced_once();
    assert!(upstream.request_count() > 2 * LAST_STEP);
}

#[test]
fn restart_repeats_no_event() {
    let folder = TempDir::new().unwrap();
    let source = SteppedSource::start();
    let feed = oslo_feed(&source.upstream);
    let flags = ["--feed", &*feed];
    let mut server = start_server(folder.path(), &flags);
    wait_for_boards(&server.api());
    let mut audits = Audits::follow(server.address);
    for number in 0..=LAST_STEP {
        source.set_step(number);
        if number % 7 == 5 {
            // None, some or all changes of this step have been published.
            server = start_server_at(&server.kill(), folder.path(), &flags);
            audits.resume(server.address);
        }
        wait_for_step(&server.api(), number);
        audits.read_to_step(number);
    }
    audits.assert_announced_once();
}

#[test]
fn endless_answer_delays_no_stop() {
    let folder = TempDir::new().unwrap();
    let upstream = FakeUpstream::start(|_| {
        UpstreamAnswer::xml(invented_hour::answer(0)).ending(BodyEnding::Slow)
    });
    let feed = oslo_feed(&upstream);
    let server = start_server(folder.path(), &["--feed", &feed]);
    crate::wait::wait_until("the source is asked", WAIT_TIMEOUT, || {
        (upstream.request_count() > 0).then_some(())
    });
    let stopped = Instant::now();
    server.process.terminate();
    let output = server.process.wait_for_exit(WAIT_TIMEOUT);
    assert!(output.status.success(), "{output:?}");
    assert!(stopped.elapsed() < STOPPED_WITHIN, "{:?}", stopped.elapsed());
}
