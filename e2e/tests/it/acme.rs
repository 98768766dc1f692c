//! Certificates from an authority: Debian's `pebble`, the small authority of Let's Encrypt for tests.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;
use testkit::nats::certificates::CertificateAuthority;
use testkit::ports::free_addresses;
use testkit::process::TestProcess;

use crate::process::{ServerProcess, flightboard_command};
use crate::tls_client::TlsClient;
use crate::wait::{WAIT_TIMEOUT, wait_until};

struct Pebble {
    _process: TestProcess,
    directory: String,
    management: SocketAddr,
    /// The authority of pebble's own certificate, in PEM.
    authority: PathBuf,
    authority_pem: String,
}

impl Pebble {
    /// Starts an authority that looks for challenges at these addresses.
    fn start(folder: &Path, tls: SocketAddr, http: SocketAddr) -> Self {
        let [api, management] = free_addresses();
        let authority = CertificateAuthority::generate();
        let issued = authority.issue(&["localhost", "127.0.0.1"]);
        let at = |name: &str| folder.join(name);
        fs::write(at("pebble.pem"), issued.certificate).unwrap();
        fs::write(at("pebble-key.pem"), issued.key).unwrap();
        fs::write(at("authority.pem"), authority.certificate()).unwrap();
        let config = json!({ "pebble": {
            "listenAddress": api.to_string(),
            "managementListenAddress": management.to_string(),
            "certificate": at("pebble.pem"),
            "privateKey": at("pebble-key.pem"),
            "httpPort": http.port(),
            "tlsPort": tls.port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
        } });
        fs::write(at("pebble.json"), config.to_string()).unwrap();
        let mut command = Command::new("pebble");
        command.arg("-config").arg(at("pebble.json")).env("PEBBLE_VA_NOSLEEP", "1");
        let process = TestProcess::start(&mut command);
        let pebble = Self {
            _process: process,
            directory: format!("https://localhost:{}/dir", api.port()),
            management,
            authority: at("authority.pem"),
            authority_pem: authority.certificate(),
        };
        wait_until("pebble listens", WAIT_TIMEOUT, || {
            TlsClient::connect(management, &pebble.authority_pem, &["http/1.1"]).ok()
        });
        pebble
    }

    /// The authority of the certificates that it issues, in PEM.
    fn issuing_authority(&self) -> String {
        let mut client =
            TlsClient::connect(self.management, &self.authority_pem, &["http/1.1"]).unwrap();
        client.request("GET", "/roots/0");
        client.read_until("\r\n\r\n");
        client.read_until("-----END CERTIFICATE-----\n")
    }
}

/// Gets a certificate with these flags, and presents it after a restart without the authority.
fn check_challenge(tls: SocketAddr, http: SocketAddr, flags: &[&str]) {
    let folder = TempDir::new().unwrap();
    let cache = folder.path().join("cache");
    let pebble = Pebble::start(folder.path(), tls, http);
    let listen = tls.to_string();
    let mut command = flightboard_command(["serve", "--memory", "--listen", &listen]);
    command.args(["--acme", "localhost", "--acme-contact", "operator@airport.example"]);
    command.args(["--acme-directory", &pebble.directory]).args(flags);
    command.arg("--acme-ca").arg(&pebble.authority).arg("--acme-cache").arg(&cache);
    let server = ServerProcess::start(&mut command);
    let authority = pebble.issuing_authority();
    let connect = || TlsClient::connect(tls, &authority, &["h2"]).ok();
    let client = wait_until("the certificate arrives", 4 * WAIT_TIMEOUT, connect);
    let certificate = client.certificate();
    wait_until("the certificate is kept", WAIT_TIMEOUT, || {
        (fs::read_dir(&cache).unwrap().count() == 2).then_some(())
    });
    for file in fs::read_dir(&cache).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "only the owner reads the keys");
    }
    server.kill();
    drop(pebble);

    let _server = ServerProcess::start(&mut command);
    assert_eq!(connect().unwrap().certificate(), certificate);
}

#[test]
fn authority_checks_the_tls_port() {
    let [tls, unused] = free_addresses();
    check_challenge(tls, unused, &[]);
}

#[test]
fn authority_checks_the_redirecting_port() {
    let [tls, http] = free_addresses();
    check_challenge(tls, http, &["--http-redirect", &http.to_string()]);
}
