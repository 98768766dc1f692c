//! Standard output: the results of commands, and the line that says where a server is.

use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread;

use anyhow::{Context, Result};

use crate::stderr;

/// Prints the result of a command. A reader that has gone wants no more, so that is not an error.
///
/// # Errors
/// Standard output fails otherwise, e.g. because the disk is full.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut stdout = io::stdout().lock();
    check(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// Prints the address of a server that is ready, and that of its listener for administrators. The server does not
/// need standard output, so it neither waits for it nor fails with it.
pub(crate) fn print_addresses(
    scheme: &'static str,
    address: SocketAddr,
    admin: Option<SocketAddr>,
) {
    let thread = thread::Builder::new().name("stdout".into());
    let printing = thread.spawn(move || {
        let admin =
            admin.map(|admin| format!("its endpoints for administrators are at http://{admin}\n"));
        let admin = admin.unwrap_or_default();
        let printed = print(&format!("flightboard is at {scheme}://{address}\n{admin}"));
        if let Err(error) = printed {
            tracing::warn!("{error:#}; flightboard is at {scheme}://{address}");
        }
    });
    if let Err(error) = printing {
        tracing::warn!("cannot print the address {scheme}://{address}: {error}");
    }
}

/// Prints the help or version that was asked for, or what is wrong with the flags.
pub(crate) fn print_usage(usage: &clap::Error) -> ExitCode {
    let printed = usage.print();
    if !usage.use_stderr()
        && let Err(error) = check(printed)
    {
        stderr::write(&format!("flightboard: {error:#}\n"));
        return ExitCode::FAILURE;
    }
    usage.exit_code().try_into().map_or(ExitCode::FAILURE, |code: u8| code.into())
}

fn check(printed: io::Result<()>) -> Result<()> {
    match printed {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => printed.context("cannot write to standard output"),
    }
}
