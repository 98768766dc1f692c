//! Proxies, TLS, redirects, tokens and limits of an event source.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flightboard_client::{FollowOptions, HttpEventSource, SourceSignal};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::conformance::source;
use crate::scripted_server::{AnswerEnd, ScriptAnswer, ScriptedServer};

const WAIT_TIMEOUT: Duration = Duration::from_secs(30);

const EVENT: &str = "retry: 10\nid: 7\ndata: a\n\n";

async fn next(source: &mut HttpEventSource) -> SourceSignal {
    timeout(WAIT_TIMEOUT, source.next()).await.unwrap().unwrap()
}

async fn expect_event(source: &mut HttpEventSource) {
    let open = next(source).await;
    assert!(matches!(open, SourceSignal::Open), "{open:?}");
    let event = next(source).await;
    assert!(matches!(&event, SourceSignal::Event(event) if event.data == "a"), "{event:?}");
}

#[tokio::test]
async fn proxies_are_used() {
    let proxy = ScriptedServer::start([ScriptAnswer::stream(EVENT, AnswerEnd::Hold)]).await;
    let options = FollowOptions { proxy: Some(proxy.url()), ..FollowOptions::default() };
    let mut source = source("http://airport.example/boards/jfk", options);
    expect_event(&mut source).await;
    let line = &proxy.requests()[0].line;
    assert_eq!(line, "GET http://airport.example/boards/jfk/events HTTP/1.1");
}

#[tokio::test]
async fn gateway_errors_refuse() {
    let answer = ScriptAnswer::json(502, "text/html", "<html>Bad Gateway</html>");
    let server = ScriptedServer::start([answer]).await;
    let mut source = source(&server.url(), FollowOptions::default());
    assert!(matches!(next(&mut source).await, SourceSignal::Refused(502)));
    assert!(source.next().await.is_none());
}

#[tokio::test]
async fn redirects_do_not_leak_tokens() {
    let target = ScriptedServer::start([ScriptAnswer::stream(EVENT, AnswerEnd::Hold)]).await;
    let location = target.url();
    let headers = [("location", location.as_str())];
    let redirect = ScriptAnswer::new(302, &headers, AnswerEnd::Close);
    let server = ScriptedServer::start([redirect]).await;
    let mut source = source(&server.url(), FollowOptions::default().with_token("fb_secret"));
    expect_event(&mut source).await;
    assert_eq!(server.requests()[0].header("authorization"), Some("Bearer fb_secret"));
    assert_eq!(target.requests()[0].header("authorization"), None);
}

#[tokio::test]
async fn redirect_loops_are_cut() {
    let headers = [("location", "/again")];
    let redirect = ScriptAnswer::new(307, &headers, AnswerEnd::Close);
    let server = ScriptedServer::start(vec![redirect; 50]).await;
    let mut source = source(&server.url(), FollowOptions::default());
    assert!(matches!(next(&mut source).await, SourceSignal::Cut(_)));
    assert!(server.requests().len() < 50);
}

#[tokio::test]
async fn requests_ask_for_a_token() {
    let answers = [AnswerEnd::Close, AnswerEnd::Hold].map(|end| ScriptAnswer::stream(EVENT, end));
    let server = ScriptedServer::start(answers).await;
    let count = AtomicUsize::new(0);
    let token = move || Some(format!("token-{}", count.fetch_add(1, Ordering::Relaxed)));
    let options = FollowOptions { token: Some(Arc::new(token)), ..FollowOptions::default() };
    let mut source = source(&server.url(), options);
    expect_event(&mut source).await;
    assert!(matches!(next(&mut source).await, SourceSignal::Cut(_)));
    expect_event(&mut source).await;
    let requests = server.requests();
    let tokens: Vec<_> =
        requests.iter().map(|request| request.header("authorization").unwrap()).collect();
    assert_eq!(tokens, ["Bearer token-0", "Bearer token-1"]);
    assert_eq!(requests[1].header("last-event-id"), Some("7"));
}

#[tokio::test]
async fn oversized_events_cut_the_connection() {
    let body = format!("{EVENT}data: {}", "x".repeat(2_000));
    let answers = [
        ScriptAnswer::stream(&body, AnswerEnd::Hold),
        ScriptAnswer::stream(EVENT, AnswerEnd::Hold),
    ];
    let server = ScriptedServer::start(answers).await;
    let options = FollowOptions { max_event_bytes: 1_000, ..FollowOptions::default() };
    let mut source = source(&server.url(), options);
    expect_event(&mut source).await;
    assert!(matches!(next(&mut source).await, SourceSignal::Oversized));
    expect_event(&mut source).await;
    assert_eq!(server.requests()[1].header("last-event-id"), Some("7"));
}

#[tokio::test]
async fn private_authorities_are_trusted() {
    let (acceptor, authority) = tls_server();
    let answers = vec![ScriptAnswer::stream(EVENT, AnswerEnd::Hold); 2];
    let server = ScriptedServer::start_with(Some(acceptor), answers).await;
    let url = format!("https://localhost:{}", server.port);
    let mut stranger = source(&url, FollowOptions::default());
    assert!(matches!(next(&mut stranger).await, SourceSignal::Cut(_)));
    assert_eq!(server.requests().len(), 0);
    let options = FollowOptions { extra_roots: vec![authority], ..FollowOptions::default() };
    expect_event(&mut source(&url, options)).await;
}

#[tokio::test]
async fn huge_retries_are_waited_for() {
    let body = format!("retry: {}\n\n", u64::MAX);
    let server = ScriptedServer::start([ScriptAnswer::stream(&body, AnswerEnd::Close)]).await;
    let mut source = source(&server.url(), FollowOptions::default());
    assert!(matches!(next(&mut source).await, SourceSignal::Open));
    assert!(matches!(next(&mut source).await, SourceSignal::Cut(_)));
    let wait = timeout(Duration::from_millis(50), source.next()).await;
    assert!(wait.is_err(), "{wait:?}");
}

/// A server with a certificate for `localhost`, and the authority that signed it.
fn tls_server() -> (TlsAcceptor, CertificateDer<'static>) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = authority.self_signed(&key).unwrap();
    let issuer = Issuer::new(authority, key);
    let server_key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let server = server.signed_by(&server_key, &issuer).unwrap();
    let key = PrivateKeyDer::try_from(server_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), certificate.der().clone())
}
