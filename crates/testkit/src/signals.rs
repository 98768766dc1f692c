//! Signals to processes that a test has started.

use std::process::Child;

pub use rustix::process::Signal;
use rustix::process::{Pid, WaitId, WaitIdOptions, kill_process, waitid};

/// Sends one, and does not wait for what comes of it.
pub fn send(process: &Child, signal: Signal) {
    kill_process(Pid::from_child(process), signal).unwrap();
}

/// When this returns, none of its threads does anything any more, and nobody is told, until it is let go on.
pub fn freeze(process: &Child) {
    send(process, Signal::STOP);
    waitid(WaitId::Pid(Pid::from_child(process)), WaitIdOptions::STOPPED).unwrap();
}

pub fn let_go_on(process: &Child) {
    send(process, Signal::CONT);
}
