//! Builds what is published: a Debian package, and the container image or its files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::command::{command, run};
use crate::{tools, workspace_root};

/// The files of the container image, below the workspace. The tests of packages run them.
const IMAGE_FOLDER: &str = "target/packages/image";

/// The Debian package, and what it is made of. The tests of packages install it.
const DEBIAN_FOLDER: &str = "target/packages/debian";

/// Shells that have a folder for completion scripts.
const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

/// The cargo profile of the packaged program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// For tests: it is built already.
    Dev,
    /// For use.
    Release,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }

    /// The folder of its programs, below the workspace.
    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "target/debug",
            Self::Release => "target/release",
        }
    }
}

/// Builds the packages for use.
pub(crate) fn build_release() -> Result<ExitCode> {
    let root = workspace_root()?;
    if has_docker() {
        run(&mut command("docker", &root, &["build", "--tag", "flightboard", "."]))?;
    } else {
        fill_image(&root, Profile::Release)?;
        eprintln!("Docker does not run here: {IMAGE_FOLDER} has the files of the image");
    }
    let args = ["build", "--release", "--locked", "-p", "flightboard"];
    run(&mut command(env!("CARGO"), &root, &args))?;
    build_debian_package(&root, Profile::Release)?;
    Ok(ExitCode::SUCCESS)
}

/// Makes the files of the container image. Its program then lies at the place of the usual one, until the next build.
pub(crate) fn fill_image(root: &Path, profile: Profile) -> Result<()> {
    let folder = empty_folder(root, IMAGE_FOLDER)?;
    run(command("packaging/image-root", root, &[]).arg(folder).arg(profile.name()))
}

/// Makes the Debian package of the program that was built last. It is not the static one: it finds the addresses of
/// hosts with the libraries of its machine, as the machine's settings say.
pub(crate) fn build_debian_package(root: &Path, profile: Profile) -> Result<()> {
    let folder = empty_folder(root, DEBIAN_FOLDER)?;
    let program = folder.join("flightboard");
    fs::copy(root.join(profile.folder()).join("flightboard"), &program)?;
    run(command(&program, root, &["man"]).arg(folder.join("man")))?;
    let completions = folder.join("completions");
    fs::create_dir(&completions)?;
    for shell in SHELLS {
        let script = File::create(completions.join(shell)).context("completion script")?;
        run(command(&program, root, &["completions", shell]).stdout(script))?;
    }
    // Profiles of the running program need its symbols.
    let args = ["deb", "--no-build", "--no-strip", "--locked", "-p", "flightboard", "--output"];
    let mut deb = command(tools::cargo_deb(root)?, root, &args);
    deb.arg(folder.join("flightboard.deb"));
    if profile == Profile::Dev {
        deb.arg("--fast");
    }
    run(&mut deb)
}

fn empty_folder(root: &Path, name: &str) -> Result<PathBuf> {
    let folder = root.join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn has_docker() -> bool {
    let mut info = Command::new("docker");
    // Without a daemon it prints the client's part and fails.
    let status = info.arg("info").stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
