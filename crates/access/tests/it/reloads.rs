//! Files that change.

use std::time::{Duration, SystemTime};

use access::{AccessFiles, BoardSet, Credentials, JwtFiles, JwtKeyFile, Token, TokenLine};
use flight::PublisherName;
use serde_json::json;

use crate::issuer::Issuer;
use crate::{TestFile, now};

/// Longer than a loaded machine needs.
const TIMEOUT: Duration = Duration::from_secs(30);

fn line(token: &Token) -> TokenLine {
    let name = PublisherName::parse("tower").unwrap();
    TokenLine::new(token, name).with_publish(BoardSet::All)
}

/// Waits until the credentials have changed once more than `revision` says.
async fn changed(credentials: &Credentials, count: u64) {
    let mut revision = credentials.revision();
    let changed = revision.wait_for(|revision| *revision >= count);
    tokio::time::timeout(TIMEOUT, changed).await.expect("a change is taken").unwrap();
}

#[tokio::test]
async fn removed_token_is_no_longer_valid() {
    let (kept, removed, added) = (Token::generate(), Token::generate(), Token::generate());
    let file = TestFile::new(&format!("{}\n{}\n", line(&kept), line(&removed)));
    let credentials = Credentials::load(file.tokens()).unwrap();
    let kept_grant = credentials.verify(kept.secret(), now()).await.unwrap();
    let removed_grant = credentials.verify(removed.secret(), now()).await.unwrap();
    file.write(&format!("{}\n{}\n", line(&added), line(&kept)));
    changed(&credentials, 1).await;
    assert!(credentials.still_valid(&kept_grant, now()));
    assert!(!credentials.still_valid(&removed_grant, now()));
    assert!(credentials.verify(removed.secret(), now()).await.is_err());
    assert!(credentials.verify(added.secret(), now()).await.is_ok());
}

#[tokio::test]
async fn changed_rights_end_the_grant() {
    let token = Token::generate();
    let file = TestFile::new(&line(&token).to_string());
    let credentials = Credentials::load(file.tokens()).unwrap();
    let grant = credentials.verify(token.secret(), now()).await.unwrap();
    let less = line(&token).with_publish(BoardSet::parse("main").unwrap());
    file.write(&less.to_string());
    changed(&credentials, 1).await;
    assert!(!credentials.still_valid(&grant, now()));
}

#[tokio::test]
async fn same_size_changes_are_seen() {
    let tokens: Vec<_> = (0..5).map(|_| Token::generate()).collect();
    let file = TestFile::new(&line(&tokens[0]).to_string());
    let credentials = Credentials::load(file.tokens()).unwrap();
    for (token, count) in tokens[1..].iter().zip(1..) {
        file.write(&line(token).to_string());
        changed(&credentials, count).await;
        assert!(credentials.verify(token.secret(), now()).await.is_ok());
    }
}

/// As a program that keeps versions of files, and moves a link.
#[tokio::test]
async fn replaced_links_are_seen() {
    let tokens = [Token::generate(), Token::generate()];
    let file = TestFile::new("");
    let folder = file.path.parent().unwrap();
    for (token, version) in tokens.iter().zip(["first", "second"]) {
        std::fs::write(folder.join(version), line(token).to_string()).unwrap();
        let version = std::fs::File::options().append(true).open(folder.join(version)).unwrap();
        version.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    }
    let link = |version: &str| {
        std::os::unix::fs::symlink(version, folder.join("new")).unwrap();
        std::fs::rename(folder.join("new"), &file.path).unwrap();
    };
    link("first");
    let credentials = Credentials::load(file.tokens()).unwrap();
    link("second");
    changed(&credentials, 1).await;
    assert!(credentials.verify(tokens[0].secret(), now()).await.is_err());
    assert!(credentials.verify(tokens[1].secret(), now()).await.is_ok());
}

#[tokio::test]
async fn replaced_key_ends_its_tokens() {
    let [secret, _, ec, _] = Issuer::all();
    let file = TestFile::new(&secret.key());
    let key = JwtKeyFile::Key(file.path.clone());
    let jwt = Some(JwtFiles { key, algorithm: None, audience: None });
    let credentials = Credentials::load(AccessFiles { tokens: None, jwt }).unwrap();
    let claims = json!({ "sub": "tower", "exp": now().as_second() + 3600 });
    let grant = credentials.verify(&secret.sign(&claims), now()).await.unwrap();
    file.write(&ec.key());
    changed(&credentials, 1).await;
    assert!(!credentials.still_valid(&grant, now()));
    assert!(credentials.verify(&secret.sign(&claims), now()).await.is_err());
    assert!(credentials.verify(&ec.sign(&claims), now()).await.is_ok());
}
