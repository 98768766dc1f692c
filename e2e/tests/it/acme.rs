//! Certificates from an authority: Debian's `pebble`, the small authority of Let's Encrypt for tests.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::json;
use tempfile::TempDir;
use testkit::nats::certificates::CertificateAuthority;
use testkit::ports::free_addresses;
use testkit::process::TestProcess;

use crate::process::{ServerProcess, flightboard_command};
use crate::tls_client::TlsClient;
use crate::wait::{WAIT_TIMEOUT, wait_until};

struct Pebble {
    process: TestProcess,
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
            process,
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

/// A command that serves https at this address with a certificate of pebble.
fn serve(tls: SocketAddr, pebble: &Pebble, cache: &Path, flags: &[&str]) -> Command {
    let listen = tls.to_string();
    let mut command = flightboard_command(["serve", "--memory", "--listen", &listen]);
    command.args(["--acme", "localhost", "--acme-contact", "operator@airport.example"]);
    command.args(["--acme-directory", &pebble.directory]).args(flags);
    command.arg("--acme-ca").arg(&pebble.authority).arg("--acme-cache").arg(cache);
    command
}

/// Waits until the server presents a certificate of this authority.
fn wait_for_certificate(tls: SocketAddr, authority: &str) -> TlsClient {
    wait_until("the certificate arrives", 4 * WAIT_TIMEOUT, || {
        TlsClient::connect(tls, authority, &["http/1.1"]).ok()
    })
}

fn wait_for_files(cache: &Path) {
    wait_until("account and certificate are kept", WAIT_TIMEOUT, || {
        (fs::read_dir(cache).unwrap().count() == 2).then_some(())
    });
}

/// Gets a certificate with these flags, and presents it after a restart without the authority.
fn check_challenge(tls: SocketAddr, http: SocketAddr, flags: &[&str]) {
    let folder = TempDir::new().unwrap();
    let cache = folder.path().join("cache");
    let pebble = Pebble::start(folder.path(), tls, http);
    let mut command = serve(tls, &pebble, &cache, flags);
    let server = ServerProcess::start(&mut command);
    let authority = pebble.issuing_authority();
    let certificate = wait_for_certificate(tls, &authority).certificate();
    wait_for_files(&cache);
    for file in fs::read_dir(&cache).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "only the owner reads the keys");
    }
    server.kill();
    drop(pebble);

    let _server = ServerProcess::start(&mut command);
    let client = TlsClient::connect(tls, &authority, &["http/1.1"]).unwrap();
    assert_eq!(client.certificate(), certificate);
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

#[test]
fn renewal_keeps_streams_open() {
    let [tls, unused] = free_addresses();
    let folder = TempDir::new().unwrap();
    let cache = folder.path().join("cache");
    let pebble = Pebble::start(folder.path(), tls, unused);
    let mut command = serve(tls, &pebble, &cache, &[]);
    let server = ServerProcess::start(&mut command);
    let authority = pebble.issuing_authority();
    wait_for_certificate(tls, &authority);
    wait_for_files(&cache);
    server.kill();

    // The kept certificate becomes one that is valid, and due: more than two thirds of its time are over.
    let files = fs::read_dir(&cache).unwrap().map(|file| file.unwrap().path());
    let mut kept = files.filter(|file| file.extension().is_some_and(|end| end == "pem"));
    let former = CertificateAuthority::generate();
    let hour = Duration::from_secs(60 * 60);
    let validity = SystemTime::now() - 3 * hour..SystemTime::now() + hour;
    let due = former.issue_for(&["localhost"], validity);
    fs::write(kept.next().unwrap(), due.key + &due.certificate).unwrap();

    // The authority answers once the stream is open.
    pebble.process.pause();
    let server = ServerProcess::start(&mut command);
    let connected = TlsClient::connect(tls, &former.certificate(), &["http/1.1"]);
    let mut follower = connected.unwrap();
    follower.follow();
    pebble.process.resume();
    let mut publisher = wait_for_certificate(tls, &authority);
    assert_ne!(publisher.certificate(), follower.certificate());
    publisher.publish("after the renewal");
    follower.read_until("after the renewal");
    server.process.wait_for_log("got a certificate for localhost");
}
