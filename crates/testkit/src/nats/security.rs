//! TLS and users of a NATS server: lines of its configuration, and the files that it and its clients read.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::nats::certificates::CertificateAuthority;
use crate::nats::users::{NatsOperator, NatsPermissions, NatsUser};

/// An authority and an operator, with a folder for the files of a server and its clients.
pub struct NatsSecurity {
    folder: TempDir,
    authority: CertificateAuthority,
    pub operator: NatsOperator,
}

impl NatsSecurity {
    pub fn generate() -> Self {
        let folder = TempDir::new().unwrap();
        let authority = CertificateAuthority::generate();
        Self { folder, authority, operator: NatsOperator::generate() }
    }

    /// Configuration of a local server that requires TLS and users.
    pub fn config(&self) -> String {
        self.tls_config(&LOCAL_NAMES) + &self.operator.config()
    }

    /// Configuration of a server that requires TLS and has a certificate for these names.
    pub fn tls_config(&self, names: &[&str]) -> String {
        let issued = self.authority.issue(names);
        let certificate = self.write("server.pem", &issued.certificate);
        let key = self.write("server.key", &issued.key);
        let [certificate, key] = [certificate, key].map(|file| file.display().to_string());
        format!("tls {{ cert_file: \"{certificate}\", key_file: \"{key}\" }}\n")
    }

    /// Configuration of a server that requires TLS and a certificate from each client.
    pub fn mutual_tls_config(&self) -> String {
        let ca_file = self.ca_file().display().to_string();
        let verify = format!(", ca_file: \"{ca_file}\", verify: true }}");
        self.tls_config(&LOCAL_NAMES).replace(" }", &verify)
    }

    /// Writes the certificate of the authority to a file for clients.
    pub fn ca_file(&self) -> PathBuf {
        self.write("authorities.pem", &self.authority.certificate())
    }

    /// Creates a user with these permissions, and its file of credentials.
    pub fn create_user(&self, permissions: &NatsPermissions) -> (NatsUser, PathBuf) {
        let user = self.operator.create_user(permissions);
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

/// The names by which tests connect to this machine.
const LOCAL_NAMES: [&str; 2] = ["127.0.0.1", "localhost"];
