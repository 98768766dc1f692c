//! All credentials of a server.

use std::error::Error as _;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use crate::credential_file::CredentialFile;
use crate::grant::{Grant, GrantOrigin, Refusal};
use crate::jwt::{self, JwtFiles, JwtKeyFile, JwtKeys};
use crate::slow_checks::SlowChecks;
use crate::token::MAX_TOKEN_BYTES;
use crate::token_line::TokenLine;
use crate::token_table::{QuickSearch, TokenTable, grant};

/// Interval at which the files are looked at. A change is taken at the second look, so the streams of a removed token
/// end well within a second.
const RELOAD_INTERVAL: Duration = Duration::from_millis(200);

/// Time after which a problem with the files that lasts is logged again.
const PROBLEM_LOG_INTERVAL: Duration = Duration::from_secs(10 * 60);

/// The files with the credentials of a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessFiles {
    /// The file with tokens.
    pub tokens: Option<PathBuf>,
    /// The keys of an issuer of JSON Web Tokens.
    pub jwt: Option<JwtFiles>,
}

/// The credentials of a server. Clones share them. They follow their files for as long as one clone exists.
#[derive(Debug, Clone)]
pub struct Credentials {
    shared: Arc<SharedCredentials>,
}

/// Credentials cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write {}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A line of the token file is not valid.
    #[error("{}, line {line} {reason}", path.display())]
    BadLine {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// The reason, as the rest of a sentence.
        reason: String,
    },
    /// The file has no key of use.
    #[error("{} {reason}", path.display())]
    BadKey {
        /// The file.
        path: PathBuf,
        /// The reason, as the rest of a sentence.
        reason: String,
    },
    /// The thread that follows the files cannot start.
    #[error("cannot start the thread that reads changed credentials")]
    Thread(#[source] io::Error),
}

#[derive(Debug)]
struct SharedCredentials {
    files: AccessFiles,
    current: RwLock<CurrentCredentials>,
    watched: Mutex<WatchedFiles>,
    revision: watch::Sender<u64>,
    slow_checks: SlowChecks,
}

/// The content of the files.
#[derive(Debug, Default)]
struct CurrentCredentials {
    tokens: Option<Arc<TokenTable>>,
    keys: Option<Arc<JwtKeys>>,
}

#[derive(Debug)]
struct WatchedFiles {
    tokens: Option<CredentialFile>,
    keys: Option<CredentialFile>,
    problem: ReportedProblem,
}

/// The problem that was logged last, and when: it is logged again only after a while.
#[derive(Debug, Default)]
struct ReportedProblem(Option<(String, Instant)>);

impl ReportedProblem {
    /// Takes the problem of a look at the files. True if it is to be logged.
    fn is_due(&mut self, problem: Option<&str>, now: Instant) -> bool {
        let Some(problem) = problem else {
            self.0 = None;
            return false;
        };
        let is_known = self.0.as_ref().is_some_and(|(known, since)| {
            known == problem && now.duration_since(*since) < PROBLEM_LOG_INTERVAL
        });
        if !is_known {
            self.0 = Some((problem.to_owned(), now));
        }
        !is_known
    }
}

impl Credentials {
    /// Reads the files, and from now on whenever they change. A change that cannot be read is logged, and the former
    /// content stays.
    ///
    /// # Errors
    /// A file cannot be read or has a bad line.
    pub fn load(files: AccessFiles) -> Result<Self, LoadError> {
        jwt::install_provider();
        let tokens = files.tokens.as_deref().map(open).transpose()?;
        let keys = files.jwt.as_ref().map(|jwt| open(jwt.key.path())).transpose()?;
        let current = CurrentCredentials {
            tokens: tokens
                .as_ref()
                .map(|file| parse_tokens(file.path(), file.content()))
                .transpose()?,
            keys: match (&keys, &files.jwt) {
                (Some(file), Some(jwt)) => Some(parse_keys(jwt, file.content())?),
                _ => None,
            },
        };
        let shared = Arc::new(SharedCredentials {
            files,
            current: RwLock::new(current),
            watched: Mutex::new(WatchedFiles { tokens, keys, problem: ReportedProblem::default() }),
            revision: watch::Sender::new(0),
            slow_checks: SlowChecks::default(),
        });
        let followed = Arc::downgrade(&shared);
        let thread = thread::Builder::new().name("credentials".to_owned());
        thread.spawn(move || follow_files(&followed)).map_err(LoadError::Thread)?;
        Ok(Self { shared })
    }

