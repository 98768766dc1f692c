//! Flags for servers other than a flightboard.

use anyhow::{Result, ensure};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::endpoint::Endpoint;
use crate::flag_values;
use crate::message_template::HeaderLine;
use crate::timestamps;

/// The placeholder for the number of a board.
const BOARD_PLACEHOLDER: &str = "{board}";

#[derive(Args)]
pub(crate) struct ExternalArgs {
    /// URL that publishes a message on a server other than a flightboard. With several boards, {board}
    /// in it is replaced by the board's number.
    #[arg(long, env = "FLIGHTBOARD_BENCH_PUBLISH_URL", value_name = "URL")]
    pub(crate) publish_url: Option<String>,
    /// Method of the requests to --publish-url.
    #[arg(long, env = "FLIGHTBOARD_BENCH_PUBLISH_METHOD", value_name = "METHOD",
          default_value = "POST", requires = "publish_url", value_parser = flag_values::method)]
    pub(crate) publish_method: String,
    /// Body of the requests, in which {number} is replaced by the message's number and {time} by a
    /// timestamp from which latency is measured.
    #[arg(
        long,
        env = "FLIGHTBOARD_BENCH_PUBLISH_BODY",
        value_name = "TEXT",
        default_value = r#"{"number":{number},"time":"{time}"}"#,
        requires = "publish_url"
    )]
    pub(crate) publish_body: String,
    /// Additional header of the requests; repeatable.
    #[arg(
        long,
        env = "FLIGHTBOARD_BENCH_PUBLISH_HEADER",
        value_name = "NAME: VALUE",
        requires = "publish_url"
    )]
    pub(crate) publish_header: Vec<HeaderLine>,
    /// Path of the stream to follow; may contain {board}, like --publish-url.
    #[arg(
        long,
        env = "FLIGHTBOARD_BENCH_PATH",
        value_name = "PATH",
        default_value = "/events",
        requires = "publish_url"
    )]
    pub(crate) path: String,
    /// Text that counts as one delivery: each message has it once on the stream.
    #[arg(long, env = "FLIGHTBOARD_BENCH_MARK", value_name = "TEXT", default_value = timestamps::PREFIX,
          requires = "publish_url", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) mark: String,
}

impl ExternalArgs {
    /// The publishing endpoint and the stream of each board.
    pub(crate) fn endpoints(
        &self,
        server: &str,
        boards: usize,
    ) -> Result<(Vec<Endpoint>, Vec<Endpoint>)> {
        let publish = self.publish_url.as_deref().unwrap_or(server);
        let stream = format!("{server}{}", self.path);
        for (flag, text) in [("--publish-url", publish), ("--path", &*stream)] {
            ensure!(
                boards == 1 || text.contains(BOARD_PLACEHOLDER),
                "{flag} must contain {BOARD_PLACEHOLDER} to address {boards} boards"
            );
        }
        Ok((per_board(publish, boards)?, per_board(&stream, boards)?))
    }
}

fn per_board(url: &str, boards: usize) -> Result<Vec<Endpoint>> {
    (1..=boards)
        .map(|board| Endpoint::parse(&url.replace(BOARD_PLACEHOLDER, &board.to_string())))
        .collect()
}
