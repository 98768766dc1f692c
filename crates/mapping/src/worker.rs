//! The worker: reads a request from standard input, runs its program, and writes the outputs to standard output.
//! Its own limits end a program that its parent cannot end, because the parent has died.

use std::io::{self, BufWriter, Read, Write};
use std::thread;
use std::time::Duration;

use flight::MAX_FLIGHTS;
use rlimit::Resource;
use serde_json::Value;

use crate::decode::AnswerFormat;
use crate::program::CompiledProgram;
use crate::protocol::{MapReply, MapRequest};

/// Address space of a worker. A decoded answer takes about ten times its size.
pub const WORKER_MEMORY_BYTES: u64 = 1 << 30;

/// Stack of the thread that runs a program: jq functions recurse.
const STACK_BYTES: usize = 128 << 20;

/// Processor time of a worker. Longer than the deadline, at which the parent ends it.
const PROCESSOR_TIME: Duration = Duration::from_secs(30);

/// Most outputs of a program: the rows of a full board, and the coverage.
const MAX_OUTPUTS: usize = MAX_FLIGHTS + 1;

/// Runs the worker until it has answered its request.
///
/// # Errors
/// The limits cannot be set, the request cannot be read, or the parent no longer reads.
pub fn run_worker() -> io::Result<()> {
    limit_process()?;
    let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn(|| {
        let mut request = String::new();
        io::stdin().read_to_string(&mut request)?;
        let request = serde_json::from_str(&request)?;
        let mut replies = BufWriter::new(io::stdout().lock());
        answer(request, |reply| {
            serde_json::to_writer(&mut replies, reply)?;
            replies.write_all(b"\n")
        })?;
        replies.flush()
    })?;
    thread.join().unwrap_or_else(|_| Err(io::Error::other("the program panicked")))
}

fn limit_process() -> io::Result<()> {
    for (resource, limit) in [
        (Resource::AS, WORKER_MEMORY_BYTES),
        (Resource::CPU, PROCESSOR_TIME.as_secs()),
        (Resource::CORE, 0),
    ] {
        if resource.is_supported() {
            let (_, hard) = resource.get()?;
            let limit = limit.min(hard);
            resource.set(limit, limit)?;
        }
    }
    Ok(())
}

/// Runs a request and passes its replies on, the last of which says how the run ended.
pub(crate) fn answer(
    request: MapRequest<'_>,
    mut reply: impl FnMut(&MapReply) -> io::Result<()>,
) -> io::Result<()> {
    let mut written = Ok(());
    let outcome = run(&request, |value| {
        written = reply(&MapReply::Output(value));
        written.is_ok()
    });
    written?;
    reply(&outcome.map_or_else(MapReply::Failed, MapReply::Done))
}

fn run(
    request: &MapRequest<'_>,
    mut output: impl FnMut(Value) -> bool,
) -> Result<Option<AnswerFormat>, String> {
    let program = CompiledProgram::compile(&request.program)?;
    let Some(body) = &request.body else { return Ok(None) };
    let format = request.format.unwrap_or_else(|| AnswerFormat::detect(body));
    let input = format
        .decode(body, request.csv)
        .map_err(|reason| format!("the answer cannot be read: {reason}"))?;
    let mut count = 0;
    let mut failure = None;
    let name = &request.program.name;
    program.run(input, request.now, |value| {
        count += 1;
        // jaq's values are more than JSON: a number may be infinite, a key may be a number.
        match serde_json::from_str(&value.to_string()) {
            _ if count > MAX_OUTPUTS => {
                failure = Some(format!("{name} has more than {MAX_FLIGHTS} rows"));
            }
            Ok(value) => return output(value),
            Err(_) => failure = Some(format!("output {count} of {name} is not JSON")),
        }
        false
    })?;
    failure.map_or(Ok(Some(format)), Err)
}
