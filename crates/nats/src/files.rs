//! The files that a place names, looked at before anybody waits for servers: a wrong one stays wrong.

use std::path::Path;
use std::{fs, io};

use async_nats::ConnectOptions;

/// Whether the file has a user's JWT and key.
///
/// # Errors
/// It cannot be read, or has not.
pub fn check_credentials(file: &Path) -> io::Result<()> {
    ConnectOptions::with_credentials(&fs::read_to_string(file)?).map(drop)
}

/// Whether the file has certificates.
///
/// # Errors
/// It cannot be read, or has none.
pub fn check_authorities(file: &Path) -> io::Result<()> {
    if fs::read_to_string(file)?.contains("-----BEGIN CERTIFICATE-----") {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "there is no certificate in it"))
}
