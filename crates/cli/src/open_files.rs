//! The limit of open files, and the connections that fit it.

use anyhow::{Result, bail};
use server::{
    ClientLimits, KEPT_CONNECTIONS, MAX_ADMIN_CONNECTIONS, RESERVED_DESCRIPTORS, SPARE_CONNECTIONS,
    Settings,
};

/// Open files that belong to no listener: the journal, the standard streams, the runtime.
const RESERVED_FILES: usize = 64;

/// Open files of a listener apart from its connections: its socket, which it has twice if it was inherited, and those
/// that it keeps for a time without any.
const FILES_PER_LISTENER: usize = 2 + RESERVED_DESCRIPTORS;

/// Open files of the listener for administrators: its socket and its connections.
const ADMIN_FILES: usize = 1 + MAX_ADMIN_CONNECTIONS;

/// The fewest connections with which a server is of use: a follower and another one.
const MIN_CONNECTIONS: usize = 2;

/// Raises the soft limit of open files to the hard limit: each follower needs one.
pub(crate) fn raise_limit() {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!("cannot raise the limit of open files: {error}");
    }
}

/// Lowers the number of followers of a server with `listeners`, apart from that for administrators, to fit the limit
/// of open files. Without a free file the server cannot even respond; a follower above its own limit is asked to
/// return later.
///
/// # Errors
/// The limit leaves no file for connections.
pub(crate) fn fit_to_limit(settings: Settings, listeners: usize) -> Result<Settings> {
    let Ok(limit) = rlimit::Resource::NOFILE.get_soft() else { return Ok(settings) };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let connections = limit.saturating_sub(reserved_files(listeners));
    if connections < MIN_CONNECTIONS {
        bail!(
            "the limit of {limit} open files leaves none for connections: raise the hard limit of open files to {} \
             or more",
            reserved_files(listeners) + MIN_CONNECTIONS
        );
    }
    let requested = settings.max_followers;
    let fitted = fit_to(connections, settings);
    if fitted.max_followers < requested {
        tracing::warn!(
            "the limit of {limit} open files allows only {} followers, not {requested}: raise the hard limit of \
             open files, or lower --max-followers",
            fitted.max_followers
        );
    }
    Ok(fitted)
}

/// Open files that are not connections of publishers and followers.
fn reserved_files(listeners: usize) -> usize {
    RESERVED_FILES + listeners * FILES_PER_LISTENER + ADMIN_FILES
}

fn fit_to(connections: usize, settings: Settings) -> Settings {
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

    /// With this many connections and this request, the server admits `followers` and has `spare` other connections.
    fn check(connections: usize, requested: usize, followers: usize, spare: usize) {
        let settings = Settings { max_followers: requested, ..Settings::default() };
        let settings = fit_to(connections, settings);
        assert_eq!((settings.max_followers, settings.spare_connections), (followers, spare));
        let kept = settings.limits.kept_connections;
        assert!(followers + spare + kept <= connections, "{connections}");
    }

    #[test]
    fn connections_never_exceed_open_files() {
        check(usize::MAX, 15_000, 15_000, SPARE_CONNECTIONS);
        check(20_000, 15_000, 15_000, SPARE_CONNECTIONS);
        check(10_000, 15_000, 9_000, SPARE_CONNECTIONS);
        check(960, 15_000, 720, 240);
        check(960, 100, 100, 240);
        check(MIN_CONNECTIONS, 15_000, 1, 1);
    }

    #[test]
    fn every_listener_has_its_files() {
        let main = reserved_files(1);
        assert_eq!(reserved_files(3), main + 2 * FILES_PER_LISTENER);
        assert_eq!(main, RESERVED_FILES + FILES_PER_LISTENER + ADMIN_FILES);
    }
}
