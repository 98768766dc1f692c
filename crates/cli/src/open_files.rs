//! The limit of open files, and the connections that fit it.

use anyhow::{Result, bail};
use server::{ClientLimits, KEPT_CONNECTIONS, SPARE_CONNECTIONS, Settings};

/// Open files that are not connections: the journal, the standard streams, the runtime.
const RESERVED_FILES: usize = 64;

/// The lowest limit with which a server can serve a follower and another connection.
const MIN_FILES: usize = RESERVED_FILES + 2;

/// Raises the soft limit of open files to the hard limit: each follower needs one.
pub(crate) fn raise_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!("cannot raise the limit of open files: {error}");
    }
}

/// Lowers the number of followers to fit the limit of open files. Without a free file the server cannot
/// even respond; a follower above its own limit is asked to return later.
///
/// # Errors
/// The limit leaves no file for connections.
pub(crate) fn fit_to_limit(settings: Settings) -> Result<Settings> {
    let Ok(limit) = rlimit::Resource::NOFILE.get_soft() else { return Ok(settings) };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if limit < MIN_FILES {
        bail!(
            "the limit of {limit} open files leaves none for connections: raise the hard limit of open files to \
             {MIN_FILES} or more"
        );
    }
    let requested = settings.max_followers;
    let fitted = fit_to(limit, settings);
    if fitted.max_followers < requested {
        tracing::warn!(
            "the limit of {limit} open files allows only {} followers, not {requested}: raise the hard limit of \
             open files, or lower --max-followers",
            fitted.max_followers
        );
    }
    Ok(fitted)
}

fn fit_to(limit: usize, settings: Settings) -> Settings {
    let connections = limit.saturating_sub(RESERVED_FILES);
    // With a low limit, keep at least three quarters of it for followers.
    let spare_connections = SPARE_CONNECTIONS.min(connections.div_ceil(4));
    let max_followers = settings.max_followers.min(connections - spare_connections);
    let free = connections - spare_connections - max_followers;
    let limits = ClientLimits { kept_connections: KEPT_CONNECTIONS.min(free), ..settings.limits };
    Settings { max_followers, spare_connections, limits, ..settings }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With this limit and request, the server admits `followers` and has `spare` other connections.
    fn check(limit: usize, requested: usize, followers: usize, spare: usize) {
        let settings = Settings { max_followers: requested, ..Settings::default() };
        let settings = fit_to(limit, settings);
        assert_eq!((settings.max_followers, settings.spare_connections), (followers, spare));
        let kept = settings.limits.kept_connections;
        assert!(followers + spare + kept + RESERVED_FILES <= limit, "{limit}");
    }

    #[test]
    fn connections_never_exceed_open_files() {
        check(usize::MAX, 15_000, 15_000, SPARE_CONNECTIONS);
        check(20_000, 15_000, 15_000, SPARE_CONNECTIONS);
        check(10_000, 15_000, 8_936, SPARE_CONNECTIONS);
        check(1_024, 15_000, 720, 240);
        check(1_024, 100, 100, 240);
        check(MIN_FILES, 15_000, 1, 1);
    }
}
