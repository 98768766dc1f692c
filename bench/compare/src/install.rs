//! How the servers come here: into one folder below the target folder, so that nothing is installed for
//! the machine, no service is begun, and all of it goes with `cargo clean`.
//!
//! Debian's packages are unpacked there, not installed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::server::Server;

/// The version that is installed.
const DURABLE_STREAMS: &str = "0.1.5";

/// Debian's packages for nchan.
const DEBIAN_PACKAGES: [&str; 2] = ["nginx", "libnginx-mod-nchan"];

/// Where Debian's nginx puts the bodies of requests, and the nchan built for it.
const BODIES: &[u8; 19] = b"/var/lib/nginx/body";

/// As long as the other.
const BODIES_WITHIN: &[u8; 19] = b"body-in-this-folder";

/// The sources of the servers that Node runs.
const NODE_SOURCES: [&str; 5] =
    [".npmrc", "package.json", "package-lock.json", "http.mjs", "better-sse.mjs"];

/// Where all servers are.
pub(crate) struct Shelf {
    root: PathBuf,
    /// What cargo has built, and this program with it.
    built: PathBuf,
    folder: PathBuf,
}

impl Shelf {
    pub(crate) fn beside_this_program(root: &Path) -> Result<Self> {
        let this = std::env::current_exe().context("this program is somewhere")?;
        let built = this.parent().context("in a folder")?.to_owned();
        let target = built.parent().context("that cargo made")?;
        let folder = target.join("compare");
        fs::create_dir_all(&folder)?;
        Ok(Self { root: root.to_owned(), built, folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A program that cargo has built.
    pub(crate) fn built(&self, name: &str) -> PathBuf {
        self.built.join(name)
    }

    pub(crate) fn durable_streams(&self) -> PathBuf {
        self.folder.join("durable-streams/bin/durable-streams-server")
    }

    /// Where Debian's packages are unpacked.
    pub(crate) fn debian(&self) -> PathBuf {
        self.folder.join("debian")
    }

    pub(crate) fn nginx(&self) -> PathBuf {
        self.debian().join("usr/sbin/nginx")
    }

    /// The module.
    pub(crate) fn nchan(&self) -> PathBuf {
        self.debian().join("usr/lib/nginx/modules/ngx_nchan_module.so")
    }

    pub(crate) fn node(&self) -> PathBuf {
        self.folder.join("node")
    }

    /// Makes sure that it is there, and tells its version.
    pub(crate) fn provide(&self, server: Server) -> Result<String> {
        match server {
            Server::Loop | Server::CoalescingLoop => {
                self.own("yardstick", env!("CARGO_PKG_VERSION"))
            }
            Server::Flightboard | Server::FlightboardIoUring => {
                self.own("flightboard", env!("CARGO_PKG_VERSION"))
            }
            Server::Axum => self.own("axum-sse", &self.locked("axum")?),
            Server::DurableStreams => self.provide_durable_streams(),
            Server::Nchan => self.provide_nchan(),
            Server::Node | Server::BetterSse => self.provide_node(server),
        }
    }

    fn own(&self, program: &str, version: &str) -> Result<String> {
        let is_there = self.built(program).is_file();
        ensure!(is_there, "{program} is not built: run `cargo build --workspace` before");
        Ok(version.to_owned())
    }

    /// The version of a crate that this project was built with.
    fn locked(&self, name: &str) -> Result<String> {
        let lock = fs::read_to_string(self.root.join("Cargo.lock"))?;
        let beginning = format!("name = \"{name}\"\nversion = \"");
        let (_, rest) =
            lock.split_once(&beginning).with_context(|| format!("no {name} is locked"))?;
        Ok(rest.split('"').next().unwrap_or_default().to_owned())
    }

    fn provide_durable_streams(&self) -> Result<String> {
        if !self.durable_streams().is_file() {
            let mut cargo =
                Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            let version = format!("={DURABLE_STREAMS}");
            cargo.args(["install", "--locked", "durable-streams", "--version", &version, "--root"]);
            cargo.arg(self.folder.join("durable-streams")).arg("--target-dir");
            self.run(cargo.arg(self.folder.join("durable-streams/build")))?;
        }
        Ok(DURABLE_STREAMS.to_owned())
    }

    fn provide_nchan(&self) -> Result<String> {
        let debian = self.debian();
        if !debian.join("packages").is_file() {
            fs::create_dir_all(&debian)?;
            self.download(&debian)?;
            let mut names = Vec::new();
            for entry in fs::read_dir(&debian)? {
                let package = entry?.path();
                if package.extension().is_some_and(|end| end == "deb") {
                    self.run(Command::new("dpkg-deb").arg("-x").arg(&package).arg(&debian))?;
                    names.push(
                        package.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
                    );
                }
            }
            ensure!(names.len() == DEBIAN_PACKAGES.len(), "{names:?} are not all packages");
            self.keep_within()?;
            names.sort();
            fs::write(debian.join("packages"), names.join(" "))?;
        }
        let names = fs::read_to_string(debian.join("packages"))?;
        // Such as libnginx-mod-nchan_1%3a1.3.6+dfsg-2_amd64.
        let versions: Vec<_> = names.split(' ').filter_map(|name| name.split('_').nth(1)).collect();
        let [nchan, nginx] = versions[..] else { bail!("{names} are not two packages") };
        let plain = |version: &str| {
            let (_, upstream) = version.split_once("%3a").unwrap_or(("", version));
            upstream.split(['+', '-']).next().unwrap_or(upstream).to_owned()
        };
        Ok(format!("{} (nginx {})", plain(nchan), plain(nginx)))
    }

    /// Debian's packages, as files.
    fn download(&self, folder: &Path) -> Result<()> {
        let mut download = Command::new("apt-get");
        download.args(["download", "--quiet"]).args(DEBIAN_PACKAGES).current_dir(folder);
        if self.run(&mut download).is_err() {
            // A machine that never asked knows of no packages.
            self.run(Command::new("apt-get").args(["update", "--quiet"]))?;
            self.run(&mut download)?;
        }
        Ok(())
    }

    /// nchan makes a folder for bodies at the place that it was built with, whatever the configuration
    /// says. This copy makes it below the folder that it is run in.
    fn keep_within(&self) -> Result<()> {
        let module = self.nchan();
        let mut bytes = fs::read(&module)?;
        let starts = 0..bytes.len().saturating_sub(BODIES.len());
        let places: Vec<_> = starts.filter(|at| bytes[*at..].starts_with(BODIES)).collect();
        ensure!(!places.is_empty(), "nchan was built otherwise than expected");
        for at in places {
            bytes[at..at + BODIES.len()].copy_from_slice(BODIES_WITHIN);
        }
        Ok(fs::write(module, bytes)?)
    }

    fn provide_node(&self, server: Server) -> Result<String> {
        let answer = Command::new("node").arg("--version").output();
        let answer = answer.context("there is no Node")?;
        let node =
            String::from_utf8_lossy(&answer.stdout).trim().trim_start_matches('v').to_owned();
        fs::create_dir_all(self.node())?;
        for name in NODE_SOURCES {
            let source = fs::read(self.root.join("bench/peers/node").join(name))?;
            fs::write(self.node().join(name), source)?;
        }
        if server == Server::Node {
            return Ok(node);
        }
        let installed = self.node().join("node_modules/better-sse/package.json");
        if !installed.is_file() {
            self.run(Command::new("npm").arg("ci").current_dir(self.node()))?;
        }
        let package: serde_json::Value = serde_json::from_slice(&fs::read(installed)?)?;
        let version = package["version"].as_str().context("better-sse has no version")?;
        Ok(format!("{version} (Node {node})"))
    }

    /// Runs it to its end. What it says goes into a file, of which the last line tells what is wrong.
    fn run(&self, command: &mut Command) -> Result<()> {
        let words = command.get_program().to_string_lossy().into_owned();
        let words = format!("{words} {}", command.get_args().next().unwrap_or_default().display());
        eprintln!("{words} …");
        let said = self.folder.join("install.log");
        let log = File::create(&said)?;
        let command = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let status = command.status().with_context(|| format!("{words} did not start"))?;
        if !status.success() {
            let said = fs::read_to_string(said)?;
            let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
            bail!("{words} failed: {}", last.trim());
        }
        Ok(())
    }
}
