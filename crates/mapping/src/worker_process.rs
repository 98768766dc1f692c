//! Runs the worker and bounds it in time and output.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::decode::AnswerFormat;
use crate::protocol::{MapReply, MapRequest, shortened};
use crate::worker::WORKER_MEMORY_BYTES;

/// Time within which a program must have read an answer.
pub const RUN_DEADLINE: Duration = Duration::from_secs(10);

/// Most bytes of all outputs of a program.
const MAX_OUTPUT_BYTES: u64 = 16 << 20;

/// Bytes of a worker's standard error that are kept, to explain its end.
const MAX_STDERR_BYTES: u64 = 16 << 10;

/// How to start a worker: a program that calls [`run_worker`](crate::run_worker).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapWorker {
    program: PathBuf,
    args: Vec<OsString>,
    deadline: Duration,
}

/// The updates that a program made of an answer.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct MapOutput {
    /// The format in which the answer was read.
    pub(crate) format: Option<AnswerFormat>,
    /// The outputs, also those before a failure.
    pub(crate) values: Vec<Value>,
    /// Why the run failed, in one sentence.
    pub(crate) failure: Option<String>,
}

/// The end of a worker's standard output.
enum OutputEnd {
    /// Its last reply.
    Finished,
    /// It ended without a last reply.
    CutOff,
    /// It wrote something else than a reply.
    Malformed,
    /// It wrote more than [`MAX_OUTPUT_BYTES`].
    TooLong,
}

impl MapWorker {
    /// A worker that is started as `program` with `args`.
    pub fn new<A: Into<OsString>>(
        program: impl Into<PathBuf>,
        args: impl IntoIterator<Item = A>,
    ) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self { program: program.into(), args, deadline: RUN_DEADLINE }
    }

    /// Runs a request. Returns at the deadline at the latest.
    pub(crate) fn run(&self, request: &MapRequest<'_>, zone: Option<&str>) -> MapOutput {
        let request = match serde_json::to_vec(request) {
            Ok(request) => request,
            Err(error) => return MapOutput::failed(error.to_string()),
        };
        let mut command = Command::new(&self.program);
        // The environment has the keys of other feeds. TZ is what jq's local times mean.
        command.args(&self.args).env_clear().envs(zone.map(|zone| ("TZ", zone)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        match command.spawn() {
            Ok(child) => self.supervise(child, &request),
            Err(error) => MapOutput::failed(format!("the program cannot be started: {error}")),
        }
    }

    /// Exchanges request and replies with the worker, and ends it.
    fn supervise(&self, mut child: Child, request: &[u8]) -> MapOutput {
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (finished, wait) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                // Fails if the worker has ended, which its output shows.
                stdin.map(|mut stdin| stdin.write_all(request))
            });
            let errors = scope.spawn(move || stderr.map(read_errors).unwrap_or_default());
            scope.spawn(move || {
                let mut output = MapOutput::default();
                let end = stdout.map_or(OutputEnd::CutOff, |stdout| output.read(stdout));
                // The receiver waits, unless the deadline has passed.
                let _ = finished.send((output, end));
            });
            let received = wait.recv_timeout(self.deadline);
            // Fails if the worker has ended; then its status stays what it was.
            let _ = child.kill();
            let status = child.wait();
            let errors = errors.join().unwrap_or_default();
            match received {
                Ok((output, OutputEnd::Finished)) => output,
                Ok((output, OutputEnd::TooLong)) => output.and_failed(format!(
                    "the program wrote more than {} MiB",
                    MAX_OUTPUT_BYTES >> 20
                )),
                Ok((output, OutputEnd::Malformed)) => {
                    output.and_failed("the program's process wrote a malformed reply")
                }
                Ok((output, OutputEnd::CutOff)) => output.and_failed(cause_of_end(status, &errors)),
                Err(_) => MapOutput::failed(format!(
                    "the program did not end within {} s",
                    self.deadline.as_secs()
                )),
            }
        })
    }
}

impl MapOutput {
    fn failed(reason: impl Into<String>) -> Self {
        Self::default().and_failed(reason)
    }

    fn and_failed(self, reason: impl Into<String>) -> Self {
        Self { failure: Some(shortened(reason.into())), ..self }
    }

    /// Collects the replies of a worker.
    fn read(&mut self, stdout: ChildStdout) -> OutputEnd {
        let mut lines = BufReader::new(stdout.take(MAX_OUTPUT_BYTES));
        let mut line = Vec::new();
        loop {
            line.clear();
            match lines.read_until(b'\n', &mut line) {
                Ok(length) if length > 0 => {}
                _ => return OutputEnd::CutOff,
            }
            match serde_json::from_slice(&line) {
                Ok(MapReply::Output(value)) => self.values.push(value),
                Ok(MapReply::Failed(reason)) => {
                    *self = std::mem::take(self).and_failed(reason);
                    return OutputEnd::Finished;
                }
                Ok(MapReply::Done(format)) => {
                    self.format = format;
                    return OutputEnd::Finished;
                }
                Err(_) if lines.get_ref().limit() == 0 => return OutputEnd::TooLong,
                Err(_) => return OutputEnd::Malformed,
            }
        }
    }
}

