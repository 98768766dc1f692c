//! Signals to processes that a test has started.

use std::process::Child;

pub use rustix::process::Signal;
use rustix::process::{Pid, WaitId, WaitIdOptions, kill_process, waitid};

/// Sends a signal without waiting for its effect.
pub fn send_signal(process: &Child, signal: Signal) {
    kill_process(Pid::from_child(process), signal).unwrap();
}

/// Stops all threads of the process until [`resume`]. They have stopped when this returns; peers notice nothing
/// but silence.
pub fn pause(process: &Child) {
    send_signal(process, Signal::STOP);
    waitid(WaitId::Pid(Pid::from_child(process)), WaitIdOptions::STOPPED).unwrap();
}

pub fn resume(process: &Child) {
    send_signal(process, Signal::CONT);
}
