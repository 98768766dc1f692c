//! `flightboard doctor` through nginx, HAProxy, Apache and Caddy: well configured by the documented examples, and with
//! each fault that it knows.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use testkit::nats::certificates::CertificateAuthority;
use testkit::ports::free_address;

use crate::process::{ServerProcess, TestProcess, flightboard_command, start_server};
use crate::proxies::{CADDY_OPTIONS, ProxyProcess, ProxyProgram, apache_settings, nginx_paths};
use crate::wait::WAIT_TIMEOUT;

/// An examination waits up to 35 seconds for heartbeats, and some more for canaries that do not come.
const EXAM_TIMEOUT: Duration = WAIT_TIMEOUT.saturating_mul(4);

const TOKEN: &str = "doctor-test-token-0123456789";

/// The output of the command.
struct ExamOutput {
    status: ExitStatus,
    text: String,
}

impl ExamOutput {
    fn examine(url: &str, flags: &[&str]) -> Self {
        let process = TestProcess::start(flightboard_command(["doctor", url]).args(flags));
        let output = process.wait_for_exit(EXAM_TIMEOUT);
        Self { status: output.status, text: output.stdout }
    }

    /// The lines of the findings on a subject, with their remedies.
    fn finding(&self, level: &str, subject: &str) -> String {
        let start = format!("{level:<5}  {subject:<13}  ");
        let mut is_wanted = false;
        let lines = self.text.lines().filter(|line| {
            if !line.starts_with("      ") {
                is_wanted = line.starts_with(&start);
            }
            is_wanted
        });
        let finding = lines.collect::<Vec<_>>().join("\n");
        assert!(!finding.is_empty(), "no {start:?} in\n{}", self.text);
        finding
    }

    fn assert_wrong(&self, subject: &str, words: &str) {
        let finding = self.finding("WRONG", subject);
        assert!(finding.contains(words), "no {words:?} in {finding}\n{}", self.text);
        assert_eq!(self.status.code(), Some(1), "{}", self.text);
    }

    fn assert_nothing_is_wrong(&self) {
        assert!(self.text.ends_with("\nnothing is wrong\n"), "{}", self.text);
        assert!(self.status.success(), "{}", self.text);
    }
}

/// A server that all origins may read, and a proxy before it.
struct ProxiedServer {
    proxy: ProxyProcess,
    server: ServerProcess,
    _folder: TempDir,
}

impl ProxiedServer {
    fn start(
        proxy: ProxyProgram,
        config: impl FnOnce(SocketAddr, &Path, SocketAddr) -> String,
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let server = start_server(folder.path(), &["--allow-origin", "*"]);
        let proxy = proxy.start(|address, folder| config(address, folder, server.address));
        Self { proxy, server, _folder: folder }
    }

