//! A command for each change.

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};

use serde_json::Value;
use tokio::sync::mpsc;

/// Changes that wait for the command before them. Then further events wait in the socket.
const MAX_WAITING_CHANGES: usize = 64;

/// Runs a command for one change after the other, on a thread of its own.
pub(crate) struct ChangeCommand {
    changes: mpsc::Sender<Value>,
    _thread: JoinHandle<()>,
}

impl ChangeCommand {
    pub(crate) fn start(command: String) -> Self {
        let (changes, mut waiting) = mpsc::channel::<Value>(MAX_WAITING_CHANGES);
        let thread = thread::spawn(move || {
            while let Some(change) = waiting.blocking_recv() {
                run(&command, &change);
            }
        });
        Self { changes, _thread: thread }
    }

    /// Waits until there is room for the change.
    pub(crate) async fn run(&self, change: Value) {
        // It fails only if the thread has panicked, which is logged.
        let _ = self.changes.send(change).await;
    }
}

/// Runs the command in a shell. The change is its standard input, so that no text of a row is a part of the command.
fn run(command: &str, change: &Value) {
    let child = Command::new("sh").arg("-c").arg(command).stdin(Stdio::piped()).spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return tracing::warn!("cannot run the command: {error}"),
    };
    if let Some(mut input) = child.stdin.take() {
        // A command may end without reading it.
        let _ = writeln!(input, "{change}");
    }
    match child.wait() {
        Ok(status) if status.success() => {}
        Ok(status) => tracing::warn!("the command ended with {status}"),
        Err(error) => tracing::warn!("the command cannot be awaited: {error}"),
    }
}
