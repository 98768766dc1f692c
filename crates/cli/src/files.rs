//! Open files: as many as the system allows, and no more connections than there are files for.

use server::{SPARE_CONNECTIONS, Settings};

/// Files that are no connections: the journal's, the standard ones, those of the runtime.
const OWN_FILES: usize = 64;

/// Raises the limit of open files as far as it goes: each follower needs one.
pub(crate) fn raise_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!("the limit of open files stays as it is: {error}");
    }
}

/// Settings that fit the limit of open files. Without a file there is no answer, but with a place
/// too few there is one: come back later.
pub(crate) fn fit(settings: Settings) -> Settings {
    let Ok(limit) = rlimit::Resource::NOFILE.get_soft() else { return settings };
    let wished = settings.max_followers;
    let fitting = fit_to(usize::try_from(limit).unwrap_or(usize::MAX), settings);
    if fitting.max_followers < wished {
        tracing::warn!(
            "with {limit} open files only {} followers can be let in, not {wished}: raise the hard \
             limit of open files, or lower --max-followers",
            fitting.max_followers
        );
    }
    fitting
}

fn fit_to(limit: usize, settings: Settings) -> Settings {
    let places = limit.saturating_sub(OWN_FILES);
    // Where there is little room, most of it is for followers all the same.
    let spare_connections = SPARE_CONNECTIONS.min(places.div_ceil(4));
    let max_followers = settings.max_followers.min(places - spare_connections);
    Settings { max_followers, spare_connections, ..settings }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With so many files and so many followers wished, these many are let in, and so many places
    /// are left for others.
    fn check(limit: usize, wished: usize, followers: usize, spare: usize) {
        let settings = Settings { max_followers: wished, ..Settings::default() };
        let settings = fit_to(limit, settings);
        assert_eq!((settings.max_followers, settings.spare_connections), (followers, spare));
        assert!(followers + spare + OWN_FILES <= limit.max(OWN_FILES), "{limit}");
    }

    #[test]
    fn there_are_never_more_connections_than_files() {
        check(usize::MAX, 15_000, 15_000, SPARE_CONNECTIONS);
        check(20_000, 15_000, 15_000, SPARE_CONNECTIONS);
        check(10_000, 15_000, 8_936, SPARE_CONNECTIONS);
        check(1_024, 15_000, 720, 240);
        check(1_024, 100, 100, 240);
        check(OWN_FILES, 15_000, 0, 0);
        check(0, 15_000, 0, 0);
    }
}
