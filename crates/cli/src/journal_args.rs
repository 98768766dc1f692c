//! Flags for the journal: in a file, in memory or in NATS.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use journal::{JournalOptions, SqliteJournal};
use nats_journal::{NatsConfig, ServerList, StreamPrefix, StreamStorage};
use server::{HISTORY_BYTES, HistorySettings, MEMORY_HISTORY_BYTES};

/// The part of a disk that a journal may have, as a divisor.
const DISK_SHARE: u64 = 4;

/// Bytes of a journal in memory.
const MEMORY_KEEP_BYTES: u64 = 256 * 1024 * 1024;

#[derive(Args)]
pub(crate) struct JournalArgs {
    /// File that stores all updates.
    #[arg(
        long,
        env = "FLIGHTBOARD_JOURNAL",
        value_name = "FILE",
        default_value = "flightboard.db"
    )]
    journal: PathBuf,
    /// Keep the journal in memory; it is lost on exit.
    #[arg(long, env = "FLIGHTBOARD_MEMORY", conflicts_with = "journal")]
    memory: bool,
    /// Keep the journal in NATS JetStream, shared with any number of other servers: addresses such as
    /// nats://a:4222,b,c or tls://a.
    #[arg(long, env = "FLIGHTBOARD_NATS", value_name = "URLS", hide_env_values = true,
          conflicts_with_all = ["journal", "memory"])]
    nats: Option<ServerList>,
    #[command(flatten)]
    nats_args: NatsArgs,
    /// Minimum time to keep updates, such as 7d.
    #[arg(long, env = "FLIGHTBOARD_KEEP", default_value = "7d", value_parser = flags::duration)]
    keep: Duration,
    /// Size of the journal above which older updates are deleted sooner, such as 1GiB (by default a quarter of the
    /// disk, for a journal in a file).
    #[arg(long, env = "FLIGHTBOARD_KEEP_BYTES", value_name = "SIZE", value_parser = flags::bytes)]
    keep_bytes: Option<u64>,
    /// File for the index for requests about the past. Without it, the index of a server on NATS is in memory, and
    /// each start builds it again.
    #[arg(long, env = "FLIGHTBOARD_HISTORY", value_name = "FILE", requires = "nats")]
    history: Option<PathBuf>,
    /// Size of the index for requests about the past above which its oldest part is deleted sooner (by default 1 GiB in
    /// a file, at most an eighth of the disk, and 64 MiB in memory).
    #[arg(long, env = "FLIGHTBOARD_HISTORY_BYTES", value_name = "SIZE", value_parser = flags::bytes)]
    history_bytes: Option<u64>,
}

/// Flags for the connection to NATS and for the creation of the stream. They require an argument `nats` of
/// the command that has them.
#[derive(Args)]
pub(crate) struct NatsArgs {
    /// File with the user's credentials, as written by nsc.
    #[arg(long, env = "FLIGHTBOARD_NATS_CREDS", value_name = "FILE", requires = "nats")]
    nats_creds: Option<PathBuf>,
    /// PEM file of CA certificates for the NATS servers (by default those of the operating system).
    #[arg(long, env = "FLIGHTBOARD_NATS_CA", value_name = "FILE", requires = "nats")]
    nats_ca: Option<PathBuf>,
    /// Name of the stream, and first token of its subjects.
    #[arg(
        long,
        env = "FLIGHTBOARD_NATS_PREFIX",
        value_name = "NAME",
        requires = "nats",
        default_value = "flightboard"
    )]
    nats_prefix: StreamPrefix,
    /// Number of NATS servers that store each update; applied when the stream is created.
    #[arg(long, env = "FLIGHTBOARD_NATS_REPLICAS", value_name = "N", requires = "nats",
          default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    nats_replicas: u8,
    /// Storage of the stream; applied when the stream is created.
    #[arg(
        long,
        env = "FLIGHTBOARD_NATS_STORAGE",
        value_name = "KIND",
        requires = "nats",
        default_value = "file"
    )]
    nats_storage: StorageKind,
}

