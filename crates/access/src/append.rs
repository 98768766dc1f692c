//! Adds a line to a token file.

use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::credentials::LoadError;
use crate::token_line::TokenLine;
use crate::token_table::TokenTable;

/// Only the owner reads and writes a new file.
const FILE_MODE: u32 = 0o600;

/// Adds `line` to the file, and creates it if necessary. The line is one write, so a server that reads the file
/// meanwhile sees all of it or nothing.
///
/// # Errors
/// The file cannot be written, or has a line that is not valid: then it may be another kind of file, and stays as it
/// is.
pub fn append_token(path: &Path, line: &TokenLine) -> Result<(), LoadError> {
    let failed = |source| LoadError::Unwritable { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(FILE_MODE);
    let mut file = options.open(path).map_err(failed)?;
    let mut content = String::new();
    file.read_to_string(&mut content).map_err(failed)?;
    let separator = if content.is_empty() || content.ends_with('\n') { "" } else { "\n" };
    let addition = format!("{separator}{line}\n");
    // With the addition, so that the file does not get one token too many either.
    TokenTable::parse(&(content + &addition)).map_err(|(line, reason)| LoadError::BadLine {
        path: path.to_owned(),
        line,
        reason,
    })?;
    file.seek(SeekFrom::End(0)).map_err(failed)?;
    file.write_all(addition.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)
}