/// The first bytes that a worker wrote to its standard error. The rest is read and dropped, so that it can end.
fn read_errors(mut stderr: ChildStderr) -> String {
    let mut errors = Vec::new();
    // The bytes before an error are all there are.
    let _ = (&mut stderr).take(MAX_STDERR_BYTES).read_to_end(&mut errors);
    let _ = io::copy(&mut stderr, &mut io::sink());
    String::from_utf8_lossy(&errors).into_owned()
}

/// Why a worker ended without a last reply, by what Rust's runtime writes before it aborts.
fn cause_of_end(status: io::Result<ExitStatus>, errors: &str) -> String {
    if errors.contains("has overflowed its stack") {
        return "the program recurses too deeply".to_owned();
    }
    if errors.contains("memory allocation of") || errors.contains("capacity overflow") {
        return format!("the program needs more than {} MiB of memory", WORKER_MEMORY_BYTES >> 20);
    }
    let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    match errors.lines().next_back() {
        Some(line) => format!("the program's process ended with {status}: {line}"),
        None => format!("the program's process ended with {status}"),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Instant;

    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::options::{CsvOptions, MapProgram};

    /// Runs a shell script in place of the worker.
    fn run(script: &str, body: &str, deadline: Duration) -> MapOutput {
        let worker = MapWorker { deadline, ..MapWorker::new("/bin/sh", ["-c", script]) };
        let request = MapRequest {
            program: MapProgram { name: "a.jq".to_owned(), text: ".".to_owned() },
            body: Some(body.into()),
            format: None,
            csv: CsvOptions::default(),
            now: Timestamp::UNIX_EPOCH,
        };
        worker.run(&request, Some("Europe/Oslo"))
    }

    #[test]
    fn outputs_are_collected() {
        let script = r#"cat > /dev/null; echo '{"output":1}'; echo '{"output":{"a":2}}'; echo '{"done":"xml"}'"#;
        // Larger than a pipe.
        let output = run(script, &"x".repeat(1 << 20), RUN_DEADLINE);
        let values = vec![json!(1), json!({"a": 2})];
        assert_eq!(output, MapOutput { format: Some(AnswerFormat::Xml), values, failure: None });
    }

    #[test]
    fn endings_have_a_reason() {
        let memory = "the program needs more than 1024 MiB of memory";
        for (script, reason) in [
            (r#"echo '{"failed":"no rows"}'"#, "no rows"),
            (
                "echo \"thread 'main' (1) has overflowed its stack\" >&2; kill -ABRT $$",
                "the program recurses too deeply",
            ),
            ("echo 'memory allocation of 99 bytes failed' >&2; kill -ABRT $$", memory),
            (
                "echo one >&2; echo two >&2; exit 3",
                "the program's process ended with exit status: 3: two",
            ),
            ("echo garbage", "the program's process wrote a malformed reply"),
        ] {
            let failure = run(&format!("cat > /dev/null; {script}"), "x", RUN_DEADLINE).failure;
            assert_eq!(failure.as_deref(), Some(reason), "{script}");
        }
        // Without reading the request.
        let failure = run("exit 4", &"x".repeat(1 << 20), RUN_DEADLINE).failure;
        assert_eq!(failure.as_deref(), Some("the program's process ended with exit status: 4"));
    }

    #[test]
    fn missing_worker_is_a_failure() {
        let worker = MapWorker::new("/no/such/program", ["worker"]);
        let request = MapRequest {
            program: MapProgram { name: String::new(), text: String::new() },
            body: None,
            format: None,
            csv: CsvOptions::default(),
            now: Timestamp::UNIX_EPOCH,
        };
        let failure = worker.run(&request, None).failure.unwrap();
        assert!(failure.starts_with("the program cannot be started: "), "{failure}");
    }

    #[test]
    fn deadline_ends_the_worker() {
        let start = Instant::now();
        let failure = run("exec sleep 1000", &"x".repeat(1 << 20), Duration::from_secs(1)).failure;
        assert_eq!(failure.as_deref(), Some("the program did not end within 1 s"));
        assert!(start.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn output_is_bounded() {
        let failure =
            run("cat > /dev/null; yes '{\"output\":1}'", "x", Duration::from_secs(100)).failure;
        assert_eq!(failure.as_deref(), Some("the program wrote more than 16 MiB"));
        let failure = run("exec yes 3>&1 >&2", "x", Duration::from_secs(2)).failure;
        assert_eq!(failure.as_deref(), Some("the program did not end within 2 s"));
    }

    #[test]
    fn environment_has_only_the_zone() {
        let script = r#"cat > /dev/null; echo "{\"failed\":\"$(env | cut -d= -f1 | grep -v -e PWD -e SHLVL -e _ | tr -d '\n') $TZ\"}""#;
        let failure = run(script, "x", RUN_DEADLINE).failure;
        assert_eq!(failure.as_deref(), Some("TZ Europe/Oslo"));
    }
}
