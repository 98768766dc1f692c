//! Fuzzing with libFuzzer on stable Rust: the flags below make the compiler record the branches that an input takes.

use std::fs::{self, File};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::command::{command, run};
use crate::{tools, workspace_root};

/// The targets, which are also the names of their corpora.
const CORPUS_FOLDER: &str = "e2e/fuzz/corpus";

/// Inputs that reached new branches, logs, and inputs that failed.
const RESULT_FOLDER: &str = "target/fuzz";

/// Instrumentation for libFuzzer, as `cargo fuzz` sets it without a sanitizer.
const COVERAGE_FLAGS: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

#[derive(Args)]
pub(crate) struct FuzzArgs {
    /// Targets; all of them by default
    targets: Vec<String>,
    /// Minutes for each target
    #[arg(long, default_value_t = 10)]
    minutes: u32,
}

/// Runs each target and prints how many inputs it took. An input that fails stops its target.
pub(crate) fn run_targets(args: &FuzzArgs) -> Result<ExitCode> {
    let root = workspace_root()?;
    let host = tools::host_tuple(&root)?;
    let mut build = command(env!("CARGO"), &root, &["build", "--locked", "--profile", "fuzz"]);
    build.args(["--target", &host, "--package", "fuzz", "--features", "libfuzzer"]);
    run(build.env("CARGO_ENCODED_RUSTFLAGS", COVERAGE_FLAGS.join("\u{1f}")))?;
    let program = root.join("target").join(&host).join("fuzz/fuzz");
    let mut failed = 0;
    for target in args.targets(&root.join(CORPUS_FOLDER))? {
        let found = root.join(RESULT_FOLDER).join(&target);
        fs::create_dir_all(&found)?;
        let log_path = root.join(RESULT_FOLDER).join(format!("{target}.log"));
        let log = File::create(&log_path)?;
        // As in any Rust program: a write to a closed connection is an error, and not the end of the process.
        let mut fuzz = command("env", &root, &["--ignore-signal=PIPE"]);
        fuzz.arg(&program).args(["-print_final_stats=1", "-timeout=30"]);
        fuzz.arg(format!("-max_total_time={}", args.minutes * 60));
        fuzz.arg(format!("-artifact_prefix={RESULT_FOLDER}/{target}-"));
        fuzz.arg(&found).arg(root.join(CORPUS_FOLDER).join(&target));
        fuzz.env("FUZZ_TARGET", &target).stdout(log.try_clone()?).stderr(log);
        let status = fuzz.status().context("cannot start the fuzz target")?;
        let log = String::from_utf8_lossy(&fs::read(&log_path)?).into_owned();
        let runs =
            log.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
        let outcome = if status.success() { "no finding" } else { "FAILED" };
        failed += usize::from(!status.success());
        println!("{target:<16} {:>12} inputs  {outcome}", runs.unwrap_or("?").trim());
        if !status.success() {
            println!("    see {}", log_path.display());
        }
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl FuzzArgs {
    fn targets(&self, corpus: &std::path::Path) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(corpus)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        for name in &self.targets {
            ensure!(names.contains(name), "{name} is none of {}", names.join(", "));
        }
        Ok(if self.targets.is_empty() { names } else { self.targets.clone() })
    }
}
