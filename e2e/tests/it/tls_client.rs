//! A blocking client of a server that speaks TLS: the test sees the bytes under the encryption as they are.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::wait::WAIT_TIMEOUT;

pub(crate) struct TlsClient {
    stream: StreamOwned<ClientConnection, TcpStream>,
    text: String,
}

impl TlsClient {
    /// Connects to `localhost`, trusts the authority with this PEM, and offers these protocols.
    ///
    /// # Errors
    /// The handshake fails.
    pub(crate) fn connect(
        address: SocketAddr,
        authority: &str,
        protocols: &[&str],
    ) -> std::io::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from("localhost").unwrap();
        let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut socket = TcpStream::connect(address)?;
        socket.set_read_timeout(Some(WAIT_TIMEOUT)).unwrap();
        while connection.is_handshaking() {
            connection.complete_io(&mut socket)?;
        }
        Ok(Self { stream: StreamOwned::new(connection, socket), text: String::new() })
    }

    /// The protocol on which both sides agree.
    pub(crate) fn protocol(&self) -> Option<&str> {
        self.stream.conn.alpn_protocol().map(|name| std::str::from_utf8(name).unwrap())
    }

    /// The server's certificate, in DER.
    pub(crate) fn certificate(&self) -> Vec<u8> {
        self.stream.conn.peer_certificates().unwrap()[0].to_vec()
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
        self.stream.flush().unwrap();
    }

    /// Sends a request of HTTP/1.1 without a body.
    pub(crate) fn request(&mut self, method: &str, path: &str) {
        self.send(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes());
    }

    /// Opens a stream, and reads it to the name of its first event.
    pub(crate) fn follow(&mut self) -> String {
        self.request("GET", "/events");
        self.read_until("event: timetable")
    }

    /// Sets the remark of a row.
    pub(crate) fn publish(&mut self, remark: &str) {
        let body = format!(r#"{{"flight":"I768","remark":"{remark}"}}"#);
        self.send(
            format!(
                "PUT /boards/main/flights/I768 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .as_bytes(),
        );
        let head = self.read_until("\r\n\r\n");
        assert!(head.starts_with("HTTP/1.1 20"), "{head}");
    }

    /// Reads until the text since the last call contains `words`, and returns it to their end.
    pub(crate) fn read_until(&mut self, words: &str) -> String {
        loop {
            if let Some(at) = self.text.find(words) {
                let rest = self.text.split_off(at + words.len());
                return std::mem::replace(&mut self.text, rest);
            }
            let mut bytes = [0; 4096];
            let count = self.stream.read(&mut bytes).unwrap();
            assert!(count > 0, "ended before {words:?}: {}", self.text);
            self.text += &String::from_utf8_lossy(&bytes[..count]);
        }
    }

    /// Reads a single byte.
    pub(crate) fn read_byte(&mut self) -> u8 {
        let mut byte = [0];
        self.stream.read_exact(&mut byte).unwrap();
        byte[0]
    }

    /// Announces the end and closes the socket.
    pub(crate) fn close(mut self) {
        self.stream.conn.send_close_notify();
        self.stream.flush().unwrap();
    }
}
