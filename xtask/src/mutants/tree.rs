//! A copy of the project that may be broken. The project itself is only read. The copy stays, with
//! what was built in it, so that the next run builds little; what is the same is not written again.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::fault::Fault;
use crate::command::{command, run};
use crate::tools;

/// Below the folder of what cargo builds.
const PLACE: &str = "mutants";

/// Of the copy alone.
const OWN: &str = "node_modules";

pub(crate) struct Tree {
    root: PathBuf,
    place: PathBuf,
}

impl Tree {
    pub(crate) fn of(root: &Path) -> Result<Self> {
        let this = std::env::current_exe().context("this program is somewhere")?;
        let built = this.parent().and_then(Path::parent).context("and below what is built")?;
        let tree = Self { root: root.to_owned(), place: built.join(PLACE) };
        tree.renew()?;
        tools::install_packages(&tree.folder().join("web"))?;
        Ok(tree)
    }

    /// Where the project's files are.
    pub(crate) fn folder(&self) -> PathBuf {
        self.place.join("tree")
    }

    /// What cargo builds of the copy: not among what it builds of the project.
    pub(crate) fn built(&self) -> PathBuf {
        self.place.join("built")
    }

    /// What the last command said.
    pub(crate) fn log(&self) -> PathBuf {
        self.place.join("log")
    }

    /// Keeps what it said under a name.
    pub(crate) fn keep_log(&self, name: &str) -> Result<PathBuf> {
        let kept = self.place.join(format!("{name}.log"));
        fs::copy(self.log(), &kept)?;
        Ok(kept)
    }

    pub(crate) fn apply(&self, fault: &Fault) -> Result<()> {
        let folder = self.folder();
        let mut apply = command("git", &folder, &["apply"]);
        // Else git would take the copy for an ignored folder of the project, and do nothing.
        apply.arg(&fault.patch).env("GIT_CEILING_DIRECTORIES", &self.place);
        run(&mut apply).with_context(|| format!("{} does not apply", fault.name))?;
        ensure!(!self.changed()?.is_empty(), "{} changes nothing", fault.name);
        Ok(())
    }

    /// Makes it what the project is.
    pub(crate) fn renew(&self) -> Result<()> {
        let files = self.files()?;
        for file in self.changed()? {
            let target = self.folder().join(&file);
            if files.contains(&file) {
                fs::create_dir_all(target.parent().context("a file is in a folder")?)?;
                fs::copy(self.root.join(&file), &target)?;
            } else {
                fs::remove_file(&target)?;
            }
        }
        Ok(())
    }

    /// Files that are not what they are in the project.
    fn changed(&self) -> Result<Vec<PathBuf>> {
        let files = self.files()?;
        let mut known = BTreeSet::new();
        if self.folder().exists() {
            below(&self.folder(), Path::new(""), &mut known)?;
        }
        let read = |folder: &Path, file: &Path| fs::read(folder.join(file)).ok();
        let differs = |file: &&PathBuf| read(&self.root, file) != read(&self.folder(), file);
        let changed = files.iter().filter(differs).chain(known.difference(&files));
        Ok(changed.cloned().collect())
    }

    /// Those that git knows, or would, and that are there.
    fn files(&self) -> Result<BTreeSet<PathBuf>> {
        let all = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let answer = command("git", &self.root, &all).output().context("git did not start")?;
        ensure!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
        let names = String::from_utf8(answer.stdout).context("a file's name is no text")?;
        let files = names.split_terminator('\0').map(PathBuf::from);
        Ok(files.filter(|file| self.root.join(file).is_file()).collect())
    }
}

fn below(root: &Path, folder: &Path, files: &mut BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if !entry.file_type()?.is_dir() {
            files.insert(path);
        } else if entry.file_name() != OWN {
            below(root, &path, files)?;
        }
    }
    Ok(())
}
