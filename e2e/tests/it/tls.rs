//! Servers that speak https.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use testkit::nats::certificates::{CertificateAuthority, IssuedCertificate};
use testkit::ports::free_address;

use crate::process::{ServerProcess, flightboard_command, run};
use crate::tls_client::TlsClient;
use crate::wait::{WAIT_TIMEOUT, wait_until};

const HTTP1: &[&str] = &["http/1.1"];
const BOTH: &[&str] = &["h2", "http/1.1"];

/// The header that keeps browsers on https for a year.
const HSTS: &str = "strict-transport-security: max-age=31536000\r\n";

/// A server with a certificate of an authority that only the test knows.
pub(crate) struct TlsServer {
    pub(crate) server: ServerProcess,
    pub(crate) folder: TempDir,
    pub(crate) authority: CertificateAuthority,
}

impl TlsServer {
    pub(crate) fn start(flags: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let authority = CertificateAuthority::generate();
        write_certificate(folder.path(), &authority.issue(&["localhost", "127.0.0.1"]));
        let (cert, key) = paths(folder.path());
        let args = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--memory",
            "--tls-cert",
            &cert,
            "--tls-key",
            &key,
        ];
        let server = ServerProcess::start(flightboard_command(args).args(flags));
        Self { server, folder, authority }
    }

    fn connect(&self, protocols: &[&str]) -> TlsClient {
        TlsClient::connect(self.server.address, &self.authority.certificate(), protocols).unwrap()
    }

    /// Opens a stream, and reads its timetable.
    fn follow(&self) -> TlsClient {
        let mut follower = self.connect(HTTP1);
        assert!(follower.follow().contains(HSTS));
        follower
    }

    fn publish(&self, remark: &str) {
        self.connect(HTTP1).publish(remark);
    }

    fn metric(&self, line: &str) -> u64 {
        let mut client = self.connect(HTTP1);
        client.request("GET", "/metrics");
        let text = client.read_until("# EOF");
        let value = text.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
        value.map_or(0, |value| value.parse().unwrap())
    }
}

fn paths(folder: &Path) -> (String, String) {
    let at = |name| folder.join(name).to_str().unwrap().to_owned();
    (at("cert.pem"), at("key.pem"))
}

fn write_certificate(folder: &Path, issued: &IssuedCertificate) {
    let (cert, key) = paths(folder);
    fs::write(cert, &issued.certificate).unwrap();
    fs::write(key, &issued.key).unwrap();
}

/// Sends a request without encryption, and returns the whole response.
fn send_plain(address: SocketAddr, request: &str) -> String {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(WAIT_TIMEOUT)).unwrap();
    socket.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    socket.read_to_string(&mut response).expect("no reset");
    response
}

#[test]
fn both_http_versions_are_offered() {
    let tls = TlsServer::start(&[]);
    let mut client = tls.connect(BOTH);
    assert_eq!(client.protocol(), Some("h2"));
    client.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
    // Three bytes of length, then the type: SETTINGS.
    assert_eq!([(); 4].map(|()| client.read_byte())[3], 4);

    let mut client = tls.connect(HTTP1);
    assert_eq!(client.protocol(), Some("http/1.1"));
    for path in ["/", "/healthz", "/nowhere", "/boards/main/flights"] {
        client.request("GET", path);
        let head = client.read_until("\r\n\r\n");
        assert!(head.contains(HSTS), "{path}: {head}");
        client = tls.connect(HTTP1);
    }
    tls.publish("one");
    tls.follow().read_until("\"remark\":\"one\"");
}

#[test]
fn certificates_change_without_dropped_streams() {
    let tls = TlsServer::start(&[]);
    let mut followers: Vec<_> = (0..20).map(|_| tls.follow()).collect();
    let first = followers[0].certificate();
    for round in 0..3 {
        let before = tls.connect(HTTP1).certificate();
        write_certificate(tls.folder.path(), &tls.authority.issue(&["localhost"]));
        wait_until("the new certificate is presented", WAIT_TIMEOUT, || {
            tls.publish("meanwhile");
            (tls.connect(HTTP1).certificate() != before).then_some(())
        });
        let remark = format!("round {round}");
        tls.publish(&remark);
        for follower in &mut followers {
            follower.read_until(&remark);
            assert_eq!(follower.certificate(), first);
        }
    }
}

#[test]
fn broken_files_keep_the_certificate() {
    let tls = TlsServer::start(&[]);
    let before = tls.connect(HTTP1).certificate();
    let (cert, _) = paths(tls.folder.path());
    // The key belongs to the former one.
    fs::write(cert, tls.authority.issue(&["localhost"]).certificate).unwrap();
    tls.server.process.wait_for_log("keeping the former certificate");
    assert_eq!(tls.connect(HTTP1).certificate(), before);
    write_certificate(tls.folder.path(), &tls.authority.issue(&["localhost"]));
    wait_until("the whole pair is taken", WAIT_TIMEOUT, || {
        (tls.connect(HTTP1).certificate() != before).then_some(())
    });
}