    /// With these lines in the place where the proxy passes requests on.
    fn with_lines(proxy: ProxyProgram, lines: &str) -> Self {
        Self::start(proxy, |address, folder, server| match proxy {
            ProxyProgram::Nginx => format!(
                "events {{}} http {{ {} server {{ listen {address};
                    location / {{ proxy_pass http://{server}; {lines} }} }} }}",
                nginx_paths(folder)
            ),
            ProxyProgram::HaProxy => format!(
                "defaults\n mode http\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n\
                 frontend all\n bind {address}\n default_backend one\n\
                 backend one\n server a {server}\n {lines}\n"
            ),
            ProxyProgram::Apache => format!(
                "{}Listen {address}\nProxyPass / http://{server}/\nProxyTimeout 60\n{lines}\n",
                apache_settings(
                    folder,
                    &["proxy", "proxy_http", "headers", "filter", "deflate", "ext_filter"]
                )
            ),
            ProxyProgram::Caddy => format!(
                "{CADDY_OPTIONS}http://{address} {{\n{}\n}}\n",
                lines.replace("SERVER", &server.to_string())
            ),
        })
    }

    fn examine(&self, flags: &[&str]) -> ExamOutput {
        ExamOutput::examine(&format!("http://{}", self.proxy.address), flags)
    }

    /// Examines it for pages of an origin, and expects these faults: subjects, and words of the findings.
    fn assert_faults(&self, faults: &[(&str, &str)]) {
        let output = self.examine(&["--origin", "https://airport.example"]);
        for (subject, words) in faults {
            output.assert_wrong(subject, words);
        }
    }
}

fn check_example(proxy: ProxyProgram) {
    let system = ProxiedServer::start(proxy, |address, folder, server| {
        proxy.documented(address, folder, [server, server])
    });
    let output = system.examine(&["--origin", "https://airport.example"]);
    output.assert_nothing_is_wrong();
    output.finding("ok", "delivery");
    output.finding("ok", "heartbeats");
    output.finding("ok", "resuming");
    output.finding("ok", "origin");
    output.finding("ok", "clock");
    assert!(output.finding("note", "connections").contains("six connections"));
}

#[test]
fn example_of_nginx_is_healthy() {
    check_example(ProxyProgram::Nginx);
}

#[test]
fn example_of_haproxy_is_healthy() {
    check_example(ProxyProgram::HaProxy);
}

#[test]
fn example_of_apache_is_healthy() {
    check_example(ProxyProgram::Apache);
}

#[test]
fn example_of_caddy_is_healthy() {
    check_example(ProxyProgram::Caddy);
}

#[test]
fn nginx_buffering_is_reported() {
    let system =
        ProxiedServer::with_lines(ProxyProgram::Nginx, "proxy_ignore_headers X-Accel-Buffering;");
    system.examine(&[]).assert_wrong("delivery", "nginx    add `proxy_buffering off;`");
}

#[test]
fn haproxy_buffering_is_reported() {
    let lines = "http-response wait-for-body time 60s at-least 64k";
    let system = ProxiedServer::with_lines(ProxyProgram::HaProxy, lines);
    // HAProxy does not name itself, so the advice is for all.
    let output = system.examine(&[]);
    output.assert_wrong("delivery", "HAProxy  remove `http-response wait-for-body`");
    output.assert_wrong("delivery", "Caddy    set `flush_interval -1`");
}

#[test]
fn apache_buffering_is_reported() {
    // Standard output of `tr` goes into a pipe, so it writes whole blocks.
    let lines = "ExtFilterDefine hold mode=output cmd=\"/usr/bin/tr a a\"\nSetOutputFilter hold";
    let system = ProxiedServer::with_lines(ProxyProgram::Apache, lines);
    system.examine(&[]).assert_wrong("delivery", "remove `SetOutputFilter` with external filters");
}

#[test]
fn caddy_buffering_is_reported() {
    let lines = "reverse_proxy SERVER {\nbuffer_responses\nmax_buffer_size 64KiB\n}";
    let system = ProxiedServer::with_lines(ProxyProgram::Caddy, lines);
    system.examine(&[]).assert_wrong("delivery", "remove `buffer_responses`");
}

#[test]
fn nginx_faults_are_reported() {
    let lines = r#"
        proxy_http_version 1.1;
        proxy_read_timeout 3s;
        proxy_set_header Last-Event-ID "";
        proxy_pass http://SERVER$uri;
        proxy_hide_header Content-Type;
        add_header Content-Type "text/event-stream; charset=utf8";
        proxy_hide_header Cache-Control;
        add_header Access-Control-Allow-Origin *;
    "#;
    let system = ProxiedServer::start(ProxyProgram::Nginx, |address, folder, server| {
        format!(
            "events {{}} http {{ {} server {{ listen {address}; location / {{ {} }} }} }}",
            nginx_paths(folder),
            lines.replace("SERVER", &server.to_string())
        )
    });
    system.assert_faults(&[
        ("cut-off", "set `proxy_read_timeout 60s;`"),
        ("resuming", "remove `proxy_set_header Last-Event-ID`"),
        ("resuming", "needs `$is_args$args` at its end"),
        ("content type", "charset=utf8"),
        ("caching", "remove `expires`"),
        ("origin", "remove `add_header Access-Control-Allow-Origin`"),
    ]);
}

#[test]
fn haproxy_faults_are_reported() {
    let lines = [
        "timeout server 3s",
        "http-request del-header Last-Event-ID",
        "http-request set-query x=1",
        "http-response set-header Content-Type text/html",
        "http-response set-header Cache-Control max-age=60",
        "http-response add-header Access-Control-Allow-Origin *",
    ];
    let system = ProxiedServer::with_lines(ProxyProgram::HaProxy, &lines.join("\n "));
    system.assert_faults(&[
        ("cut-off", "set `timeout server 60s`"),
        ("resuming", "remove `http-request del-header Last-Event-ID`"),
        ("resuming", "remove `http-request set-query`"),
        ("content type", "remove `http-response set-header Content-Type`"),
        ("caching", "remove `http-request cache-use`"),
        ("origin", "remove `http-response add-header"),
    ]);
}

#[test]
fn apache_faults_are_reported() {
    let lines = [
        "ProxyTimeout 3",
        "RequestHeader unset Last-Event-ID",
        "Header set Content-Type \"text/event-stream; charset=iso-8859-1\"",
        "Header set Cache-Control max-age=60",
        "Header add Access-Control-Allow-Origin *",
    ];
    let system = ProxiedServer::with_lines(ProxyProgram::Apache, &lines.join("\n"));
    system.assert_faults(&[
        ("cut-off", "set `ProxyTimeout 60`"),
        ("resuming", "remove `RequestHeader unset Last-Event-ID`"),
        ("content type", "remove `ForceType`"),
        ("caching", "`Header set Cache-Control`"),
        ("origin", "remove `Header add Access-Control-Allow-Origin`"),
    ]);
}

#[test]
fn caddy_faults_are_reported() {
    let lines = "header +Access-Control-Allow-Origin https://other.example
        header Content-Type text/plain
        header Cache-Control max-age=60
        reverse_proxy SERVER {
            header_up -Last-Event-ID
            rewrite {path}
            transport http {
                read_timeout 3s
            }
        }";
    let system = ProxiedServer::with_lines(ProxyProgram::Caddy, lines);
    system.assert_faults(&[
        ("cut-off", "remove `read_timeout`"),
        ("resuming", "remove `header_up -Last-Event-ID`"),
        ("content type", "remove `header Content-Type`"),
        ("caching", "remove `header Cache-Control`"),
        ("origin", "remove `header +Access-Control-Allow-Origin`"),
    ]);
}

#[test]
fn caddy_compression_is_reported() {
    let lines = "encode gzip {\nminimum_length 1\n}\nreverse_proxy SERVER";
    let system = ProxiedServer::with_lines(ProxyProgram::Caddy, lines);
    system.examine(&[]).assert_wrong("compression", "exempt streams from `encode`");
}

/// HAProxy's compressor keeps the last bytes of each event until the next one.
#[test]
fn haproxy_compression_is_reported() {
    let inner = free_address();
    let compression = "compression algo gzip\n compression type text/event-stream";
    let start = |lines: &str| {
        ProxiedServer::start(ProxyProgram::HaProxy, |address, _, server| {
            format!(
                "defaults\n mode http\n option http-no-delay\n timeout connect 5s\n timeout client 60s\n \
                 timeout server 60s\n\
                 listen inner\n bind {inner}\n server a {server}\n {lines}\n\
                 listen outer\n bind {address}\n server a {inner}\n {compression}\n"
            )
        })
    };
    let system = start("http-response set-header Cache-Control no-cache");
    let output = system.examine(&["--watch", "1s"]);
    output
        .assert_wrong("compression", "HAProxy  remove `text/event-stream` from `compression type`");
    drop(system);
    // With the server's own `no-transform`, it does not compress.
    let output = start("").examine(&["--watch", "1s"]);
    output.assert_nothing_is_wrong();
    assert!(!output.text.contains("compression"), "{}", output.text);
}

/// These two send what the compressor has after each event.
#[test]
fn harmless_compression_is_noted() {
    for (proxy, lines, remedy) in [
        (
            ProxyProgram::Nginx,
            "gzip on; gzip_types text/event-stream; gzip_min_length 0;",
            "`gzip off;`",
        ),
        (ProxyProgram::Apache, "SetOutputFilter DEFLATE", "no-gzip"),
    ] {
        let output = ProxiedServer::with_lines(proxy, lines).examine(&["--watch", "1s"]);
        output.assert_nothing_is_wrong();
        let note = output.finding("note", "compression");
        assert!(note.contains(remedy), "{}", output.text);
    }
}

#[test]
fn haproxy_delays_are_noted() {
    let output = ProxiedServer::with_lines(ProxyProgram::HaProxy, "").examine(&["--watch", "1s"]);
    output.assert_nothing_is_wrong();
    let note = output.finding("note", "delivery");
    assert!(note.contains("HAProxy  add `option http-no-delay`"), "{}", output.text);
}

#[test]
fn redirects_are_reported() {
    let lines = "} location /old/ { rewrite ^/old(/.*)$ $1 redirect;";
    let system = ProxiedServer::with_lines(ProxyProgram::Nginx, lines);
    let output =
        ExamOutput::examine(&format!("http://{}/old", system.proxy.address), &["--watch", "1s"]);
    output.assert_wrong("redirect", "replace `return 301`");
    // The rest is checked where the stream is.
    output.finding("ok", "resuming");
}

#[test]
fn refused_publishing_leaves_a_note() {
    let lines = "limit_except GET { deny all; }";
    let system = ProxiedServer::with_lines(ProxyProgram::Nginx, lines);
    let output = system.examine(&["--watch", "1s"]);
    output.assert_nothing_is_wrong();
    assert!(output.finding("note", "delivery").contains("--publish-to"));

    let direct = format!("http://{}", system.server.address);
    let output = system.examine(&["--watch", "1s", "--publish-to", &direct]);
    assert!(output.finding("ok", "delivery").contains("8 of 8 canaries"));
}

#[test]
fn canaries_use_the_token() {
    let folder = TempDir::new().unwrap();
    let tokens = folder.path().join("tokens");
    // SHA-256 of the token below.
    let hash = "0dbbb0247e3faac1ee6cfdd853990d0c89a1b6a404483e66ebf4b2014aea5935";
    fs::write(&tokens, format!("sha256:{hash} ops publish=*\n")).unwrap();
    let server = start_server(folder.path(), &["--tokens", tokens.to_str().unwrap()]);
    let url = server.api().url().to_owned();
    let output = ExamOutput::examine(&url, &["--watch", "1s"]);
    output.assert_nothing_is_wrong();
    assert!(output.finding("note", "delivery").contains("--token-file"));

    let token = folder.path().join("token");
    fs::write(&token, format!("{TOKEN}\n")).unwrap();
    let flags = ["--watch", "1s", "--token-file", token.to_str().unwrap()];
    let output = ExamOutput::examine(&url, &flags);
    assert!(output.finding("ok", "delivery").contains("8 of 8 canaries"), "{}", output.text);
    assert!(!output.text.contains(TOKEN));
}

#[test]
fn certificates_and_http_versions_are_checked() {
    let authority = CertificateAuthority::generate();
    let issued = authority.issue(&["127.0.0.1"]);
    let certificates = TempDir::new().unwrap();
    let file = |name: &str, text: &str| {
        let file = certificates.path().join(name);
        fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let certificate = file("certificate.pem", &issued.certificate);
    let key = file("key.pem", &issued.key);
    let ca = file("ca.pem", &authority.certificate());
    for (http2, level) in [("", "note"), ("http2", "ok")] {
        let system = ProxiedServer::start(ProxyProgram::Nginx, |address, folder, server| {
            format!(
                "events {{}} http {{ {} server {{
                    listen {address} ssl {http2};
                    ssl_certificate {certificate}; ssl_certificate_key {key};
                    location / {{ proxy_pass http://{server}; }} }} }}",
                nginx_paths(folder)
            )
        });
        let url = format!("https://{}", system.proxy.address);
        let output = ExamOutput::examine(&url, &["--watch", "1s"]);
        output.assert_wrong("answer", "The certificate of");
        let output = ExamOutput::examine(&url, &["--watch", "1s", "--ca", &ca]);
        output.assert_nothing_is_wrong();
        let connections = output.finding(level, "connections");
        assert_eq!(connections.contains("nginx    `listen 443 ssl http2;`"), http2.is_empty());
    }
}

#[test]
fn canaries_leave_other_boards_alone() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let api = server.api();
    api.put_board("doctor", &json!({ "title": "Doctors' flights" }));
    let output = ExamOutput::examine(api.url(), &["--watch", "1s"]);
    assert!(output.finding("note", "delivery").contains("--canary-board"));
    assert_eq!(api.get("/boards/doctor")["closed"], false);

    let flags = ["--watch", "1s", "--canary-board", "canary"];
    ExamOutput::examine(api.url(), &flags).finding("ok", "delivery");
    assert_eq!(api.get("/boards/canary")["closed"], true);
}

#[test]
fn missing_servers_and_boards_are_explained() {
    let folder = TempDir::new().unwrap();
    let server = start_server(folder.path(), &[]);
    let url = server.api().url().to_owned();
    let output = ExamOutput::examine(&format!("{url}/boards/jfk"), &[]);
    output.assert_wrong("answer", "The server has no board jfk");
    let output = ExamOutput::examine(&format!("{url}/other"), &[]);
    output.assert_wrong("answer", "--base-path");
    drop(server);
    ExamOutput::examine(&url, &[]).assert_wrong("answer", "Nothing answers");
}

/// Starts a server that answers each request with the same bytes, and then leaves the connection open. Counts the
/// connections.
fn start_answering(answer: String) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    thread::spawn(move || {
        let mut open = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
            open.push(stream);
        }
    });
    (address, connections)
}

#[test]
fn redirects_keep_the_token() {
    let folder = TempDir::new().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, format!("{TOKEN}\n")).unwrap();
    let (other, connections) = start_answering("HTTP/1.1 404 Not Found\r\n\r\n".to_owned());
    let (address, _) = start_answering(format!(
        "HTTP/1.1 302 Found\r\nlocation: http://{other}/boards/main/events\r\ncontent-length: 0\r\n\r\n"
    ));
    let flags = ["--watch", "1s", "--token-file", token.to_str().unwrap()];
    let output = ExamOutput::examine(&format!("http://{address}"), &flags);
    output.assert_wrong("redirect", &other.to_string());
    assert_eq!(connections.load(Ordering::SeqCst), 0, "{}", output.text);
}

#[test]
fn endless_problems_are_explained() {
    let head = "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/problem+json\r\n\r\n{";
    for answer in [head.to_owned(), head.to_owned() + &" ".repeat(1 << 20)] {
        let (address, _) = start_answering(answer);
        let output = ExamOutput::examine(&format!("http://{address}"), &["--watch", "1s"]);
        output.assert_wrong("answer", "is refused with 401");
    }
}
