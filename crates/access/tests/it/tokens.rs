//! Lines of token files, and the tokens that they know.

use std::net::IpAddr;

use access::{BoardSet, MAX_TOKENS, Refusal, Token, TokenLine, append_token};
use flight::PublisherName;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::{TestFile, board, load_tokens, now};

fn name(text: &str) -> PublisherName {
    PublisherName::parse(text).unwrap()
}

fn line_of(token: &Token) -> TokenLine {
    TokenLine::new(token, name("tower")).with_publish(BoardSet::parse("main").unwrap())
}

#[tokio::test]
async fn token_has_rights_of_its_line() {
    let token = Token::generate();
    let end = Some("2027-01-31T00:00:00Z".parse().unwrap());
    let line = TokenLine::new(&token, name("tower"))
        .with_publish(BoardSet::parse("main, JFK").unwrap())
        .with_follow(BoardSet::parse("staff").unwrap())
        .with_end(end);
    let content = format!("# tokens\n\n  {line}  \n{}\n", line_of(&Token::generate()));
    let credentials = load_tokens(&content).unwrap();
    let grant = credentials.verify(token.secret(), now()).await.unwrap();
    assert_eq!(grant.name, name("tower"));
    assert_eq!(grant.expires, end);
    assert!(grant.may_publish(&board("main")) && grant.may_publish(&board("jfk")));
    assert!(!grant.may_publish(&board("staff")) && !grant.may_publish(&board("other")));
    assert!(grant.may_follow(&board("staff")) && grant.may_follow(&board("main")));
    assert!(!grant.may_follow(&board("other")));
}

#[tokio::test]
async fn unknown_tokens_are_refused() {
    let token = Token::generate();
    let credentials = load_tokens(&line_of(&token).to_string()).unwrap();
    let secret = token.secret();
    let cut = &secret[..secret.len() - 1];
    let other = Token::generate();
    let long = "x".repeat(100_000);
    for unknown in ["", "x", cut, other.secret(), &format!("{secret}="), &long, "a.b.c"] {
        let verified = credentials.verify(unknown, now()).await;
        assert_eq!(verified.err(), Some(Refusal::Unknown), "{unknown}");
    }
}

#[tokio::test]
async fn token_ends_at_its_end() {
    let token = Token::generate();
    let line = line_of(&token).with_end(Some(now()));
    let credentials = load_tokens(&line.to_string()).unwrap();
    let before = now() - jiff::SignedDuration::from_millis(1);
    let grant = credentials.verify(token.secret(), before).await.unwrap();
    assert!(credentials.still_valid(&grant, before));
    assert!(!credentials.still_valid(&grant, now()));
    assert_eq!(credentials.verify(token.secret(), now()).await.err(), Some(Refusal::Expired));
}

#[tokio::test]
async fn chosen_tokens_have_slow_hashes() {
    let token = Token::parse(" correct-horse-battery \n").unwrap();
    let line = TokenLine::of_chosen(&token, name("tower")).unwrap();
    assert!(line.to_string().starts_with("$argon2id$"), "{line}");
    let generated = Token::generate();
    assert!(
        TokenLine::of_chosen(&generated, name("a")).unwrap().to_string().starts_with("sha256:")
    );

    let credentials = load_tokens(&format!("{line} publish=*\n{}", line_of(&generated))).unwrap();
    // The second time by a fast digest.
    for _ in 0..2 {
        let grant = credentials.verify("correct-horse-battery", now()).await.unwrap();
        assert!(grant.may_publish(&board("any")));
    }
    let wrong = credentials.verify("correct-horse-batterY", now()).await;
    assert_eq!(wrong.err(), Some(Refusal::Unknown));
    assert!(credentials.verify(generated.secret(), now()).await.is_ok());
}

#[tokio::test]
async fn slow_checks_are_bounded() {
    let token = Token::parse("correct-horse-battery").unwrap();
    let line = TokenLine::of_chosen(&token, name("tower")).unwrap();
    let credentials = load_tokens(&line.to_string()).unwrap();
    let mut checks = tokio::task::JoinSet::new();
    for number in 0..200 {
        let credentials = credentials.clone();
        checks.spawn(async move {
            credentials.verify(&format!("wrong-token-number-{number}"), now()).await.err()
        });
    }
    let refusals = checks.join_all().await;
    let busy = refusals.iter().filter(|refusal| **refusal == Some(Refusal::Busy)).count();
    let unknown = refusals.iter().filter(|refusal| **refusal == Some(Refusal::Unknown)).count();
    assert_eq!(busy + unknown, 200);
    assert!(busy >= 50 && unknown >= 1, "{busy} busy, {unknown} unknown");
    assert!(credentials.verify(token.secret(), now()).await.is_ok());
}

