//! `flightboard token`: makes tokens.

use std::io::{self, BufRead, Read};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use access::{BoardSet, Token, TokenLine, append_token};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use flight::PublisherName;
use jiff::Timestamp;

use crate::stdout;

/// Longest line of standard input that is read for a token.
const MAX_CHOSEN_LINE_BYTES: u64 = 16 * 1024;

/// Make tokens for publishers and for readers of private boards.
#[derive(Args)]
pub(crate) struct TokenCommand {
    #[command(subcommand)]
    action: TokenAction,
}

#[derive(Subcommand)]
enum TokenAction {
    New(NewToken),
}

/// Print a new token, which is stored nowhere, and the line for the file of serve --tokens. A token of your own choice is
/// not printed.
#[derive(Args)]
struct NewToken {
    /// Name of the credential. The record of each update that it publishes has it.
    #[arg(long, env = "FLIGHTBOARD_NAME", value_parser = parse_name)]
    name: PublisherName,
    /// Boards that it may publish: names separated by commas, or * for all.
    #[arg(long, env = "FLIGHTBOARD_PUBLISH", value_name = "BOARDS", value_parser = BoardSet::parse)]
    publish: Option<BoardSet>,
    /// Private boards that it may follow, in addition to those that it may publish.
    #[arg(long, env = "FLIGHTBOARD_FOLLOW", value_name = "BOARDS", value_parser = BoardSet::parse)]
    follow: Option<BoardSet>,
    /// Time after which it is of no use, such as 90d; by default it has no end.
    #[arg(long, env = "FLIGHTBOARD_EXPIRES", value_name = "DURATION",
          value_parser = flags::duration)]
    expires: Option<Duration>,
    /// File to append the line to, instead of printing it. A new file is readable by its owner only.
    #[arg(long, env = "FLIGHTBOARD_FILE", value_name = "FILE")]
    file: Option<PathBuf>,
    /// Read a token of your own choice from standard input. Its hash is slow to compute, since it may be guessed.
    #[arg(long, env = "FLIGHTBOARD_CHOSEN")]
    chosen: bool,
}

impl TokenCommand {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let TokenAction::New(new) = self.action;
        new.run()
    }
}

impl NewToken {
    fn run(self) -> Result<ExitCode> {
        let publish = self.publish.unwrap_or(BoardSet::none());
        let follow = self.follow.unwrap_or(BoardSet::none());
        if publish.is_empty() && follow.is_empty() {
            bail!(
                "the token would have no rights: name boards with --publish or --follow, or * for all"
            );
        }
        let expires = self.expires.map(end).transpose()?;
        let (line, mut output) = if self.chosen {
            (TokenLine::of_chosen(&read_chosen()?, self.name)?, String::new())
        } else {
            let token = Token::generate();
            (TokenLine::new(&token, self.name), format!("{}\n", token.secret()))
        };
        let line = line.with_publish(publish).with_follow(follow).with_end(expires);
        match self.file {
            Some(file) => append_token(&file, &line)?,
            None => output += &format!("{line}\n"),
        }
        stdout::print(&output)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn parse_name(text: &str) -> Result<PublisherName, String> {
    PublisherName::parse(text).map_err(|error| error.reason)
}

/// The end of a token, in whole seconds.
fn end(after: Duration) -> Result<Timestamp> {
    if after.is_zero() {
        bail!("--expires must be longer than 0");
    }
    let end = Timestamp::now().checked_add(after).context("--expires is too long")?;
    Ok(Timestamp::from_second(end.as_second())?)
}

fn read_chosen() -> Result<Token> {
    let mut text = String::new();
    let mut input = io::stdin().lock().take(MAX_CHOSEN_LINE_BYTES);
    input.read_line(&mut text).context("cannot read a token from standard input")?;
    Ok(Token::parse(&text)?)
}
