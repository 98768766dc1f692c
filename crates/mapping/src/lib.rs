//! Rows from any JSON, XML or CSV, by a jq program.
//!
//! A [`MapSource`] is a source of `feeds` whose answers are read by a program of the user. The program runs
//! in a process of its own, the [worker](run_worker), with limits of memory and time: a jq program may never end,
//! or allocate all memory.
//!
//! ```
//! use mapping::AnswerFormat;
//!
//! assert_eq!(AnswerFormat::detect("\u{feff}[{\"flight\":\"SK1457\"}]"), AnswerFormat::Json);
//! assert_eq!(AnswerFormat::detect("<flights/>"), AnswerFormat::Xml);
//! assert_eq!(AnswerFormat::detect("SK1457,2026-11-22,CPH"), AnswerFormat::Csv);
//! ```

/// The input and the rules of a mapping.
mod options;

/// The source: requests, and the reading of answers.
mod source;

/// One answer explained: its rows, and why others were refused.
mod explain;

/// The outputs of a program in terms of a feed: rows, refused rows and coverage.
mod outputs;

/// One row from one output.
mod row;

/// Times of rows: with an offset, or local to the board.
mod time;

/// Runs the worker and bounds it in time and output.
mod worker_process;

/// The worker: reads a request, runs its program, writes the outputs.
mod worker;

/// The request to a worker, and its replies.
mod protocol;

/// Decodes an answer to the input of a program.
mod decode;

/// Compiles and runs a program.
mod program;

/// The documented programs.
#[cfg(test)]
mod documented_programs;

pub use decode::AnswerFormat;
pub use explain::{Explanation, explain};
pub use options::{CsvOptions, MapError, MapOptions, MapProgram};
pub use outputs::RefusedOutput;
pub use source::{MAP_TERMS, MapSource};
pub use worker::{WORKER_MEMORY_BYTES, run_worker};
pub use worker_process::{MapWorker, RUN_DEADLINE};
