//! Commands that publish to servers with a certificate of a private authority.

use std::fs;

use testkit::nats::certificates::CertificateAuthority;

use crate::process::{ProcessOutput, flightboard_command, run};
use crate::tls::TlsServer;

const LINE: &str = r#"{"event":"flightAddition","data":{"flight":"I768","origin":"Rome"}}"#;

/// Runs a command that publishes to the server, with these flags.
fn publish(tls: &TlsServer, command: &[&str], flags: &[&str]) -> ProcessOutput {
    let to = format!("https://{}", tls.server.address);
    let mut command = flightboard_command(command);
    command.args(["--to", &to, "--retry", "0"]).args(flags);
    run(&mut command, LINE)
}

#[test]
fn publishers_trust_the_named_authority() {
    let tls = TlsServer::start(&[]);
    let ca = tls.folder.path().join("ca.pem");
    fs::write(&ca, tls.authority.certificate()).unwrap();
    let ca = ca.to_str().unwrap();
    for command in [
        &["publish", "--board", "main"][..],
        &["feed", "sample", "--board", "main", "--once", "--speed", "3600"],
    ] {
        let refused = publish(&tls, command, &[]);
        assert!(!refused.status.success(), "{command:?}");
        assert!(refused.stderr.contains("--ca"), "{command:?}: {}", refused.stderr);
        let accepted = publish(&tls, command, &["--ca", ca]);
        assert!(accepted.status.success(), "{command:?}: {}", accepted.stderr);
    }
}

#[test]
fn other_authorities_are_not_trusted() {
    let tls = TlsServer::start(&[]);
    let other = CertificateAuthority::generate();
    let ca = tls.folder.path().join("other.pem");
    fs::write(&ca, other.certificate()).unwrap();
    let refused = publish(&tls, &["publish", "--board", "main"], &["--ca", ca.to_str().unwrap()]);
    assert!(!refused.status.success());
    assert!(refused.stderr.contains("the certificate of https://"), "{}", refused.stderr);
}

#[test]
fn unusable_authorities_are_named() {
    let tls = TlsServer::start(&[]);
    let good = tls.authority.certificate();
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let ca = tls.folder.path().join("ca.pem");
    let path = ca.to_str().unwrap();
    for (content, reason) in [
        (None, "cannot be read"),
        (Some(String::new()), "has no certificate in PEM"),
        (Some("no PEM".to_owned()), "has no certificate in PEM"),
        (Some(good + damaged), "certificate 2 is damaged"),
    ] {
        if let Some(content) = content {
            fs::write(&ca, content).unwrap();
        }
        for command in [
            &["publish", "--board", "main", "--to", "https://127.0.0.1:9", "--ca", path][..],
            &["doctor", "https://127.0.0.1:9", "--ca", path],
        ] {
            let output = run(&mut flightboard_command(command), "");
            assert_eq!(output.status.code(), Some(1), "{output:?}");
            let named = format!("--ca {path}: ");
            assert!(output.stderr.contains(&named) && output.stderr.contains(reason), "{output:?}");
        }
    }
}
