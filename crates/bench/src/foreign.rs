//! How a server is measured that is no flightboard.

use anyhow::{Result, ensure};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::flag_values;
use crate::message::Header;
use crate::stamps;
use crate::target::Place;

#[derive(Args)]
pub(crate) struct Foreign {
    /// For any other server, where messages are published: a whole URL. With several boards, {board}
    /// in it is the board's number.
    #[arg(long, env = "FLIGHTBOARD_BENCH_PUBLISH_URL", value_name = "URL")]
    pub(crate) publish_url: Option<String>,
    /// The method of these requests.
    #[arg(long, env = "FLIGHTBOARD_BENCH_PUBLISH_METHOD", value_name = "METHOD",
          default_value = "POST", requires = "publish_url", value_parser = flag_values::method)]
    pub(crate) publish_method: String,
    /// Their body, in which {number} is the message's number and {time} the time that latency is
    /// counted from.
    #[arg(
        long,
        env = "FLIGHTBOARD_BENCH_PUBLISH_BODY",
        value_name = "TEXT",
        default_value = r#"{"number":{number},"time":"{time}"}"#,
        requires = "publish_url"
    )]
    pub(crate) publish_body: String,
    /// A header of theirs; may be given several times.
    #[arg(
        long,
        env = "FLIGHTBOARD_BENCH_PUBLISH_HEADER",
        value_name = "NAME: VALUE",
        requires = "publish_url"
    )]
    pub(crate) publish_header: Vec<Header>,
    /// Path of the stream there; {board} in it as above.
    #[arg(
        long,
        env = "FLIGHTBOARD_BENCH_PATH",
        value_name = "PATH",
        default_value = "/events",
        requires = "publish_url"
    )]
    pub(crate) path: String,
    /// What counts as one delivery: a text that each message has once on the stream.
    #[arg(long, env = "FLIGHTBOARD_BENCH_MARK", value_name = "TEXT", default_value = stamps::BEGINNING,
          requires = "publish_url", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) mark: String,
}

/// What stands for the number of a board.
const BOARD: &str = "{board}";

impl Foreign {
    /// Where messages are published, and where the streams are, of each board.
    pub(crate) fn places(&self, server: &str, boards: usize) -> Result<(Vec<Place>, Vec<Place>)> {
        let publish = self.publish_url.as_deref().unwrap_or(server);
        let stream = format!("{server}{}", self.path);
        for (flag, text) in [("--publish-url", publish), ("--path", &*stream)] {
            ensure!(
                boards == 1 || text.contains(BOARD),
                "{flag} has to say with {BOARD} where each of {boards} boards is"
            );
        }
        let each = |text: &str| -> Result<Vec<Place>> {
            let number = |board: usize| text.replace(BOARD, &board.to_string());
            (1..=boards).map(|board| Place::parse(&number(board))).collect()
        };
        Ok((each(publish)?, each(&stream)?))
    }
}
