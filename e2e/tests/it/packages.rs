//! The packages that `cargo xtask package` builds. Each test mounts its root for one process, so the machine stays as it is.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::follower::TestFollower;
use crate::process::{ServerProcess, TestProcess, run};
use crate::proxies::root;
use crate::wait::WAIT_TIMEOUT;

/// The user of the image.
const IMAGE_USER: u32 = 65532;

/// Two installations took 27 seconds on a machine with much other work.
const INSTALL_TIMEOUT: Duration = WAIT_TIMEOUT.saturating_mul(10);

/// Runs the program of the image as container runtimes do: as its user, with devices and processes, one volume, and a
/// root that cannot be written. Arguments: the root, the volume, the user, and those of the program.
const RUN_IMAGE: &str = r#"
    mount --bind "$1" "$1"
    mount -o remount,bind,ro "$1"
    mount --rbind /dev "$1/dev"
    mount --rbind /proc "$1/proc"
    mount --bind "$2" "$1/var/lib/flightboard"
    root=$1 user=$3
    shift 3
    exec unshare --root "$root" --wd /var/lib/flightboard --setuid "$user" --setgid "$user" \
        /usr/bin/flightboard "$@"
"#;

/// Runs a script on a copy of this machine that ends with it. Arguments: an empty folder, the package and the script.
const RUN_IN_COPY: &str = r#"
    mount -t tmpfs tmpfs "$1"
    mkdir "$1/upper" "$1/work" "$1/root"
    mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
    mount --rbind /proc "$1/root/proc"
    mount --rbind /dev "$1/root/dev"
    cp "$2" "$1/root/flightboard.deb"
    exec chroot "$1/root" sh -eux -c "$3"
"#;

/// The life of the package on a machine that seems to run systemd. It prints the calls of `systemctl`.
const INSTALL_TO_PURGE: &str = r#"
    mkdir -p /run/systemd/system
    printf '#!/bin/sh\necho "$@" >> /calls\n' > /usr/bin/systemctl
    chmod +x /usr/bin/systemctl

    dpkg --install /flightboard.deb >&2
    flightboard --version >&2
    flightboard completions bash | cmp - /usr/share/bash-completion/completions/flightboard
    gzip -t /usr/share/man/man1/flightboard.1.gz /usr/share/man/man1/flightboard-serve.1.gz
    systemd-analyze verify --man=no /usr/lib/systemd/system/flightboard*.s*
    settings=$(sed -n 's/^Environment=//p' /usr/lib/systemd/system/flightboard.service)
    env $settings flightboard serve --check >&2
    test "$(stat -c %U:%G:%a /etc/flightboard)" = root:flightboard:750

    echo upgrade >> /calls
    mkdir /var/lib/flightboard
    echo FLIGHTBOARD_KEEP=1d >> /etc/default/flightboard
    dpkg --install /flightboard.deb >&2
    grep FLIGHTBOARD_KEEP /etc/default/flightboard >&2

    echo remove >> /calls
    dpkg --remove flightboard >&2
    test ! -e /usr/bin/flightboard
    test ! -e /usr/lib/systemd/system/flightboard.service
    test -e /var/lib/flightboard
    test -e /etc/flightboard
    test -e /etc/default/flightboard

    echo purge >> /calls
    dpkg --purge flightboard >&2
    test ! -e /var/lib/flightboard
    test ! -e /etc/flightboard
    test ! -e /etc/default/flightboard
    getent passwd flightboard >&2
    cat /calls
"#;

#[test]
#[ignore = "needs the image's files, see `cargo xtask test`"]
fn image_runs_on_read_only_roots() {
    let volume = TempDir::new().unwrap();
    let Some(mut command) = image_command(volume.path(), &["serve", "--listen", "localhost:0"])
    else {
        return;
    };
    let server = ServerProcess::start(&mut command);
    let api = server.api();
    assert!(api.get_text("/").contains("<title>"), "the page");
    let mut follower = TestFollower::open(server.address);
    assert_eq!(follower.next_event().name, "timetable");
    let id = api.put_flight("I768", &json!({ "origin": "Rome" }));
    assert_eq!(follower.next_event().id, id);
    let journal = fs::metadata(volume.path().join("flightboard.db")).unwrap();
    if is_root() {
        assert_eq!(journal.uid(), IMAGE_USER);
    }
    server.process.terminate();
    assert!(server.process.wait_for_exit(WAIT_TIMEOUT).status.success());
}

/// The image listens on all addresses.
#[test]
#[ignore = "needs the image's files, see `cargo xtask test`"]
fn image_needs_credentials() {
    let volume = TempDir::new().unwrap();
    let Some(mut command) = image_command(volume.path(), &["serve"]) else { return };
    let output = run(&mut command, "");
    assert!(!output.status.success());
    assert!(output.stderr.contains("--open-publishing"), "{}", output.stderr);
}

#[test]
#[ignore = "needs the Debian package, see `cargo xtask test`"]
fn debian_package_installs_and_leaves() {
    if !is_root() || !succeeds("systemd-sysusers", &["--version"]) {
        eprintln!("only root can install the package, and only with systemd: nothing was checked");
        return;
    }
    let Some(mut command) = isolated(RUN_IN_COPY) else { return };
    let folder = TempDir::new().unwrap();
    let package = packages().join("debian/flightboard.deb");
    command.arg(folder.path()).arg(package).arg(INSTALL_TO_PURGE);
    let output = TestProcess::start(&mut command).wait_for_exit(INSTALL_TIMEOUT);
    assert!(output.status.success(), "{}", output.stderr);
    let calls = [
        "daemon-reload",
        "try-restart flightboard.service",
        "upgrade",
        "daemon-reload",
        "try-restart flightboard.service",
        "remove",
        "disable --now flightboard.socket flightboard-redirect.socket flightboard.service",
        "daemon-reload",
        "purge",
    ];
    assert_eq!(output.stdout.lines().collect::<Vec<_>>(), calls);
}

/// The program of the image with the settings of the Dockerfile.
fn image_command(volume: &Path, args: &[&str]) -> Option<Command> {
    let mut command = isolated(RUN_IMAGE)?;
    let image = packages().join("image");
    // Container runtimes add these.
    for folder in ["dev", "proc"] {
        fs::create_dir_all(image.join(folder)).unwrap();
    }
    fs::write(image.join("etc/hosts"), "127.0.0.1 localhost\n").unwrap();
    // Another user has only its own number in its namespace.
    let user = if is_root() { IMAGE_USER } else { 0 };
    if is_root() {
        chown(volume, Some(user), Some(user)).unwrap();
    }
    command.arg(image).arg(volume).arg(user.to_string()).args(args);
    let dockerfile = fs::read_to_string(root().join("Dockerfile")).unwrap();
    let settings = dockerfile.lines().filter_map(|line| line.strip_prefix("ENV "));
    command.envs(settings.map(|setting| setting.split_once('=').unwrap()));
    Some(command)
}

/// A shell with mounts of its own; `None` where this machine does not allow them.
fn isolated(script: &str) -> Option<Command> {
    let flags: &[_] = if is_root() { &["--mount"] } else { &["--mount", "--map-root-user"] };
    if !succeeds("unshare", &[flags, &["true"]].concat()) {
        eprintln!("this machine does not allow mounts: nothing was checked");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(flags).args(["sh", "-eu", "-c", script, "sh"]);
    Some(command)
}

fn succeeds(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

fn packages() -> PathBuf {
    root().join("target/packages")
}