#[test]
fn silent_handshakes_end() {
    let tls = TlsServer::start(&[]);
    let address = tls.server.address;
    let open = |bytes: &[u8]| {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(WAIT_TIMEOUT)).unwrap();
        socket.write_all(bytes).unwrap();
        socket
    };
    // Nothing, the start of a record, and a record that is no handshake.
    let mut silent = vec![open(b""), open(b"\x16\x03\x01\x02\x00\x01"), open(&[0xff; 64])];
    for socket in &mut silent {
        // The last one gets an alert first.
        let ended = socket.read_to_end(&mut Vec::new());
        assert!(!has_timed_out(&ended), "{ended:?}");
    }
    assert_eq!(tls.metric("flightboard_tls_handshakes_total{result=\"timeout\"}"), 2);
    assert_eq!(tls.metric("flightboard_tls_handshakes_total{result=\"failed\"}"), 1);
    assert!(tls.metric("flightboard_tls_certificate_not_after_timestamp_seconds") > 0);
}

fn has_timed_out(ended: &std::io::Result<usize>) -> bool {
    let kind = ended.as_ref().err().map(std::io::Error::kind);
    matches!(kind, Some(ErrorKind::TimedOut | ErrorKind::WouldBlock))
}

#[test]
fn plain_requests_get_a_sentence() {
    let tls = TlsServer::start(&[]);
    let response = send_plain(tls.server.address, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(response.starts_with("HTTP/1.1 400 "), "{response}");
    assert!(response.contains("This port speaks https"), "{response}");
    for header in ["Content-Security-Policy: ", "X-Content-Type-Options: ", "Referrer-Policy: "] {
        assert!(response.contains(header), "{response}");
    }
}

/// The server reads the end of a connection. A heartbeat, at a random moment of 15 seconds, would notice most of these
/// ends only later.
#[test]
fn ended_streams_are_noticed() {
    const FOLLOWERS: u64 = 30;
    let tls = TlsServer::start(&[]);
    let open = || tls.metric("flightboard_followers{board=\"main\"}");
    let notice_ends = || {
        let followers: Vec<_> = (0..FOLLOWERS).map(|_| tls.follow()).collect();
        assert_eq!(open(), FOLLOWERS);
        let start = Instant::now();
        followers.into_iter().for_each(TlsClient::close);
        wait_until("the streams have ended", WAIT_TIMEOUT, || (open() == 0).then_some(()));
        start.elapsed()
    };
    // A loaded machine may need another attempt.
    let is_soon = (0..3).any(|_| notice_ends() < Duration::from_secs(8));
    assert!(is_soon, "no attempt took less than most heartbeats");
}

#[test]
fn browsers_are_redirected() {
    let redirect = free_address();
    let tls = TlsServer::start(&["--http-redirect", &redirect.to_string()]);
    let port = tls.server.address.port();
    let send = |request: &str| send_plain(redirect, request).to_lowercase();
    let get = |host: &str, path: &str| {
        send(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
    };
    let response = get("board.example:80", "/boards/main?x=1");
    assert!(response.starts_with("http/1.1 308 "), "{response}");
    let location = format!("location: https://board.example:{port}/boards/main?x=1\r\n");
    assert!(response.contains(&location), "{response}");
    assert!(!response.contains("strict-transport-security"), "{response}");
    let response = get("[::1]", "/");
    assert!(response.contains(&format!("location: https://[::1]:{port}/\r\n")), "{response}");
    for (host, target) in
        [("", "/"), ("board.example", "*"), ("board.example", "/events?access_token=x")]
    {
        let refused = get(host, target);
        assert!(refused.starts_with("http/1.1 400 ") && !refused.contains("location"), "{refused}");
    }
    let malformed = send("GET\r\n\r\n");
    assert!(malformed.starts_with("http/1.1 400 ") && malformed.contains("nosniff"), "{malformed}");
    let unknown = get("board.example", "/.well-known/acme-challenge/unknown");
    assert!(unknown.starts_with("http/1.1 404 "), "{unknown}");
    let refused = send(
        "PUT /boards/x HTTP/1.1\r\nHost: board.example\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    );
    assert!(refused.starts_with("http/1.1 403 ") && !refused.contains("location"), "{refused}");
}

#[test]
fn unusable_certificates_are_reported() {
    let folder = TempDir::new().unwrap();
    let authority = CertificateAuthority::generate();
    let (cert, key) = paths(folder.path());
    let serve = |more: &[&str]| {
        let args = ["serve", "--listen", "127.0.0.1:0", "--memory"];
        let output = run(flightboard_command(args).args(more), "");
        assert!(!output.status.success(), "{output:?}");
        output.stderr
    };
    let with_files = || serve(&["--tls-cert", &cert, "--tls-key", &key]);
    let missing = with_files();
    assert!(missing.contains("cannot read") && missing.contains("cert.pem"), "{missing}");
    let issued = authority.issue(&["localhost"]);
    fs::write(&cert, &issued.certificate).unwrap();
    fs::write(&key, authority.issue(&["localhost"]).key).unwrap();
    let foreign = with_files();
    assert!(foreign.contains("the key does not fit the certificate"), "{foreign}");
    let redirect = serve(&["--http-redirect", "127.0.0.1:0"]);
    assert!(redirect.contains("--http-redirect needs https"), "{redirect}");
}