    /// The rights that a bearer token gives at `now`. Waits only for tokens with slow hashes.
    ///
    /// # Errors
    /// The token gives no rights.
    pub async fn verify(&self, bearer: &str, now: Timestamp) -> Result<Grant, Refusal> {
        self.verify_from(None, bearer, now).await
    }

    /// The same for a token from `address`, which then leaves places for the slow hashes of others.
    ///
    /// # Errors
    /// The token gives no rights.
    pub async fn verify_from(
        &self,
        address: Option<IpAddr>,
        bearer: &str,
        now: Timestamp,
    ) -> Result<Grant, Refusal> {
        if bearer.len() > MAX_TOKEN_BYTES {
            return Err(Refusal::Unknown);
        }
        let (tokens, keys) = {
            let current = self.shared.current.read();
            (current.tokens.clone(), current.keys.clone())
        };
        if let (Some(keys), Some(jwt)) = (keys, &self.shared.files.jwt)
            && bearer.bytes().filter(|byte| *byte == b'.').count() == 2
        {
            let verified = keys.verify(bearer, jwt.audience.as_deref(), now);
            // A chosen token may have two dots.
            if !matches!(verified, Err(Refusal::Unknown)) {
                return verified;
            }
        }
        let tokens = tokens.ok_or(Refusal::Unknown)?;
        let line = match tokens.search(bearer) {
            QuickSearch::Found(line) => Some(line),
            QuickSearch::Unknown => None,
            QuickSearch::Undecided => self.search_slowly(tokens, address, bearer).await?,
        };
        grant(line.ok_or(Refusal::Unknown)?, now)
    }

    async fn search_slowly(
        &self,
        tokens: Arc<TokenTable>,
        address: Option<IpAddr>,
        bearer: &str,
    ) -> Result<Option<Arc<TokenLine>>, Refusal> {
        let turn = self.shared.slow_checks.turn(address).await.ok_or(Refusal::Busy)?;
        // Another request may have had the same token meanwhile.
        if let QuickSearch::Found(line) = tokens.search(bearer) {
            return Ok(Some(line));
        }
        let bearer = bearer.to_owned();
        // The turn is held to the end, even if the request is given up.
        let search = tokio::task::spawn_blocking(move || {
            let _held = turn;
            tokens.search_slowly(&bearer)
        });
        search.await.map_err(|_| Refusal::Busy)
    }

    /// True until the grant's end, and while its token or key is in the files unchanged.
    pub fn still_valid(&self, grant: &Grant, now: Timestamp) -> bool {
        let current = self.shared.current.read();
        let is_known = match &grant.origin {
            GrantOrigin::Line(line) => {
                current.tokens.as_ref().is_some_and(|tokens| tokens.has_line(line))
            }
            GrantOrigin::Key(key) => current.keys.as_ref().is_some_and(|keys| keys.has_key(*key)),
        };
        is_known && !grant.has_expired(now)
    }

    /// Counts the changes of the files that have been taken. After each, grants may no longer be valid.
    pub fn revision(&self) -> watch::Receiver<u64> {
        self.shared.revision.subscribe()
    }
}

fn open(path: &Path) -> Result<CredentialFile, LoadError> {
    CredentialFile::open(path).map_err(|source| unreadable(path, source))
}

/// True if the file has new content.
fn poll(file: &mut CredentialFile) -> Result<bool, LoadError> {
    file.poll().map_err(|source| unreadable(file.path(), source))
}

fn unreadable(path: &Path, source: io::Error) -> LoadError {
    LoadError::Unreadable { path: path.to_owned(), source }
}

fn parse_tokens(path: &Path, content: &str) -> Result<Arc<TokenTable>, LoadError> {
    let table = TokenTable::parse(content);
    table.map(Arc::new).map_err(|(line, reason)| LoadError::BadLine {
        path: path.to_owned(),
        line,
        reason,
    })
}

fn parse_keys(jwt: &JwtFiles, content: &str) -> Result<Arc<JwtKeys>, LoadError> {
    let keys = match &jwt.key {
        JwtKeyFile::Key(_) => JwtKeys::of_key(content, jwt.algorithm),
        JwtKeyFile::Jwks(_) => JwtKeys::of_jwks(content, jwt.algorithm),
    };
    let path = jwt.key.path();
    let keys = keys.map_err(|reason| LoadError::BadKey { path: path.clone(), reason })?;
    if let Some(doubt) = keys.doubt() {
        tracing::warn!("{} {doubt}", path.display());
    }
    Ok(Arc::new(keys))
}

