//! Event ids of the stream: `<epoch>-<seq>`, such as `5f3a9c01-1042`.

/// Splits an event id into its epoch and its sequence number.
pub fn split_event_id(id: &str) -> Option<(&str, u64)> {
    let (epoch, seq) = id.split_once('-')?;
    Some((epoch, seq.parse().ok()?))
}
