//! `flightboard feed SOURCE`: an airport's source, polled for a running server.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Subcommand};
use feeds::SOURCES;
use flight::{BoardKind, BoardName};
use jiff::Timestamp;

use crate::client::TargetArgs;
use crate::feed_plan::{PlannedFeed, RequestBudgets};
use crate::feed_settings::FeedSettings;
use crate::http_target::HttpTarget;
use crate::{flag_values, listen, runtime};

/// A source of the registry, as a subcommand.
pub(crate) struct SourceFeed {
    source: String,
    args: SourceArgs,
}

/// Flags of all sources.
#[derive(Args)]
struct SourceArgs {
    /// Code of the airport.
    airport: Option<String>,
    #[command(flatten)]
    target: TargetArgs,
    /// Rows to publish: arrivals or departures. By default both, each to a board of its own.
    #[arg(long, env = "FLIGHTBOARD_KIND", value_parser = flag_values::board_kind)]
    kind: Option<BoardKind>,
    /// Board to publish to, instead of one named by airport and kind. Without a kind it has arrivals.
    #[arg(long, env = "FLIGHTBOARD_BOARD", value_name = "NAME", value_parser = BoardName::parse)]
    board: Option<BoardName>,
    /// URL that replaces scheme, host and port of the source's address.
    #[arg(long, env = "FLIGHTBOARD_SOURCE_URL", value_name = "URL")]
    source_url: Option<String>,
    /// Time between two polls, by default the source's least interval.
    #[arg(long, env = "FLIGHTBOARD_INTERVAL", value_name = "DURATION",
          value_parser = flags::duration)]
    interval: Option<Duration>,
    /// Time at which the feed's clock starts, for a source at a loopback address.
    #[arg(long, env = "FLIGHTBOARD_CLOCK", value_name = "TIME",
          value_parser = flag_values::timestamp)]
    clock: Option<Timestamp>,
    /// File with the source's key.
    #[arg(long, env = "FLIGHTBOARD_KEY_FILE", value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// File that counts the requests of a source with a monthly budget.
    #[arg(long, env = "FLIGHTBOARD_BUDGET_FILE", value_name = "FILE")]
    budget_file: Option<PathBuf>,
    /// Number of requests in a month, if it is not the source's usual one.
    #[arg(long, env = "FLIGHTBOARD_MONTHLY_REQUESTS", value_name = "N")]
    monthly_requests: Option<u32>,
}

impl SourceFeed {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let Self { source, args } = self;
        let settings = FeedSettings {
            source,
            airport: args.airport,
            kind: args.kind,
            board: args.board,
            source_url: args.source_url,
            interval: args.interval,
            clock: args.clock,
            key_file: args.key_file,
            budget_file: args.budget_file,
            webhook_file: None,
            monthly_requests: args.monthly_requests,
        };
        let planned = PlannedFeed::new(&settings, &mut RequestBudgets::default(), None)?;
        let target = HttpTarget::new(args.target.connect()?);
        let runtime = runtime::full()?;
        let ended = runtime.block_on(async {
            let stop = listen::stop_signal()?;
            Ok::<_, anyhow::Error>(planned.feed.run(&target, stop).await?)
        });
        // A request that is being retried must not delay the end.
        runtime.shutdown_background();
        ended.map(|()| ExitCode::SUCCESS)
    }
}

impl FromArgMatches for SourceFeed {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let (source, matches) =
            matches.subcommand().ok_or_else(|| Error::new(ErrorKind::MissingSubcommand))?;
        Ok(Self { source: source.to_owned(), args: SourceArgs::from_arg_matches(matches)? })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Subcommand for SourceFeed {
    fn augment_subcommands(command: Command) -> Command {
        SOURCES.iter().fold(command, |command, terms| {
            let source = SourceArgs::augment_args(Command::new(terms.name));
            command.subcommand(source.about(terms.owner))
        })
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Self::augment_subcommands(command)
    }

    fn has_subcommand(name: &str) -> bool {
        SOURCES.iter().any(|terms| terms.name == name)
    }
}
