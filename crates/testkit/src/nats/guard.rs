//! What guards a server: TLS, users, or both, as lines of its configuration and files beside it.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::nats::certificates::Authority;
use crate::nats::users::{Operator, Rights, User};

/// An authority and an operator, with a folder for the files of a server and of its clients.
pub struct Guard {
    folder: TempDir,
    authority: Authority,
    pub operator: Operator,
}

impl Guard {
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self { folder, authority: Authority::new(), operator: Operator::new() }
    }

    /// Lines for a server that wants TLS and users, and is this machine.
    pub fn config(&self) -> String {
        self.tls(&HERE) + &self.operator.config()
    }

    /// Lines for a server that wants TLS, and shows a certificate for these names.
    pub fn tls(&self, names: &[&str]) -> String {
        let certified = self.authority.vouch_for(names);
        let certificate = self.write("server.pem", &certified.certificate);
        let key = self.write("server.key", &certified.key);
        let [certificate, key] = [certificate, key].map(|file| file.display().to_string());
        format!("tls {{ cert_file: \"{certificate}\", key_file: \"{key}\" }}\n")
    }

    /// Lines for a server that wants TLS, and a certificate of each client.
    pub fn tls_for_certified_clients(&self) -> String {
        let authorities = self.authorities().display().to_string();
        let more = format!(", ca_file: \"{authorities}\", verify: true }}");
        self.tls(&HERE).replace(" }", &more)
    }

    /// A file for clients, with the certificate of the authority.
    pub fn authorities(&self) -> PathBuf {
        self.write("authorities.pem", &self.authority.certificate())
    }

    /// A new user with these rights, and the file that it shows.
    pub fn user(&self, rights: &Rights) -> (User, PathBuf) {
        let user = self.operator.user(rights);
        let file = self.folder.path().join(format!("{}.creds", rand::random::<u64>()));
        fs::write(&file, user.credentials()).unwrap();
        (user, file)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        fs::write(&file, text).unwrap();
        file
    }
}

impl Default for Guard {
    fn default() -> Self {
        Self::new()
    }
}

/// What clients of a test call this machine.
const HERE: [&str; 2] = ["127.0.0.1", "localhost"];
