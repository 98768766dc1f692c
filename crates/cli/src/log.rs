//! The log on standard error: its format, its filter, and its bound.

/// Repeated lines are left out.
mod limit;

use std::io::IsTerminal;
use std::sync::OnceLock;

use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::json;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::stderr;
use limit::LineLimit;
pub(crate) use limit::suppressed_lines;

/// async-nats logs every connection attempt, so silence it; nats-journal logs connection problems itself. The
/// warnings of h2 are about peers that break its protocol, which is no concern of the operator.
const DEFAULT_FILTER: &str = "info,async_nats=warn,async_nats::connector=off,h2=error";

static FORMAT: OnceLock<LogFormat> = OnceLock::new();

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Logs to standard error, filtered by `FLIGHTBOARD_LOG`.
pub(crate) fn start(format: LogFormat) {
    FORMAT.get_or_init(|| format);
    let directives = std::env::var("FLIGHTBOARD_LOG").ok().filter(|text| !text.trim().is_empty());
    let filter = EnvFilter::builder()
        .with_default_directive(tracing::level_filters::LevelFilter::INFO.into())
        .parse_lossy(directives.as_deref().unwrap_or(DEFAULT_FILTER));
    let lines = fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(|| stderr::LogLine)
        // A line that cannot be formatted is lost; its error would go to standard error directly.
        .log_internal_errors(false);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(lines).with(filter).with(LineLimit::default()).init();
}

/// Formats a message that does not come from `tracing`: the reason of the program's end, or a notice about lines that are
/// not in the log.
pub(crate) fn message_line(level: tracing::Level, message: &str) -> String {
    match FORMAT.get() {
        Some(LogFormat::Json) => {
            let level = level.as_str();
            let timestamp = Timestamp::now().to_string();
            let target = "flightboard";
            let line = json!({
                "timestamp": timestamp, "level": level, "message": message, "target": target,
            });
            format!("{line}\n")
        }
        Some(LogFormat::Text) | None => format!("flightboard: {message}\n"),
    }
}
