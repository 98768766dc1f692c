//! Runs the target that the variable `FUZZ_TARGET` names under libFuzzer, which reads the other arguments.
#![no_main]

use std::sync::LazyLock;

use fuzz::{FuzzTarget, TARGETS};

static TARGET: LazyLock<FuzzTarget> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET names a target");
    let target = TARGETS.into_iter().find(|target| target.name == name);
    target.expect("FUZZ_TARGET is one of the targets")
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (TARGET.run)(bytes));
