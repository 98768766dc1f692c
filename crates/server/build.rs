//! Builds the page from `web/` for embedding: `npm ci` where needed, then `npm run build`.

use std::path::{Path, PathBuf};
use std::process::{Command, exit};
use std::{env, fs};

/// What the page is made from, besides the sources.
const INPUTS: &[&str] = &[
    ".npmrc",
    "build",
    "index.html",
    "package-lock.json",
    "package.json",
    "src",
    "tsconfig.json",
    "vite.config.ts",
];

fn main() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let web = workspace.join("web");
    for input in INPUTS {
        println!("cargo::rerun-if-changed={}", web.join(input).display());
    }
    println!("cargo::rerun-if-changed={}", workspace.join("data/airports.csv").display());
    let page = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("page");
    if !is_installed(&web) {
        npm(&web, &["ci", "--no-audit", "--no-fund"]);
    }
    let out = page.to_string_lossy();
    npm(&web, &["run", "build", "--", "--emptyOutDir", "--outDir", &out, "--logLevel", "warn"]);
}

/// npm notes in `node_modules` what it installed, and when.
fn is_installed(web: &Path) -> bool {
    let changed = |file: &str| fs::metadata(web.join(file)).and_then(|meta| meta.modified()).ok();
    let installed = changed("node_modules/.package-lock.json");
    installed.zip(changed("package-lock.json")).is_some_and(|(installed, lock)| installed >= lock)
}

fn npm(web: &Path, args: &[&str]) {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let failed = match Command::new(program).args(args).current_dir(web).status() {
        Ok(status) if status.success() => return,
        Ok(status) => format!("npm {} ended with {status}", args.join(" ")),
        Err(error) => format!("npm did not start: {error}"),
    };
    eprintln!(
        "{failed}. The page in web/ is built with Node 20.19 or newer and its npm: install them and build again."
    );
    exit(1);
}
