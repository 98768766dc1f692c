//! Installs each server into one folder below the target folder: nothing is installed for the machine, no service is
//! started, and `cargo clean` removes everything. Debian packages are only unpacked there.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::server::ServerKind;

const DURABLE_STREAMS_VERSION: &str = "0.1.5";

/// The Debian packages of nchan.
const NCHAN_PACKAGES: [&str; 2] = ["nginx", "libnginx-mod-nchan"];

/// The folder for request bodies that is compiled into Debian's nchan.
const NCHAN_BODY_FOLDER: &[u8; 19] = b"/var/lib/nginx/body";

/// A relative path of the same length that replaces it.
const NCHAN_BODY_FOLDER_HERE: &[u8; 19] = b"body-in-this-folder";

/// The sources of the servers that run on Node.
const NODE_SOURCES: [&str; 5] =
    [".npmrc", "package.json", "package-lock.json", "http.mjs", "better-sse.mjs"];

/// The folder with all servers.
pub(crate) struct InstallFolder {
    /// The root of the workspace.
    root: PathBuf,
    /// The folder of the programs built by cargo.
    build: PathBuf,
    path: PathBuf,
}

impl InstallFolder {
    pub(crate) fn beside_this_program(root: &Path) -> Result<Self> {
        let program = std::env::current_exe().context("this program has no path")?;
        let build = program.parent().context("this program is in no folder")?.to_owned();
        let target = build.parent().context("this program is not in a target folder")?;
        let path = target.join("compare");
        fs::create_dir_all(&path)?;
        Ok(Self { root: root.to_owned(), build, path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a program built by cargo.
    pub(crate) fn built_program(&self, name: &str) -> PathBuf {
        self.build.join(name)
    }

    pub(crate) fn durable_streams(&self) -> PathBuf {
        self.path.join("durable-streams/bin/durable-streams-server")
    }

    pub(crate) fn nginx(&self) -> PathBuf {
        self.debian_folder().join("usr/sbin/nginx")
    }

    pub(crate) fn nchan_module(&self) -> PathBuf {
        self.debian_folder().join("usr/lib/nginx/modules/ngx_nchan_module.so")
    }

    pub(crate) fn node_folder(&self) -> PathBuf {
        self.path.join("node")
    }

    /// The folder of the unpacked Debian packages.
    fn debian_folder(&self) -> PathBuf {
        self.path.join("debian")
    }

    /// Installs a server unless it is there, and returns its version.
    pub(crate) fn provide(&self, server: ServerKind) -> Result<String> {
        match server {
            ServerKind::Loop | ServerKind::CoalescingLoop => {
                self.find_built("baseline", env!("CARGO_PKG_VERSION"))
            }
            ServerKind::Flightboard | ServerKind::FlightboardIoUring => {
                self.find_built("flightboard", env!("CARGO_PKG_VERSION"))
            }
            ServerKind::Axum => self.find_built("axum-sse", &self.locked_version("axum")?),
            ServerKind::DurableStreams => self.provide_durable_streams(),
            ServerKind::Nchan => self.provide_nchan(),
            ServerKind::Node => self.provide_node(),
            ServerKind::BetterSse => self.provide_better_sse(),
        }
    }

    fn find_built(&self, program: &str, version: &str) -> Result<String> {
        let is_built = self.built_program(program).is_file();
        ensure!(is_built, "{program} is not built: run `cargo build --workspace` first");
        Ok(version.to_owned())
    }

    /// The version of a crate in this project's Cargo.lock.
    fn locked_version(&self, name: &str) -> Result<String> {
        let lock = fs::read_to_string(self.root.join("Cargo.lock"))?;
        let entry = format!("name = \"{name}\"\nversion = \"");
        let (_, rest) =
            lock.split_once(&entry).with_context(|| format!("no {name} in Cargo.lock"))?;
        Ok(rest.split('"').next().unwrap_or_default().to_owned())
    }

    fn provide_durable_streams(&self) -> Result<String> {
        if !self.durable_streams().is_file() {
            let mut cargo =
                Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            let version = format!("={DURABLE_STREAMS_VERSION}");
            cargo.args(["install", "--locked", "durable-streams", "--version", &version, "--root"]);
            cargo.arg(self.path.join("durable-streams")).arg("--target-dir");
            self.run(cargo.arg(self.path.join("durable-streams/build")))?;
        }
        Ok(DURABLE_STREAMS_VERSION.to_owned())
    }

    fn provide_nchan(&self) -> Result<String> {
        // Written last, with the names of the packages, so that an interrupted installation starts again.
        let installed = self.debian_folder().join("packages");
        if !installed.is_file() {
            let names = self.unpack_nchan()?;
            self.patch_nchan_body_folder()?;
            fs::write(&installed, names.join(" "))?;
        }
        let names = fs::read_to_string(installed)?;
        // A name such as libnginx-mod-nchan_1%3a1.3.6+dfsg-2_amd64 contains an epoch, the upstream version and a
        // Debian revision.
        let versions: Vec<_> = names.split(' ').filter_map(|name| name.split('_').nth(1)).collect();
        let [nchan, nginx] = versions[..] else { bail!("{names} are not two packages") };
        let upstream = |version: &str| {
            let (_, version) = version.split_once("%3a").unwrap_or(("", version));
            version.split(['+', '-']).next().unwrap_or(version).to_owned()
        };
        Ok(format!("{} (nginx {})", upstream(nchan), upstream(nginx)))
    }

    /// Downloads and unpacks the packages, and returns their names in alphabetical order.
    fn unpack_nchan(&self) -> Result<Vec<String>> {
        let debian = self.debian_folder();
        fs::create_dir_all(&debian)?;
        self.download_nchan(&debian)?;
        let mut names = Vec::new();
        for entry in fs::read_dir(&debian)? {
            let package = entry?.path();
            if package.extension().is_some_and(|extension| extension == "deb") {
                self.run(Command::new("dpkg-deb").arg("-x").arg(&package).arg(&debian))?;
                let name = package.file_stem().unwrap_or_default();
                names.push(name.to_string_lossy().into_owned());
            }
        }
        ensure!(
            names.len() == NCHAN_PACKAGES.len(),
            "expected {NCHAN_PACKAGES:?}, found {names:?}"
        );
        names.sort();
        Ok(names)
    }

    fn download_nchan(&self, folder: &Path) -> Result<()> {
        let mut download = Command::new("apt-get");
        download.args(["download", "--quiet"]).args(NCHAN_PACKAGES).current_dir(folder);
        if self.run(&mut download).is_err() {
            // A new machine has no package lists yet.
            self.run(Command::new("apt-get").args(["update", "--quiet"]))?;
            self.run(&mut download)?;
        }
        Ok(())
    }

    /// Patches the module so that it creates its folder for request bodies below the working directory. It ignores the
    /// path in the configuration.
    fn patch_nchan_body_folder(&self) -> Result<()> {
        let module = self.nchan_module();
        let mut bytes = fs::read(&module)?;
        let length = NCHAN_BODY_FOLDER.len();
        let starts = 0..bytes.len().saturating_sub(length);
        let found: Vec<_> =
            starts.filter(|at| bytes[*at..].starts_with(NCHAN_BODY_FOLDER)).collect();
        ensure!(!found.is_empty(), "this build of nchan has no compiled-in body folder");
        for at in found {
            bytes[at..at + length].copy_from_slice(NCHAN_BODY_FOLDER_HERE);
        }
        Ok(fs::write(module, bytes)?)
    }

    fn provide_node(&self) -> Result<String> {
        let output = Command::new("node").arg("--version").output();
        let output = output.context("Node is not installed")?;
        let version = String::from_utf8_lossy(&output.stdout);
        let version = version.trim().trim_start_matches('v').to_owned();
        fs::create_dir_all(self.node_folder())?;
        for name in NODE_SOURCES {
            let source = fs::read(self.root.join("bench/peers/node").join(name))?;
            fs::write(self.node_folder().join(name), source)?;
        }
        Ok(version)
    }

    fn provide_better_sse(&self) -> Result<String> {
        let node_version = self.provide_node()?;
        let manifest = self.node_folder().join("node_modules/better-sse/package.json");
        if !manifest.is_file() {
            self.run(Command::new("npm").arg("ci").current_dir(self.node_folder()))?;
        }
        let manifest: serde_json::Value = serde_json::from_slice(&fs::read(manifest)?)?;
        let version = manifest["version"].as_str().context("better-sse has no version")?;
        Ok(format!("{version} (Node {node_version})"))
    }

    /// Runs a command to its end, with its output in a log file. An error has the last line of the output.
    fn run(&self, command: &mut Command) -> Result<()> {
        let program = command.get_program().to_string_lossy().into_owned();
        let argument = command.get_args().next().unwrap_or_default();
        let name = format!("{program} {}", argument.display());
        eprintln!("{name} …");
        let log_path = self.path.join("install.log");
        let log = File::create(&log_path)?;
        let command = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let status = command.status().with_context(|| format!("{name} did not start"))?;
        if !status.success() {
            let output = fs::read_to_string(log_path)?;
            let last = output.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
            bail!("{name} failed: {}", last.trim());
        }
        Ok(())
    }
}
