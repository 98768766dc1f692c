//! Where updates are kept: in a file, in NATS, or nowhere.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use journal::JournalOptions;
use nats_journal::{NatsConfig, ServerList, StreamPrefix, StreamStorage};

use crate::values;

#[derive(Args)]
pub(crate) struct Keeping {
    /// File that keeps all updates.
    #[arg(
        long,
        env = "FLIGHTBOARD_JOURNAL",
        value_name = "FILE",
        default_value = "flightboard.db"
    )]
    journal: PathBuf,
    /// Keep nothing: a stop forgets all.
    #[arg(
        long,
        env = "FLIGHTBOARD_MEMORY",
        conflicts_with = "journal",
        value_parser = BoolishValueParser::new()
    )]
    memory: bool,
    /// Keep updates in NATS JetStream instead, together with any number of servers that do so too:
    /// addresses such as nats://a:4222,b,c or tls://a.
    #[arg(long, env = "FLIGHTBOARD_NATS", value_name = "URLS", hide_env_values = true,
          conflicts_with_all = ["journal", "memory"])]
    nats: Option<ServerList>,
    #[command(flatten)]
    cluster: Cluster,
    /// How long updates are kept at least, such as 7d.
    #[arg(long, env = "FLIGHTBOARD_KEEP", default_value = "7d", value_parser = values::duration)]
    keep: Duration,
    /// How large the journal may grow before older updates go sooner, such as 1GiB.
    #[arg(long, env = "FLIGHTBOARD_KEEP_BYTES", value_name = "SIZE", value_parser = values::bytes)]
    keep_bytes: Option<u64>,
}

/// How NATS is reached, and what is made there. Whoever has these flags has an argument `nats` that says
/// where it is.
#[derive(Args)]
pub(crate) struct Cluster {
    /// File with the user's credentials, as nsc writes it.
    #[arg(long, env = "FLIGHTBOARD_NATS_CREDS", value_name = "FILE", requires = "nats")]
    nats_creds: Option<PathBuf>,
    /// File with certificates, in PEM, of who vouches for the NATS servers, instead of those that the
    /// system knows.
    #[arg(long, env = "FLIGHTBOARD_NATS_CA", value_name = "FILE", requires = "nats")]
    nats_ca: Option<PathBuf>,
    /// Name of the stream, and first word of its subjects.
    #[arg(
        long,
        env = "FLIGHTBOARD_NATS_PREFIX",
        value_name = "NAME",
        requires = "nats",
        default_value = "flightboard"
    )]
    nats_prefix: StreamPrefix,
    /// NATS servers that keep each update, when the stream is made.
    #[arg(long, env = "FLIGHTBOARD_NATS_REPLICAS", value_name = "N", requires = "nats",
          default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    nats_replicas: u8,
    /// Where NATS servers keep it, when the stream is made.
    #[arg(
        long,
        env = "FLIGHTBOARD_NATS_STORAGE",
        value_name = "KIND",
        requires = "nats",
        default_value = "file"
    )]
    nats_storage: Kind,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// In files.
    File,
    /// In memory: gone with the servers that have it.
    Memory,
}

/// Which journal a server is to have.
pub(crate) enum Kept {
    File(PathBuf),
    Memory,
    Nats(Box<NatsConfig>),
}

impl Keeping {
    /// What the flags ask for.
    pub(crate) fn read(self) -> Result<(Kept, JournalOptions)> {
        let options = JournalOptions {
            keep: Some(self.keep),
            keep_bytes: self.keep_bytes,
            ..JournalOptions::default()
        };
        let kept = match self.nats {
            Some(servers) => Kept::Nats(Box::new(self.cluster.place(servers)?)),
            None if self.memory => Kept::Memory,
            None => Kept::File(self.journal),
        };
        Ok((kept, options))
    }
}

impl Cluster {
    pub(crate) fn place(&self, servers: ServerList) -> Result<NatsConfig> {
        if let Some(file) = &self.nats_creds {
            let wrong = || format!("--nats-creds {} has no credentials", file.display());
            nats_journal::check_credentials_file(file).with_context(wrong)?;
        }
        if let Some(file) = &self.nats_ca {
            let wrong = || format!("--nats-ca {} cannot be used", file.display());
            nats_journal::check_ca_file(file).with_context(wrong)?;
        }
        let storage = match self.nats_storage {
            Kind::File => StreamStorage::File,
            Kind::Memory => StreamStorage::Memory,
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
