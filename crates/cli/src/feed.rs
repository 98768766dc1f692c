//! `flightboard feed`: publishes the updates of a source to a running server.

/// Publishes announcements when they are due.
mod announcements;

/// The demo's feeds.
mod demo_feed;

/// A recording.
mod recording_feed;

/// An airport's source.
mod source_feed;

/// Any JSON, XML or CSV.
mod map_feed;

/// The sources and their terms.
mod source_list;

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};

use crate::stdout;
use demo_feed::{DemoArgs, DemoFeed};
use map_feed::MapFeed;
pub(crate) use map_feed::MapSettings;
use recording_feed::RecordingFeed;
use source_feed::SourceFeed;
use source_list::source_list;

/// Publish the updates of a source to a running server until it ends or you stop it.
#[derive(Args)]
#[command(subcommand_value_name = "SOURCE", subcommand_help_heading = "Sources")]
pub(crate) struct Feed {
    /// List the airports' sources with owner, key, least interval, terms and attribution.
    #[arg(long, env = "FLIGHTBOARD_LIST")]
    list: bool,
    #[command(subcommand)]
    source: Option<FeedSource>,
}

#[derive(Subcommand)]
enum FeedSource {
    /// Six arrivals that land one after another.
    Sample(DemoArgs),
    /// The departures of JFK on 10 July 2013.
    Day(DemoArgs),
    Recording(RecordingFeed),
    Map(Box<MapFeed>),
    #[command(flatten)]
    Airport(SourceFeed),
}

impl Feed {
    pub(crate) fn run(self) -> Result<ExitCode> {
        if self.list {
            stdout::print(&source_list())?;
            return Ok(ExitCode::SUCCESS);
        }
        match self.source {
            Some(FeedSource::Sample(args)) => args.run(DemoFeed::Sample),
            Some(FeedSource::Day(args)) => args.run(DemoFeed::Day),
            Some(FeedSource::Recording(feed)) => feed.run(),
            Some(FeedSource::Map(feed)) => feed.run(),
            Some(FeedSource::Airport(feed)) => feed.run(),
            None => bail!("name a source: flightboard feed --list lists those of airports"),
        }
    }
}
