//! Pipelines: records sent without waiting for the acknowledgement of the one before.

use journal::MAX_PAYLOAD_BYTES;

/// Maximum number of records sent and not yet acknowledged.
pub const IN_FLIGHT_RECORDS: usize = 512;

/// Maximum payload bytes sent and not yet acknowledged; a single record may be larger.
pub const IN_FLIGHT_BYTES: usize = 4 * 1024 * 1024;

/// The number of payloads of these sizes that may be in flight together, at least one.
pub(crate) fn pipeline_length(sizes: impl Iterator<Item = usize>, max_records: usize) -> usize {
    let mut bytes = 0;
    let fits = sizes.take(max_records).take_while(|size| {
        bytes += size;
        bytes <= IN_FLIGHT_BYTES
    });
    fits.count().max(1)
}

const _: () = assert!(MAX_PAYLOAD_BYTES <= IN_FLIGHT_BYTES);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipeline_bounds_records_and_bytes() {
        let sizes = |count, bytes| vec![bytes; count];
        let half = IN_FLIGHT_BYTES / 2;
        for (sizes, max_records, expected) in [
            (sizes(3, 1), IN_FLIGHT_RECORDS, 3),
            (sizes(3, 1), 1, 1),
            (sizes(IN_FLIGHT_RECORDS + 1, 1), IN_FLIGHT_RECORDS, IN_FLIGHT_RECORDS),
            (sizes(5, half), IN_FLIGHT_RECORDS, 2),
            (sizes(5, half + 1), IN_FLIGHT_RECORDS, 1),
        ] {
            assert_eq!(pipeline_length(sizes.into_iter(), max_records), expected);
        }
    }
}
