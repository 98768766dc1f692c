//! How a server is measured that is no flightboard.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use super::message::Header;
use super::stamps;
use crate::values;

#[derive(Args)]
pub(super) struct Foreign {
    /// For any other server, where messages are published: a whole URL.
    #[arg(long, env = "FLIGHTBOARD_BENCH_PUBLISH_URL", value_name = "URL")]
    pub(super) publish_url: Option<String>,
    /// The method of these requests.
    #[arg(long, env = "FLIGHTBOARD_BENCH_PUBLISH_METHOD", value_name = "METHOD",
          default_value = "POST", requires = "publish_url", value_parser = values::method)]
    pub(super) publish_method: String,
    /// Their body, in which {number} is the message's number and {time} the time that latency is
    /// counted from.
    #[arg(
        long,
        env = "FLIGHTBOARD_BENCH_PUBLISH_BODY",
        value_name = "TEXT",
        default_value = r#"{"number":{number},"time":"{time}"}"#,
        requires = "publish_url"
    )]
    pub(super) publish_body: String,
    /// A header of theirs; may be given several times.
    #[arg(
        long,
        env = "FLIGHTBOARD_BENCH_PUBLISH_HEADER",
        value_name = "NAME: VALUE",
        requires = "publish_url"
    )]
    pub(super) publish_header: Vec<Header>,
    /// Path of the stream there.
    #[arg(
        long,
        env = "FLIGHTBOARD_BENCH_PATH",
        value_name = "PATH",
        default_value = "/events",
        requires = "publish_url"
    )]
    pub(super) path: String,
    /// What counts as one delivery: a text that each message has once on the stream.
    #[arg(long, env = "FLIGHTBOARD_BENCH_MARK", value_name = "TEXT", default_value = stamps::BEGINNING,
          requires = "publish_url", value_parser = NonEmptyStringValueParser::new())]
    pub(super) mark: String,
}