/// The error with its cause.
fn describe(error: &LoadError) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// Runs until the last clone of the credentials is dropped.
fn follow_files(credentials: &Weak<SharedCredentials>) {
    loop {
        thread::sleep(RELOAD_INTERVAL);
        let Some(credentials) = credentials.upgrade() else { return };
        credentials.reload();
    }
}

impl SharedCredentials {
    fn reload(&self) {
        let mut watched = self.watched.lock();
        let tokens = self.reload_tokens(&mut watched);
        let keys = self.reload_keys(&mut watched);
        let problem = tokens.and(keys).err().map(|error| describe(&error));
        if watched.problem.is_due(problem.as_deref(), Instant::now()) {
            let problem = problem.unwrap_or_default();
            tracing::error!("{problem}; the credentials read before stay in use");
        }
    }

    fn reload_tokens(&self, watched: &mut WatchedFiles) -> Result<(), LoadError> {
        let Some(file) = &mut watched.tokens else { return Ok(()) };
        if !poll(file)? {
            return Ok(());
        }
        let tokens = parse_tokens(file.path(), file.content())?;
        self.current.write().tokens = Some(tokens);
        self.announce(file.path());
        Ok(())
    }

    fn reload_keys(&self, watched: &mut WatchedFiles) -> Result<(), LoadError> {
        let (Some(file), Some(jwt)) = (&mut watched.keys, &self.files.jwt) else { return Ok(()) };
        if !poll(file)? {
            return Ok(());
        }
        let keys = parse_keys(jwt, file.content())?;
        self.current.write().keys = Some(keys);
        self.announce(file.path());
        Ok(())
    }

    fn announce(&self, path: &Path) {
        tracing::info!("read the changed credentials in {}", path.display());
        self.revision.send_modify(|revision| *revision += 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Token, TokenLine};
    use flight::PublisherName;

    #[tokio::test]
    async fn bad_content_keeps_former_tokens() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        let name = PublisherName::parse("tower").unwrap();
        let token = Token::generate();
        std::fs::write(&path, TokenLine::new(&token, name.clone()).to_string()).unwrap();
        let files = AccessFiles { tokens: Some(path.clone()), jwt: None };
        let credentials = Credentials::load(files).unwrap();
        let now = Timestamp::now();
        let grant = credentials.verify(token.secret(), now).await.unwrap();
        // A change is taken at the second look at the latest.
        let look_twice = || {
            credentials.shared.reload();
            credentials.shared.reload();
        };

        std::fs::write(&path, "sha256:12 half a line").unwrap();
        look_twice();
        assert!(credentials.still_valid(&grant, now));
        std::fs::remove_file(&path).unwrap();
        look_twice();
        assert!(credentials.still_valid(&grant, now));
        let problem = credentials.shared.watched.lock().problem.0.clone().unwrap().0;
        assert!(problem.contains("cannot read") && problem.contains("No such file"), "{problem}");
        // A file that is gone for long.
        look_twice();
        assert!(credentials.verify(token.secret(), now).await.is_ok());
        assert_eq!(*credentials.revision().borrow(), 0);

        let added = Token::generate();
        std::fs::write(&path, TokenLine::new(&added, name).to_string()).unwrap();
        look_twice();
        assert!(!credentials.still_valid(&grant, now));
        assert!(credentials.verify(added.secret(), now).await.is_ok());
        assert_eq!(*credentials.revision().borrow(), 1);
        assert!(credentials.shared.watched.lock().problem.0.is_none());
    }

    #[test]
    fn lasting_problems_are_repeated() {
        let mut reported = ReportedProblem::default();
        let start = Instant::now();
        let mut is_due =
            |problem, secs| reported.is_due(problem, start + Duration::from_secs(secs));
        assert!(!is_due(None, 0));
        assert!(is_due(Some("gone"), 1) && !is_due(Some("gone"), 600));
        assert!(is_due(Some("gone"), 601) && !is_due(Some("gone"), 602));
        assert!(is_due(Some("broken"), 603));
        assert!(!is_due(None, 604) && is_due(Some("broken"), 605));
    }
}
