//! JSON Web Tokens.

use access::{JwtAlgorithm, JwtKeyFile, Refusal};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::issuer::{Issuer, SECRET, load};
use crate::{board, now};

/// Claims that are valid for an hour.
fn claims() -> Value {
    let now = now().as_second();
    json!({ "sub": "tower", "exp": now + 3600, "publish": ["main"], "follow": "*", "iat": now })
}

fn with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn bad_claims(refusal: Option<Refusal>) -> String {
    match refusal {
        Some(Refusal::BadClaims(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn signatures_are_verified() {
    for issuer in Issuer::all() {
        let algorithm = issuer.algorithm();
        let credentials = issuer.credentials(None);
        let token = issuer.sign(&claims());
        let grant = credentials.verify(&token, now()).await.unwrap();
        assert_eq!(grant.name.as_str(), "tower", "{algorithm}");
        assert_eq!(grant.expires.unwrap().as_second(), now().as_second() + 3600);
        assert!(grant.may_publish(&board("main")) && !grant.may_publish(&board("jfk")));
        assert!(grant.may_follow(&board("jfk")));
        let (message, signature) = token.rsplit_once('.').unwrap();
        let other = issuer.sign(&with(json!({ "publish": "*" })));
        let other = other.rsplit_once('.').unwrap().0;
        for bad in [format!("{other}.{signature}"), format!("{message}."), message.to_owned()] {
            let refusal = credentials.verify(&bad, now()).await.err();
            assert_eq!(refusal, Some(Refusal::Unknown), "{algorithm}: {bad}");
        }
    }
}

#[tokio::test]
async fn algorithm_is_that_of_the_key() {
    let issuers = Issuer::all();
    for issuer in &issuers {
        let credentials = issuer.credentials(None);
        for header in ["none", "None", "HS256", "HS512", "RS256", "PS256", "ES256", "EdDSA", "x"] {
            let token = issuer.sign_with(&json!({ "alg": header }), &claims());
            let verified = credentials.verify(&token, now()).await;
            assert_eq!(verified.is_ok(), header == issuer.algorithm().to_string(), "{header}");
        }
        let unsigned = issuer.sign_with(&json!({ "alg": "none" }), &claims());
        let unsigned = format!("{}.", unsigned.rsplit_once('.').unwrap().0);
        assert_eq!(credentials.verify(&unsigned, now()).await.err(), Some(Refusal::Unknown));
        for other in &issuers {
            let key = load(&other.key(), JwtKeyFile::Key, Some(issuer.algorithm()), None);
            assert_eq!(key.is_ok(), other.algorithm() == issuer.algorithm());
        }
    }
}

#[tokio::test]
async fn times_bound_a_token() {
    let issuer = Issuer::Hs256;
    let credentials = issuer.credentials(None);
    let second = now().as_second();
    for (changes, refusal) in [
        (json!({ "exp": second }), Some(Refusal::Expired)),
        (json!({ "exp": second as f64 + 0.5 }), Some(Refusal::Expired)),
        (json!({ "exp": second + 1 }), None),
        (json!({ "nbf": second + 5 }), None),
        (json!({ "nbf": second + 6 }), Some(Refusal::NotYetValid)),
    ] {
        let token = issuer.sign(&with(changes.clone()));
        assert_eq!(credentials.verify(&token, now()).await.err(), refusal, "{changes}");
    }
    let token = issuer.sign(&with(json!({ "exp": second + 1 })));
    let grant = credentials.verify(&token, now()).await.unwrap();
    assert!(credentials.still_valid(&grant, now()));
    assert!(!credentials.still_valid(&grant, now() + jiff::SignedDuration::from_secs(1)));
}

#[tokio::test]
async fn bad_claims_are_refused_by_name() {
    let issuer = Issuer::Hs256;
    let credentials = issuer.credentials(None);
    for (changes, reason) in [
        (json!({ "exp": null }), "exp"),
        (json!({ "exp": "2030" }), "invalid type: string"),
        (json!({ "exp": 1e18 }), "has a claim exp that is not a time"),
        (json!({ "nbf": "x" }), "invalid type: string"),
        (json!({ "sub": null }), "has no claim sub"),
        (json!({ "sub": "a b" }), "has a claim sub that must be 1 to 128 visible ASCII"),
        (json!({ "publish": ["a/b"] }), "has a bad claim publish"),
        (json!({ "publish": 1 }), "has bad claims"),
        (json!({ "follow": "" }), "has a bad claim follow"),
    ] {
        let token = issuer.sign(&with(changes.clone()));
        let told = bad_claims(credentials.verify(&token, now()).await.err());
        assert!(told.contains(reason), "{changes}: {told}");
    }
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove("exp");
    bad_claims(credentials.verify(&issuer.sign(&claims), now()).await.err());
}

#[tokio::test]
async fn audience_must_match() {
    let issuer = Issuer::Hs256;
    let sign = |audience: Value| issuer.sign(&with(json!({ "aud": audience })));
    let named = issuer.credentials(Some("boards"));
    for audience in [json!("boards"), json!(["other", "boards"])] {
        assert!(named.verify(&sign(audience), now()).await.is_ok());
    }
    for audience in [json!("other"), json!(["other"]), json!([]), json!(1)] {
        bad_claims(named.verify(&sign(audience), now()).await.err());
    }
    let absent = named.verify(&issuer.sign(&claims()), now()).await.err();
    assert_eq!(bad_claims(absent), "has no claim aud");
    let unnamed = issuer.credentials(None);
    bad_claims(unnamed.verify(&sign(json!("boards")), now()).await.err());
}

#[tokio::test]
async fn sets_have_keys_by_name() {
    let issuers = Issuer::all();
    let mut keys: Vec<_> =
        issuers.iter().zip(0..).map(|(issuer, n)| issuer.jwk(&format!("k{n}"))).collect();
    keys.push(json!({ "kty": "EC", "crv": "P-384", "x": "AA", "y": "AA" }));
    let mut encryption = issuers[3].jwk("encryption");
    encryption["use"] = "enc".into();
    keys.push(encryption);
    let set = json!({ "keys": keys }).to_string();
    let credentials = load(&set, JwtKeyFile::Jwks, None, None).unwrap();
    for (issuer, number) in issuers.iter().zip(0..) {
        for (id, is_known) in
            [(Some(format!("k{number}")), true), (None, true), (Some("other".to_owned()), false)]
        {
            let mut header = json!({ "alg": issuer.algorithm().to_string() });
            if let Some(id) = id {
                header["kid"] = id.into();
            }
            let token = issuer.sign_with(&header, &claims());
            assert_eq!(credentials.verify(&token, now()).await.is_ok(), is_known, "{header}");
        }
    }
    // Only one algorithm.
    let pinned = load(&set, JwtKeyFile::Jwks, Some(JwtAlgorithm::EdDsa), None).unwrap();
    for issuer in &issuers {
        let is_known = pinned.verify(&issuer.sign(&claims()), now()).await.is_ok();
        assert_eq!(is_known, issuer.algorithm() == JwtAlgorithm::EdDsa);
    }
}

/// Text around a key in PEM is not a part of it.
#[test]
fn keys_may_have_comments() {
    let pem = include_str!("../data/rsa-public.pem");
    for content in [
        format!("# key of the issuer\n{pem}"),
        format!("\u{feff}{pem}"),
        format!("Public-Key: (2048 bit)\nModulus:\n    00:aa\n{pem}"),
        format!("\n\n  {}", pem.replace('\n', "\r\n")),
    ] {
        let load = |algorithm| load(&content, JwtKeyFile::Key, Some(algorithm), None);
        assert!(load(JwtAlgorithm::Rs256).is_ok(), "{content}");
        assert!(load(JwtAlgorithm::Hs256).unwrap_err().contains("RS256"), "{content}");
    }
    let marked = load(&format!("\u{feff}{SECRET}"), JwtKeyFile::Key, None, None);
    let token = Issuer::Hs256.sign(&claims());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert!(runtime.block_on(marked.unwrap().verify(&token, now())).is_ok());
}

/// As a secret, a public key would let anybody sign.
#[test]
fn public_keys_are_no_secrets() {
    let pem = include_str!("../data/rsa-public.pem");
    let body: Vec<_> = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let set = json!({ "keys": [Issuer::all()[1].jwk("a")] }).to_string();
    let ec = Issuer::all()[2].key();
    let ec: String = ec.lines().filter(|line| !line.starts_with('-')).collect();
    for (content, reason) in [
        (set.as_str(), "--jwt-jwks"),
        (" \n{ \"keys\": [] }", "--jwt-jwks"),
        ("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 issuer@host", "ssh-keygen -e -m pkcs8"),
        ("ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY= a", "ssh-keygen -e -m pkcs8"),
        (&body.join("\n"), "several lines"),
        (&format!("# a comment\n{SECRET}"), "several lines"),
        (&body.concat(), "in base64 or hex"),
        (&ec, "in base64 or hex"),
    ] {
        for algorithm in [None, Some(JwtAlgorithm::Hs256)] {
            let error = load(content, JwtKeyFile::Key, algorithm, None).unwrap_err();
            assert!(error.contains(reason), "{content}: {error}");
        }
    }
    for secret in
        ["x6mJ0yBv3T0rQZ0h4iTq7w8p2kLr9sEo1cVf5dGaHnM=", "MEUCIQDz-a-secret-like-DER-but-not"]
    {
        assert!(load(secret, JwtKeyFile::Key, None, None).is_ok(), "{secret}");
    }
}

/// In hexadecimal digits, or without their end, they would let anybody sign as well.
#[test]
fn parts_of_keys_are_no_secrets() {
    let pem_body =
        |pem: &str| pem.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    for pem in [
        include_str!("../data/rsa-public.pem"),
        include_str!("../data/rsa-private.pem"),
        include_str!("../data/p384-public.pem"),
        &Issuer::all()[2].key(),
        &Issuer::all()[3].key(),
    ] {
        let base64 = pem_body(pem).trim_end_matches('=').to_owned();
        let der = STANDARD_NO_PAD.decode(&base64).unwrap();
        let hex: String = der.iter().map(|byte| format!("{byte:02x}")).collect();
        let colons: Vec<_> = der.iter().map(|byte| format!("{byte:02X}")).collect();
        for text in
            [base64.clone(), base64.replace('+', "-").replace('/', "_"), hex, colons.join(":")]
        {
            for length in 32..=text.len() {
                let error = load(&text[..length], JwtKeyFile::Key, None, None).unwrap_err();
                assert!(error.contains("a part of it"), "{}: {error}", &text[..length]);
            }
        }
    }
}

#[test]
fn cut_secrets_are_refused() {
    // As openssl rand writes them, with -hex 32, -base64 32 and -base64 34.
    let hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let base64 = "x6mJ0yBv3T0rQZ0h4iTq7w8p2kLr9sEo1cVf5dGaHnM=";
    let padded_twice = "x6mJ0yBv3T0rQZ0h4iTq7w8p2kLr9sEo1cVf5dGaHnMBAA==";
    let load = |text: &str| load(text, JwtKeyFile::Key, None, None).map(drop);
    for whole in [hex, base64, padded_twice] {
        assert_eq!(load(whole), Ok(()));
    }
    for (cut, encoding) in [
        (&hex[1..], "an odd number of hexadecimal digits"),
        (&hex[..33], "an odd number of hexadecimal digits"),
        (&padded_twice[..47], "base64 with too little padding"),
        (&base64[1..], "base64 with too little padding"),
    ] {
        let error = load(cut).unwrap_err();
        assert!(error.contains(encoding), "{cut}: {error}");
    }
}

#[test]
fn bad_keys_are_refused() {
    let key = |content: &str| load(content, JwtKeyFile::Key, None, None).unwrap_err();
    let set = |content: &str| load(content, JwtKeyFile::Jwks, None, None).unwrap_err();
    let many = json!({ "keys": vec![Issuer::Hs256.jwk("a"); 65] }).to_string();
    for (error, reason) in [
        (key(&SECRET[..31]), "a secret of 31 bytes: HS256 needs at least 32"),
        (key(""), "a secret of 0 bytes"),
        (key(include_str!("../data/rsa-private.pem")), "has a private key"),
        (key(include_str!("../data/p384-public.pem")), "another curve than P-256"),
        (key("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"), "has no public key"),
        (set("{}"), "is not a set of JSON Web Keys"),
        (set("{\"keys\":[]}"), "has no key for HS256, RS256, ES256 or EdDSA"),
        (set(&many), "has more than 64 keys"),
        (set(r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#), "a secret of 3 bytes"),
    ] {
        assert!(error.contains(reason), "{reason}: {error}");
    }
}

proptest! {
    #[test]
    fn no_token_panics(token in "(?s).{0,80}", parts in "[A-Za-z0-9_=-]{0,40}\\.[A-Za-z0-9_=-]{0,40}\\.[A-Za-z0-9_=-]{0,40}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let credentials = Issuer::Hs256.credentials(None);
        for token in [&token, &parts] {
            prop_assert!(runtime.block_on(credentials.verify(token, now())).is_err());
        }
    }

    #[test]
    fn no_key_file_panics(content in "(?s)(-----BEGIN )?.{0,100}") {
        let _ = load(&content, JwtKeyFile::Key, None, None);
        let _ = load(&content, JwtKeyFile::Jwks, None, None);
    }
}
