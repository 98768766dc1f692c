//! Names and configurations of the streams and the bucket of a journal.

use std::time::Duration;

use async_nats::jetstream::object_store;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use journal::Cause;

use crate::config::{NatsConfig, StreamStorage};
use crate::error::to_cause;

/// Time for which the servers remember a deduplication id.
pub const DEDUPLICATION_WINDOW: Duration = Duration::from_secs(120);

/// Description of the stream during an import. Part of the format: it keeps replicas from opening it.
pub(crate) const UNFINISHED: &str = "A copy of a journal, not yet finished";

/// A full stream rejects messages; it never drops any.
pub(crate) fn records_config(config: &NatsConfig) -> Config {
    let prefix = config.prefix.as_str();
    Config {
        name: prefix.to_owned(),
        subjects: vec![format!("{prefix}.>")],
        discard: DiscardPolicy::New,
        duplicate_window: DEDUPLICATION_WINDOW,
        ..base_config(config)
    }
}

pub(crate) fn probe_config(config: &NatsConfig) -> Config {
    Config {
        name: probe_name(config),
        subjects: vec![probe_name(config)],
        max_messages: 1,
        ..base_config(config)
    }
}

pub(crate) fn probe_name(config: &NatsConfig) -> String {
    format!("{}-probe", config.prefix)
}

fn base_config(config: &NatsConfig) -> Config {
    Config { storage: storage_type(config), num_replicas: config.replicas, ..Config::default() }
}

fn storage_type(config: &NatsConfig) -> StorageType {
    match config.storage {
        StreamStorage::File => StorageType::File,
        StreamStorage::Memory => StorageType::Memory,
    }
}

pub(crate) fn bucket_config(config: &NatsConfig) -> object_store::Config {
    object_store::Config {
        bucket: bucket_name(config),
        max_bytes: -1,
        storage: storage_type(config),
        num_replicas: config.replicas,
        ..object_store::Config::default()
    }
}

pub(crate) fn bucket_name(config: &NatsConfig) -> String {
    format!("{}-checkpoints", config.prefix)
}

/// Checks that an existing stream can hold a journal: another application may have created it.
pub(crate) fn check_config(config: &Config, prefix: &str) -> Result<(), Cause> {
    let limited = config.max_messages > 0
        || config.max_messages_per_subject > 0
        || !config.max_age.is_zero()
        || (config.max_bytes > 0 && config.discard != DiscardPolicy::New);
    let problem = if config.subjects != [format!("{prefix}.>")] {
        "its subjects are not those of a journal"
    } else if config.retention != RetentionPolicy::Limits || limited {
        "its limits would discard records"
    } else if config.no_ack {
        "it does not acknowledge messages"
    } else {
        return Ok(());
    };
    Err(to_cause(format!("the stream {prefix} cannot be used: {problem}")))
}
