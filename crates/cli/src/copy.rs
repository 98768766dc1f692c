//! `flightboard copy`: copies a journal, also to one of another kind.

/// Progress on standard error.
mod progress;

/// A digest of a journal, to compare it with another one.
mod digest;

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use clap::Args;
use journal::{
    Checkpoint, Follow, Import, ImportError, ImportRecord, ImportSource, Journal, Record,
    SqliteImport, SqliteJournal,
};
use nats_journal::{NatsImport, NatsJournal, ParseNatsConfigError, ServerList};

use self::digest::JournalDigest;
use self::progress::CopyProgress;
use crate::journal_args::NatsArgs;
use crate::{listen, runtime, stdout};

/// Copy all updates from one journal to another, with their times and ids. After an interruption, the same
/// command resumes.
#[derive(Args)]
pub(crate) struct CopyCommand {
    #[command(flatten)]
    locations: CopyLocations,
    #[command(flatten)]
    nats_args: NatsArgs,
}

/// The flags in [`NatsArgs`] require an argument `nats`: here, either of these.
#[derive(Args)]
#[group(id = "nats", multiple = true)]
struct CopyLocations {
    /// Source: a file, or addresses such as nats://a:4222,b,c or tls://a. It is not changed.
    #[arg(long, env = "FLIGHTBOARD_COPY_FROM", value_name = "LOCATION", hide_env_values = true)]
    from: JournalLocation,
    /// Destination, in the same form. It must not have a journal yet.
    #[arg(long, env = "FLIGHTBOARD_COPY_TO", value_name = "LOCATION", hide_env_values = true)]
    to: JournalLocation,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum JournalLocation {
    File(PathBuf),
    Nats(ServerList),
}

/// The journal to copy, as of the start of the copy; later records are not part of it.
struct CopySource<J> {
    journal: J,
    origin: ImportSource,
    start: Option<Checkpoint>,
}

impl CopyCommand {
    pub(crate) fn run(self) -> Result<ExitCode> {
        runtime::full()?.block_on(async {
            let stop = listen::stop_signal()?;
            tokio::select! {
                copied = self.copy() => copied,
                () = stop => bail!("stopped; run the same command again to resume"),
            }
        })
    }

    async fn copy(&self) -> Result<ExitCode> {
        let CopyLocations { from, to } = &self.locations;
        if from == to {
            bail!("--from and --to are both {from}");
        }
        match from {
            JournalLocation::File(path) => {
                self.copy_from(SqliteJournal::open_read_only(path)?).await?;
            }
            JournalLocation::Nats(servers) => {
                let config = self.nats_args.config(servers.clone())?;
                self.copy_from(NatsJournal::open_read_only(&config).await?).await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn copy_from(&self, journal: impl Journal) -> Result<()> {
        // Before anything else: the records before it may be pruned at any time.
        let start = journal.start_point().await?;
        let original = CopySource { origin: ImportSource::read(&journal).await?, journal, start };
        let copied = match &self.locations.to {
            JournalLocation::File(path) => match SqliteImport::begin(path, &original.origin) {
                Err(ImportError::AlreadyExists { .. }) => {
                    original.compare(SqliteJournal::open_read_only(path)?).await
                }
                import => original.fill(import?).await,
            },
            JournalLocation::Nats(servers) => {
                let config = self.nats_args.config(servers.clone())?;
                match NatsImport::begin(&config, &original.origin).await {
                    Err(ImportError::AlreadyExists { .. }) => {
                        original.compare(NatsJournal::open_read_only(&config).await?).await
                    }
                    import => original.fill(import?).await,
                }
            }
        };
        let CopyLocations { from, to } = &self.locations;
        let digest = copied.with_context(|| format!("cannot copy {from} to {to}"))?;
        original.warn_of_later_records();
        original.journal.close().await;
        stdout::print(&format!("{from} and {to} have the same {digest}\n"))
    }
}

impl<J: Journal> CopySource<J> {
    async fn fill<I: Import>(&self, mut import: I) -> Result<JournalDigest> {
        let tail = self.origin.epochs.tail();
        let progress = CopyProgress::start("copied", tail.0 - self.origin.kept_after.0);
        let mut follow = self.journal.follow(import.tail());
        while import.tail() < tail {
            let records = follow.next().await?;
            let due = records.into_iter().take_while(|record| record.seq <= tail);
            let copied = due.map(import_record).collect::<Result<_>>()?;
            let written = import.write(copied).await;
            written.with_context(|| {
                format!(
                    "copied up to record {} of {tail}; the same command resumes from there",
                    import.tail()
                )
            })?;
            progress.show(import.tail().0 - self.origin.kept_after.0);
        }
        drop(progress);
        self.compare(import.finish(self.start.clone()).await?).await
    }

    /// The digest of both journals, if they have the same.
    async fn compare(&self, copy: impl Journal) -> Result<JournalDigest> {
        let tail = self.origin.epochs.tail();
        if copy.tail() != tail {
            let copy_tail = copy.tail();
            bail!(
                "the destination has a different journal: it ends with record {copy_tail}, not {tail}"
            );
        }
        let progress = CopyProgress::start("compared", 2 * (tail.0 - self.origin.kept_after.0));
        let original = JournalDigest::compute(&self.journal, &self.origin, &progress).await?;
        let copied = JournalDigest::compute(&copy, &self.origin, &progress).await?;
        drop(progress);
        copy.close().await;
        if copied != original {
            bail!("the destination has a different journal: {copied} instead of {original}");
        }
        Ok(original)
    }

    fn warn_of_later_records(&self) {
        let copied = self.origin.epochs.tail();
        let later = self.journal.tail().0.saturating_sub(copied.0);
        if later > 0 {
            tracing::warn!(
                "{later} later updates are not in the copy, which ends with record {copied}: to move a journal, stop \
                 its servers first"
            );
        }
    }
}

fn import_record(record: Record) -> Result<ImportRecord> {
    Ok(ImportRecord { subject: engine::subject_of(&record)?, record })
}

impl FromStr for JournalLocation {
    type Err = ParseNatsConfigError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains("://") {
            text.parse().map(JournalLocation::Nats)
        } else {
            Ok(JournalLocation::File(text.into()))
        }
    }
}

impl fmt::Display for JournalLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JournalLocation::File(path) => path.display().fmt(f),
            JournalLocation::Nats(servers) => servers.fmt(f),
        }
    }
}
