//! `flightboard copy`: a journal of one kind becomes one of another kind.

/// How far it is.
mod progress;

/// What is in a journal, to be compared with another.
mod survey;

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

use self::progress::Progress;
use self::survey::Survey;
use crate::keeping::Cluster;
use crate::{listen, runtime};

/// Copy all updates from one journal to another, with their times and ids. Interrupted, the same command
/// goes on where it was.
#[derive(Args)]
pub(crate) struct Copy {
    #[command(flatten)]
    places: Places,
    #[command(flatten)]
    cluster: Cluster,
}

/// The flags of a cluster need an argument `nats`. Here either of these may be one.
#[derive(Args)]
#[group(id = "nats", multiple = true)]
struct Places {
    /// Journal that is copied: a file, or addresses such as nats://a:4222,b,c or tls://a. It is not
    /// changed.
    #[arg(long, env = "FLIGHTBOARD_COPY_FROM", value_name = "PLACE", hide_env_values = true)]
    from: Place,
    /// Where it is copied to: the same. There must be no journal yet.
    #[arg(long, env = "FLIGHTBOARD_COPY_TO", value_name = "PLACE", hide_env_values = true)]
    to: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    File(PathBuf),
    Nats(ServerList),
}

/// The journal that is copied, as it is when the copy begins. What comes later is not part of it.
struct Original<J> {
    journal: J,
    origin: ImportSource,
    start: Option<Checkpoint>,
}

impl Copy {
    pub(crate) fn run(self) -> Result<ExitCode> {
        runtime::whole()?.block_on(async {
            let stop = listen::stop()?;
            tokio::select! {
                copied = self.copy() => copied,
                () = stop => bail!("stopped: the same command goes on where it was"),
            }
        })
    }

    async fn copy(&self) -> Result<ExitCode> {
        let Places { from, to } = &self.places;
        if from == to {
            bail!("{from} is where it is already: name another place with --to");
        }
        match from {
            Place::File(path) => self.copy_from(SqliteJournal::open_read_only(path)?).await?,
            Place::Nats(servers) => {
                let place = self.cluster.place(servers.clone())?;
                self.copy_from(NatsJournal::open_read_only(&place).await?).await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn copy_from(&self, journal: impl Journal) -> Result<()> {
        // First of all: records up to it may be let go of at any time.
        let start = journal.start_point().await?;
        let original = Original { origin: ImportSource::of(&journal).await?, journal, start };
        let survey = match &self.places.to {
            Place::File(path) => match SqliteImport::begin(path, &original.origin) {
                Err(ImportError::AlreadyExists { .. }) => {
                    original.compare(SqliteJournal::open_read_only(path)?).await
                }
                import => original.fill(import?).await,
            },
            Place::Nats(servers) => {
                let place = self.cluster.place(servers.clone())?;
                match NatsImport::begin(&place, &original.origin).await {
                    Err(ImportError::AlreadyExists { .. }) => {
                        original.compare(NatsJournal::open_read_only(&place).await?).await
                    }
                    import => original.fill(import?).await,
                }
            }
        };
        let Places { from, to } = &self.places;
        let survey = survey.with_context(|| format!("{from} was not copied to {to}"))?;
        println!("{from} and {to} have the same {survey}");
        original.warn_of_news();
        original.journal.close().await;
        Ok(())
    }
}

impl<J: Journal> Original<J> {
    async fn fill<I: Import>(&self, mut import: I) -> Result<Survey> {
        let tail = self.origin.epochs.tail();
        let progress = Progress::start("copied", tail.0 - self.origin.kept_after.0);
        let mut follow = self.journal.follow(import.tail());
        while import.tail() < tail {
            let records = follow.next().await?;
            let due = records.into_iter().take_while(|record| record.seq <= tail);
            let copied = due.map(copied).collect::<Result<_>>()?;
            let written = import.write(copied).await;
            written.with_context(|| {
                format!("it came to record {} of {tail}, and goes on from there", import.tail())
            })?;
            progress.show(import.tail().0 - self.origin.kept_after.0);
        }
        drop(progress);
        self.compare(import.finish(self.start.clone()).await?).await
    }

    /// What is the same in both, if it is.
    async fn compare(&self, copy: impl Journal) -> Result<Survey> {
        let tail = self.origin.epochs.tail();
        if copy.tail() != tail {
            let has = copy.tail();
            bail!(
                "there is another journal: it ends with record {has}, and not with record {tail}"
            );
        }
        let progress = Progress::start("compared", 2 * (tail.0 - self.origin.kept_after.0));
        let original = Survey::of(&self.journal, &self.origin, &progress).await?;
        let copied = Survey::of(&copy, &self.origin, &progress).await?;
        drop(progress);
        copy.close().await;
        if copied != original {
            bail!("there is another journal: it has {copied}, and not {original}");
        }
        Ok(original)
    }

    fn warn_of_news(&self) {
        let copied = self.origin.epochs.tail();
        let news = self.journal.tail().0.saturating_sub(copied.0);
        if news > 0 {
            tracing::warn!(
                "{news} updates came since and are not in the copy, which ends with record {copied}: \
                 to move, stop the servers first"
            );
        }
    }
}

fn copied(record: Record) -> Result<ImportRecord> {
    Ok(ImportRecord { subject: engine::subject_of(&record)?, record })
}

impl FromStr for Place {
    type Err = ParseNatsConfigError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains("://") {
            text.parse().map(Place::Nats)
        } else {
            Ok(Place::File(text.into()))
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File(path) => path.display().fmt(f),
            Place::Nats(servers) => servers.fmt(f),
        }
    }
}
