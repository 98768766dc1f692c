//! Real proxies before a server, each with a configuration of the test, in one process that ends with the test.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::ports::free_address;
use tempfile::TempDir;

use crate::process::TestProcess;
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// `cargo xtask test` unpacks Debian's packages here.
const PACKAGES_FOLDER: &str = "target/proxies";

/// Without its admin API, whose port is fixed.
pub const CADDY_OPTIONS: &str = "{\n    admin off\n}\n";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyProgram {
    Nginx,
    HaProxy,
    Apache,
    Caddy,
}

/// A running proxy.
pub struct ProxyProcess {
    pub address: SocketAddr,
    pub process: TestProcess,
    _folder: TempDir,
}

impl ProxyProgram {
    /// Starts the proxy with the configuration that `config` makes for its address and its folder.
    pub fn start(self, config: impl FnOnce(SocketAddr, &Path) -> String) -> ProxyProcess {
        let folder = TempDir::new().unwrap();
        let address = free_address();
        let file = folder.path().join("proxy.conf");
        fs::write(&file, config(address, folder.path())).unwrap();
        let mut process = TestProcess::start(&mut self.command(&file, folder.path()));
        wait_until("the proxy listens", WAIT_TIMEOUT, || {
            assert!(!process.has_exited(), "{self:?} has exited: {}", process.log());
            TcpStream::connect(address).ok()
        });
        ProxyProcess { address, process, _folder: folder }
    }

    /// The documented example for two servers, or for the first of them, with the addresses of the test.
    pub fn documented(
        self,
        address: SocketAddr,
        folder: &Path,
        servers: [SocketAddr; 2],
    ) -> String {
        let second = ("10.0.0.2:5000", servers[1].to_string());
        let (name, own) = match self {
            Self::Nginx => {
                let http = format!("http {{ {}", nginx_paths(folder));
                let own =
                    [("listen 80", format!("listen {address}")), ("65536", "1000".to_owned())];
                ("nginx.conf", [&own[..], &[("http {", http), second]].concat())
            }
            Self::HaProxy => {
                let own = [
                    ("bind :80", format!("bind {address}")),
                    ("maxconn 32000", "maxconn 400".to_owned()),
                    second,
                ];
                ("haproxy.cfg", own.into())
            }
            Self::Apache => ("apache.conf", vec![("*:80", address.to_string())]),
            Self::Caddy => ("Caddyfile", vec![(":80", format!("http://{address}"))]),
        };
        let shared =
            [("10.0.0.1:5000", servers[0].to_string()), ("10.0.0.0/24", "127.0.0.0/8".to_owned())];
        let replacements = own.into_iter().chain(shared).map(|(from, to)| (from.to_owned(), to));
        let text = example_config(name, &replacements.collect::<Vec<_>>());
        match self {
            Self::Nginx | Self::HaProxy => text,
            Self::Apache => apache_settings(folder, &["authz_host", "proxy", "proxy_http"]) + &text,
            Self::Caddy => format!("{CADDY_OPTIONS}{text}"),
        }
    }

    /// Runs the proxy in one process, so that killing it ends all of it.
    pub fn command(self, config: &Path, folder: &Path) -> Command {
        match self {
            Self::Nginx => {
                let pid = folder.join("nginx.pid");
                let directives = format!("daemon off; master_process off; pid {};", pid.display());
                let mut nginx = find_program("nginx");
                nginx.arg("-c").arg(config).args(["-e", "stderr", "-g", &directives]);
                nginx
            }
            Self::HaProxy => {
                let mut haproxy = find_program("haproxy");
                haproxy.arg("-db").arg("-f").arg(config);
                haproxy
            }
            Self::Apache => {
                let mut apache = find_program("apache2");
                apache.args(["-X", "-d"]).arg(folder).arg("-f").arg(config);
                apache
            }
            Self::Caddy => {
                let mut caddy = find_program("caddy");
                caddy.args(["run", "--adapter", "caddyfile", "--config"]).arg(config);
                caddy.env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
                caddy
            }
        }
    }
}

/// A documented example with replacements for this machine.
pub fn example_config(name: &str, replacements: &[(String, String)]) -> String {
    let mut text = fs::read_to_string(root().join("docs/examples").join(name)).unwrap();
    for (from, to) in replacements {
        assert!(text.contains(from), "{name} has {from}");
        text = text.replace(from, to);
    }
    text
}

/// The lines that nginx needs to run without root, in its `http` block.
pub fn nginx_paths(folder: &Path) -> String {
    let bodies = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};", folder.join(kind).display()));
    format!("access_log off; {}", bodies.concat())
}

/// The lines that Apache needs without Debian's configuration, with these modules.
pub fn apache_settings(folder: &Path, modules: &[&str]) -> String {
    let libraries = modules_folder();
    let mut text = format!(
        "ServerName localhost\nPidFile {}\nErrorLog /dev/stderr\nMutex file:{} default\n",
        folder.join("apache.pid").display(),
        folder.display()
    );
    for module in ["mpm_event", "authz_core"].iter().chain(modules) {
        let library = libraries.join(format!("mod_{module}.so"));
        text += &format!("LoadModule {module}_module {}\n", library.display());
    }
    text
}

fn modules_folder() -> PathBuf {
    let unpacked = root().join(PACKAGES_FOLDER).join("usr/lib/apache2/modules");
    if unpacked.is_dir() { unpacked } else { "/usr/lib/apache2/modules".into() }
}

pub fn find_program(name: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    if let Some(found) = folders.map(|folder| folder.join(name)).find(|file| file.is_file()) {
        return Command::new(found);
    }
    let unpacked = root().join(PACKAGES_FOLDER);
    let programs = ["usr/sbin", "usr/bin"].map(|folder| unpacked.join(folder).join(name));
    let found = programs.iter().find(|file| file.is_file());
    let found =
        found.unwrap_or_else(|| panic!("{name} not found: install it or run `cargo xtask test`"));
    let mut command = Command::new(found);
    let libraries = format!("usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    command.env("LD_LIBRARY_PATH", unpacked.join(libraries));
    command
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}