#[test]
fn bad_lines_are_named() {
    let good = line_of(&Token::generate());
    let argon = "$argon2id$v=19$m=9999999,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA";
    let hash = "sha256:".to_owned() + &"0".repeat(64);
    for (line, reason) in [
        ("tower publish=main", "does not start with sha256: or $argon2id$"),
        ("sha256:12 tower", "64 hexadecimal digits"),
        (&hash, "has no name after the hash"),
        (
            &format!("{hash} tow\u{eb}r"),
            "has a name that must be 1 to 128 visible ASCII characters",
        ),
        (&format!("{hash} tower main"), "a word 3 that is not publish=, follow= or expires="),
        (
            &format!("{hash} tower publish=a,a/b"),
            "has in publish: name 2 is not the name of a board",
        ),
        (&format!("{hash} tower publish="), "name 1 is not the name of a board"),
        (&format!("{hash} tower publish=a publish=b"), "has publish= twice"),
        (&format!("{hash} tower expires=tomorrow"), "has in expires: no time such as"),
        (&format!("{argon} tower"), "more than m=65536 or t=10"),
        ("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ tower", "without its result"),
        ("$argon2id$x tower", "is not valid"),
        ("$argon2i$v=19 tower", "does not start with"),
        (&good.to_string(), "has the same hash as an earlier line"),
    ] {
        let error = load_tokens(&format!("{good}\n# comment\n{line}\n")).unwrap_err();
        assert!(error.contains("line 3 ") && error.contains(reason), "{line}: {error}");
    }
}

#[test]
fn errors_do_not_show_tokens() {
    let good = line_of(&Token::generate());
    let token = Token::generate();
    let secret = token.secret();
    let hash = "sha256:".to_owned() + &"0".repeat(64);
    for line in [
        format!("{secret} tower publish=main"),
        format!("sha256:{secret} tower"),
        format!("$argon2id${secret} tower"),
        format!("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ${secret} tower"),
        format!("{hash} tower {secret}"),
        format!("{hash} tower {secret}=main"),
        format!("{hash} tower publish={secret}/"),
        format!("{hash} tower publish=main,{secret}/"),
        format!("{hash} tower follow={secret}/"),
        format!("{hash} tower expires={secret}"),
        format!("{hash} {}", secret.repeat(9)),
    ] {
        let error = load_tokens(&format!("{good}\n{line}\n")).unwrap_err();
        assert!(error.contains("line 2 "), "{error}");
        assert!(!error.contains(&secret[12..20]), "{line}: {error}");
    }
}

/// A client with wrong tokens, and another one with the right one.
#[tokio::test]
async fn wrong_tokens_delay_only_their_address() {
    let token = Token::parse("correct-horse-battery").unwrap();
    let line = TokenLine::of_chosen(&token, name("tower")).unwrap();
    let credentials = load_tokens(&line.to_string()).unwrap();
    let address = |last| Some(IpAddr::from([192, 0, 2, last]));
    let mut flood = tokio::task::JoinSet::new();
    for number in 0..100 {
        let credentials = credentials.clone();
        flood.spawn(async move {
            let wrong = format!("wrong-token-number-{number}");
            credentials.verify_from(address(1), &wrong, now()).await.err()
        });
    }
    // The flood has taken all places that it may have.
    let first = flood.join_next().await.unwrap().unwrap();
    assert_eq!(first, Some(Refusal::Busy));
    let granted = credentials.verify_from(address(2), token.secret(), now()).await;
    assert!(granted.is_ok(), "{granted:?}");
}

#[test]
fn token_files_are_bounded() {
    let hash = |number: usize| format!("sha256:{number:064x} n\n");
    let most: String = (0..MAX_TOKENS).map(hash).collect();
    assert!(load_tokens(&most).is_ok());
    let error = load_tokens(&(most + &hash(MAX_TOKENS))).unwrap_err();
    assert!(error.contains("line 10001 is one too many"), "{error}");

    let salts = (0..17).map(|number| {
        format!(
            "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ{}$aGFzaGhhc2hoYXNoaGFzaA n\n",
            char::from(b'A' + number)
        )
    });
    let error = load_tokens(&salts.collect::<String>()).unwrap_err();
    assert!(error.contains("line 17 is one too many"), "{error}");
}

#[tokio::test]
async fn empty_file_knows_no_token() {
    let credentials = load_tokens("").unwrap();
    let verified = credentials.verify(Token::generate().secret(), now()).await;
    assert_eq!(verified.err(), Some(Refusal::Unknown));
}

#[test]
fn lines_are_appended_to_private_files() {
    use std::os::unix::fs::PermissionsExt;
    let file = TestFile::new("# mine");
    let path = file.path.with_file_name("new");
    let (first, second) = (line_of(&Token::generate()), line_of(&Token::generate()));
    for path in [&path, &file.path] {
        append_token(path, &first).unwrap();
        append_token(path, &second).unwrap();
    }
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{first}\n{second}\n"));
    let commented = std::fs::read_to_string(&file.path).unwrap();
    assert_eq!(commented, format!("# mine\n{first}\n{second}\n"));

    file.write("another kind of file\n");
    let error = append_token(&file.path, &first).unwrap_err().to_string();
    assert!(error.contains("line 1 does not start with"), "{error}");
    assert_eq!(std::fs::read_to_string(&file.path).unwrap(), "another kind of file\n");
}

#[test]
fn secrets_are_not_shown() {
    let token = Token::generate();
    assert!(!format!("{token:?}").contains(&token.secret()[12..20]));
    assert_ne!(token, Token::generate());
    let hash: [u8; 32] = Sha256::digest(token.secret()).into();
    assert!(line_of(&token).to_string().contains(&format!("{:02x}{:02x}", hash[0], hash[1])));
}

proptest! {
    #[test]
    fn no_content_panics(content in "(?s).{0,200}", argon in "\\$argon2[a-z$=,0-9]{0,60} n") {
        let _ = load_tokens(&content);
        let _ = load_tokens(&argon);
        let _ = Token::parse(&content);
        let _ = BoardSet::parse(&content);
    }
}
