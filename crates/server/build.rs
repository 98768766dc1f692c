//! Prepares two things to embed: the page, built from `web/` by npm, and the OpenAPI document,
//! converted from YAML to JSON.

use std::path::{Path, PathBuf};
use std::process::{Command, exit};
use std::{env, fs, io};

/// Files and folders in `web/` that the page is built from.
const PAGE_INPUTS: &[&str] = &[
    ".npmrc",
    "build",
    "index.html",
    "package-lock.json",
    "package.json",
    "packages/flightboard-client/package.json",
    "packages/flightboard-client/src",
    "src",
    "static.html",
    "tsconfig.json",
    "vite.config.ts",
];

/// The package with the page's fonts, which npm installs.
const FONT_FOLDER: &str = "@fontsource-variable/atkinson-hyperlegible-next/files";

/// Fonts of images: their names here, and in the package.
const FONTS: [(&str, &str); 2] = [
    ("latin.ttf", "atkinson-hyperlegible-next-latin-wght-normal.woff2"),
    ("latin-ext.ttf", "atkinson-hyperlegible-next-latin-ext-wght-normal.woff2"),
];

/// A smaller file fits one packet of Ethernet, so compressing it saves nothing.
const MIN_COMPRESSED_BYTES: usize = 1_400;

fn main() {
    // Not `env!`, which would name the folder in which this program was compiled, even in a copy of it.
    let package = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let workspace = Path::new(&package).join("../..");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    build_page(&workspace, &out);
    convert_fonts(&workspace, &out);
    convert_openapi(&workspace, &out);
}

fn build_page(workspace: &Path, out: &Path) {
    let web = workspace.join("web");
    for input in PAGE_INPUTS {
        println!("cargo::rerun-if-changed={}", web.join(input).display());
    }
    if !is_installed(&web) {
        npm(&web, &["ci", "--no-audit", "--no-fund"]);
    }
    let page = out.join("page");
    let page = page.to_string_lossy();
    npm(&web, &["run", "build", "--", "--emptyOutDir", "--outDir", &page, "--logLevel", "warn"]);
    if let Err(error) = compress_assets(&out.join("page/assets")) {
        fail(&format!("cannot compress the page's files: {error}"));
    }
}

/// Writes the fonts of the page, which are compressed for browsers, as the images need them.
fn convert_fonts(workspace: &Path, out: &Path) {
    let folder = workspace.join("web/node_modules").join(FONT_FOLDER);
    for (name, source) in FONTS {
        let path = folder.join(source);
        let font = fs::read(&path)
            .unwrap_or_else(|error| fail(&format!("cannot read {}: {error}", path.display())));
        let font = wuff::decompress_woff2(&font)
            .unwrap_or_else(|error| fail(&format!("{} is invalid: {error:?}", path.display())));
        if let Err(error) = fs::write(out.join(name), font) {
            fail(&format!("cannot write {name}: {error}"));
        }
    }
}

/// Writes a compressed copy of each large file beside it, with the suffix `.br`.
fn compress_assets(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let content = fs::read(&path)?;
        if content.len() < MIN_COMPRESSED_BYTES {
            continue;
        }
        let mut compressed = Vec::new();
        let params = brotli::enc::BrotliEncoderParams::default();
        brotli::BrotliCompress(&mut &content[..], &mut compressed, &params)?;
        let mut name = path.into_os_string();
        name.push(".br");
        fs::write(name, compressed)?;
    }
    Ok(())
}

/// Compares npm's record of the last installation, in `node_modules`, with the lock file.
fn is_installed(web: &Path) -> bool {
    let modified = |file: &str| fs::metadata(web.join(file)).and_then(|meta| meta.modified()).ok();
    let installed = modified("node_modules/.package-lock.json");
    installed.zip(modified("package-lock.json")).is_some_and(|(installed, lock)| installed >= lock)
}

fn npm(web: &Path, args: &[&str]) {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let failure = match Command::new(program).args(args).current_dir(web).status() {
        Ok(status) if status.success() => return,
        Ok(status) => format!("npm {} failed: {status}", args.join(" ")),
        Err(error) => format!("cannot start npm: {error}"),
    };
    fail(&format!(
        "{failure}. The page in web/ needs Node 20.19 or newer with npm: install it and build again."
    ));
}

fn convert_openapi(workspace: &Path, out: &Path) {
    let source = workspace.join("docs/openapi.yaml");
    println!("cargo::rerun-if-changed={}", source.display());
    let yaml = fs::read_to_string(&source)
        .unwrap_or_else(|error| fail(&format!("cannot read {}: {error}", source.display())));
    let document: serde_json::Value = serde_saphyr::from_str(&yaml)
        .unwrap_or_else(|error| fail(&format!("{} is invalid: {error}", source.display())));
    if let Err(error) = fs::write(out.join("openapi.json"), document.to_string()) {
        fail(&format!("cannot write openapi.json: {error}"));
    }
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    exit(1);
}
