//! A copy of the workspace that mutants may break; the workspace itself is only read. The copy and its build
//! artifacts are kept, so that later runs build little.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::mutant::Mutant;
use crate::command::{command, run};
use crate::tools;

/// Below cargo's target folder.
const FOLDER: &str = "mutants";

/// Installed in the copy itself.
const NODE_MODULES: &str = "node_modules";

pub(crate) struct WorkingCopy {
    workspace: PathBuf,
    folder: PathBuf,
}

impl WorkingCopy {
    pub(crate) fn create(workspace: &Path) -> Result<Self> {
        let executable = std::env::current_exe().context("path of xtask")?;
        let target = executable.parent().and_then(Path::parent).context("cargo's target folder")?;
        let copy = Self { workspace: workspace.to_owned(), folder: target.join(FOLDER) };
        copy.restore()?;
        tools::install_node_package(&copy.root().join("web"))?;
        Ok(copy)
    }

    /// The root of the copy.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.join("tree")
    }

    /// The copy's own target folder.
    pub(crate) fn target(&self) -> PathBuf {
        self.folder.join("built")
    }

    /// The output of the last command.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Saves the log under a name and returns its path.
    pub(crate) fn save_log(&self, name: &str) -> Result<PathBuf> {
        let saved = self.folder.join(format!("{name}.log"));
        fs::copy(self.log(), &saved)?;
        Ok(saved)
    }

    pub(crate) fn apply(&self, mutant: &Mutant) -> Result<()> {
        let mut apply = command("git", &self.root(), &["apply"]);
        // Without the ceiling, git takes the copy for an ignored folder of the workspace and does nothing.
        apply.arg(&mutant.patch).env("GIT_CEILING_DIRECTORIES", &self.folder);
        run(&mut apply).with_context(|| format!("{} does not apply", mutant.name))?;
        ensure!(!self.differing_files()?.is_empty(), "{} changes nothing", mutant.name);
        Ok(())
    }

    /// Makes the copy equal to the workspace. Equal files are not written again, so that cargo does not rebuild
    /// them.
    pub(crate) fn restore(&self) -> Result<()> {
        let files = self.workspace_files()?;
        for file in self.differing_files()? {
            let target = self.root().join(&file);
            if files.contains(&file) {
                fs::create_dir_all(target.parent().context("a file is in a folder")?)?;
                fs::copy(self.workspace.join(&file), &target)?;
            } else {
                fs::remove_file(&target)?;
            }
        }
        Ok(())
    }

    fn differing_files(&self) -> Result<Vec<PathBuf>> {
        let files = self.workspace_files()?;
        let mut copied = BTreeSet::new();
        if self.root().exists() {
            collect_files(&self.root(), Path::new(""), &mut copied)?;
        }
        let read = |folder: &Path, file: &Path| fs::read(folder.join(file)).ok();
        let differs = |file: &&PathBuf| read(&self.workspace, file) != read(&self.root(), file);
        let differing = files.iter().filter(differs).chain(copied.difference(&files));
        Ok(differing.cloned().collect())
    }

    /// The files that git tracks or would track.
    fn workspace_files(&self) -> Result<BTreeSet<PathBuf>> {
        let args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let output = command("git", &self.workspace, &args).output().context("cannot run git")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let names = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
        let files = names.split_terminator('\0').map(PathBuf::from);
        Ok(files.filter(|file| self.workspace.join(file).is_file()).collect())
    }
}

fn collect_files(root: &Path, folder: &Path, files: &mut BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if !entry.file_type()?.is_dir() {
            files.insert(path);
        } else if entry.file_name() != NODE_MODULES {
            collect_files(root, &path, files)?;
        }
    }
    Ok(())
}
