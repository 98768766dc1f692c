//! Flags that limit boards and publishers.

use clap::Args;
use engine::{EngineLimits, PUBLISH_RATE};
use flight::{MAX_FLIGHTS, StateLimits};

use crate::flag_values;

#[derive(Args)]
pub(crate) struct EngineLimitArgs {
    /// Maximum number of flights of a board; at most the default.
    #[arg(long, env = "FLIGHTBOARD_MAX_FLIGHTS", value_name = "N", default_value_t = MAX_FLIGHTS,
          value_parser = flag_values::max_flights)]
    max_flights: usize,
    /// Maximum size of the rows of one board.
    #[arg(long, env = "FLIGHTBOARD_MAX_BOARD_BYTES", value_name = "SIZE", default_value = "32MiB",
          value_parser = flag_values::bytes_in_memory)]
    max_board_bytes: usize,
    /// Maximum size of the rows of all boards together (by default, and at most, what a checkpoint takes).
    #[arg(long, env = "FLIGHTBOARD_MAX_ROW_BYTES", value_name = "SIZE",
          value_parser = flag_values::bytes_in_memory)]
    max_row_bytes: Option<usize>,
    /// Maximum number of updates per second of each publisher with a credential; 0 for no limit.
    #[arg(long, env = "FLIGHTBOARD_PUBLISH_RATE", value_name = "N", default_value_t = PUBLISH_RATE)]
    publish_rate: u32,
    /// Memory for the rows that slow screens have not read yet; beyond it the slowest start again.
    #[arg(long, env = "FLIGHTBOARD_SNAPSHOT_BYTES", value_name = "SIZE", default_value = "64MiB",
          value_parser = flag_values::bytes_in_memory)]
    snapshot_bytes: usize,
    /// Memory for the recent events of all boards; beyond it boards that change keep an equal share.
    #[arg(long, env = "FLIGHTBOARD_MAX_WINDOW_BYTES", value_name = "SIZE", default_value = "256MiB",
          value_parser = flag_values::bytes_in_memory)]
    max_window_bytes: usize,
}

impl EngineLimitArgs {
    pub(crate) fn limits(&self) -> EngineLimits {
        let most = StateLimits::default().max_bytes;
        let state = StateLimits {
            max_flights: self.max_flights,
            max_board_bytes: self.max_board_bytes,
            max_bytes: self.max_row_bytes.map_or(most, |bytes| bytes.min(most)),
        };
        let Self { publish_rate, snapshot_bytes, max_window_bytes, .. } = *self;
        EngineLimits { state, publish_rate, snapshot_bytes, max_window_bytes }
    }
}