#[derive(Clone, Copy, ValueEnum)]
enum StorageKind {
    /// In files.
    File,
    /// In memory; lost with the NATS servers.
    Memory,
}

/// The journal to open.
pub(crate) enum JournalKind {
    File(PathBuf),
    Memory,
    Nats(Box<NatsConfig>),
}

impl JournalArgs {
    /// The index for requests about the past: beside a journal in a file; on NATS in a file of its own, if there is one;
    /// otherwise in memory.
    pub(crate) fn history(&self) -> HistorySettings {
        let file = if self.nats.is_some() || self.memory {
            self.history.clone()
        } else {
            let mut name = self.journal.as_os_str().to_owned();
            name.push("-history");
            Some(PathBuf::from(name))
        };
        let default_bytes = match &file {
            Some(file) => {
                disk_share(file).map_or(HISTORY_BYTES, |share| HISTORY_BYTES.min(share / 2))
            }
            None => MEMORY_HISTORY_BYTES,
        };
        let max_bytes = self.history_bytes.unwrap_or(default_bytes);
        HistorySettings { file, keep: self.keep, max_bytes }
    }

    /// Checks the files that the flags name.
    pub(crate) fn parse(self) -> Result<(JournalKind, JournalOptions)> {
        let kind = match self.nats {
            Some(servers) => JournalKind::Nats(Box::new(self.nats_args.config(servers)?)),
            None if self.memory => JournalKind::Memory,
            None => JournalKind::File(self.journal),
        };
        let keep_bytes = self.keep_bytes.or_else(|| match &kind {
            JournalKind::File(file) => disk_share(file),
            JournalKind::Memory => Some(MEMORY_KEEP_BYTES),
            JournalKind::Nats(_) => None,
        });
        let options =
            JournalOptions { keep: Some(self.keep), keep_bytes, ..JournalOptions::default() };
        Ok((kind, options))
    }
}

impl JournalKind {
    /// Checks the file without opening it for writing: a server may be using it.
    pub(crate) fn check(&self) -> Result<()> {
        let Self::File(file) = self else { return Ok(()) };
        let context = || format!("cannot use --journal {}", file.display());
        SqliteJournal::check_file(file).with_context(context)
    }
}

/// The share of the disk that a journal has. `None` where the size of the disk is unknown: then the
/// journal keeps all updates of the time to keep.
fn disk_share(file: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder_of(file)).ok()?;
    Some(disk.f_blocks.saturating_mul(disk.f_frsize) / DISK_SHARE)
}

fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

impl NatsArgs {
    pub(crate) fn config(&self, servers: ServerList) -> Result<NatsConfig> {
        if let Some(file) = &self.nats_creds {
            let context = || format!("no credentials in --nats-creds {}", file.display());
            nats_journal::check_credentials_file(file).with_context(context)?;
        }
        if let Some(file) = &self.nats_ca {
            let context = || format!("cannot use --nats-ca {}", file.display());
            nats_journal::check_ca_file(file).with_context(context)?;
        }
        let storage = match self.nats_storage {
            StorageKind::File => StreamStorage::File,
            StorageKind::Memory => StreamStorage::Memory,
        };
        Ok(NatsConfig {
            credentials: self.nats_creds.clone(),
            ca_file: self.nats_ca.clone(),
            prefix: self.nats_prefix.clone(),
            replicas: self.nats_replicas.into(),
            storage,
            ..NatsConfig::new(servers)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journals_get_a_quarter() {
        let folder = tempfile::tempdir().unwrap();
        let disk = rustix::fs::statvfs(folder.path()).unwrap();
        let share = disk_share(&folder.path().join("flightboard.db")).unwrap();
        assert_eq!(share, disk.f_blocks * disk.f_frsize / 4);
        assert!(disk_share(Path::new("flightboard.db")).is_some());
        assert_eq!(disk_share(&folder.path().join("missing").join("flightboard.db")), None);
    }
}
