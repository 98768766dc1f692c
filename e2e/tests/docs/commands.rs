//! The commands of the documents run, and print the output shown.
//!
//! `sh` blocks of a document run to their end, in order, in one folder. A second word names a terminal: that
//! block keeps running, and the next block of the same terminal stops it first. `console` blocks are output of
//! the last command, or of the named terminal. The port is the same within a document, and another here.

use std::collections::{BTreeSet, HashMap};

use crate::console::find_shown;
use crate::document::{CodeBlock, Document, user_documents};
use crate::sandbox::{Sandbox, ShellSession};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// Languages of blocks that are not commands, and `shell` for those that would ask a real source. The list is closed,
/// so that a misspelt `sh` is noticed.
const NOT_COMMANDS: [&str; 13] = [
    "caddyfile",
    "event-stream",
    "html",
    "http",
    "ini",
    "jq",
    "jsx",
    "nginx",
    "rust",
    "shell",
    "text",
    "toml",
    "yaml",
];

const DOCUMENTED_ADDRESS: &str = "127.0.0.1:5000";

/// Replaces cargo: runs the program that is already built, and skips suites.
const CARGO: &str = r#"#!/usr/bin/env bash
set -eu
case "$*" in
    "xtask test" | "install --locked --path crates/cli") ;;
    "xtask soak "* | "xtask storm" | "xtask mutants" | "xtask compare") ;;
    "xtask failover" | "xtask journals" | "xtask past" | "xtask websockets") ;;
    "run --release -- "*) shift 3 && exec flightboard "$@" ;;
    *) echo "the cargo of this test does not know: $*" >&2 && exit 1 ;;
esac
"#;

#[test]
fn commands_print_the_documented_output() {
    for document in user_documents() {
        let mut reader = DocumentReader::new();
        for block in document.code_blocks() {
            reader.follow(&block);
        }
    }
}

#[test]
fn block_languages_are_known() {
    let is_known = |block: &CodeBlock| match &*block.language {
        "sh" | "console" => true,
        language => NOT_COMMANDS.contains(&language) && block.terminal.is_empty(),
    };
    let blocks: Vec<_> = user_documents().iter().flat_map(Document::code_blocks).collect();
    assert!(blocks.iter().filter(|block| block.language == "sh").count() > 10);
    for block in blocks {
        assert!(is_known(&block), "{}: {} {}", block.location, block.language, block.terminal);
    }
}

/// A new user has no more than the document names.
#[test]
fn deployment_names_its_programs() {
    /// Commands of every shell.
    const OF_THE_SHELL: [&str; 4] = ["cat", "echo", "umask", ""];
    let document = Document::read("docs/deploy.md");
    let (_, needs) = document.text().split_once("You need ").unwrap();
    let (needs, _) = needs.split_once("```").unwrap();
    let blocks = document.code_blocks();
    let commands = blocks.iter().filter(|block| block.language == "sh");
    let mut programs: BTreeSet<_> = commands.flat_map(|block| programs(&block.text)).collect();
    assert!(programs.contains("curl"), "{programs:?}");
    // The first one is of Rust, and installs the second.
    assert!(programs.remove("cargo") && programs.remove("flightboard") && needs.contains("Rust"));
    for program in programs.iter().filter(|program| !OF_THE_SHELL.contains(&&***program)) {
        assert!(needs.contains(&format!("`{program}`")), "{program} is not among: {needs}");
    }
}

/// The programs that the lines of a script start.
fn programs(script: &str) -> Vec<String> {
    let script = script.replace("\\\n", " ").replace("|\n", "|");
    let parts = script.lines().flat_map(|line| line.split(['|', '&', '(']));
    let words = parts.filter_map(|part| part.split_whitespace().next());
    words.map(|word| word.trim_end_matches(')').to_owned()).collect()
}

/// Executes the blocks of one document.
struct DocumentReader {
    /// Sessions with the number of output lines already shown. Declared before the sandbox: they end before its
    /// folder is removed.
    terminals: HashMap<String, (ShellSession, usize)>,
    /// Output of the last block that ran to its end.
    output: String,
    sandbox: Sandbox,
}

impl DocumentReader {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.install("cargo", CARGO);
        Self { terminals: HashMap::new(), output: String::new(), sandbox }
    }

    fn follow(&mut self, block: &CodeBlock) {
        let text = block.text.replace(DOCUMENTED_ADDRESS, &self.sandbox.address.to_string());
        match (&*block.language, &*block.terminal) {
            ("sh", "") => {
                eprintln!("{}", block.location);
                self.output = self.sandbox.run(&text);
            }
            ("sh", name) => {
                if let Some((mut session, _)) = self.terminals.remove(name) {
                    session.stop();
                }
                self.terminals.insert(name.to_owned(), (self.sandbox.start(&text), 0));
            }
            ("console", "") => {
                let shown = find_shown(&self.output, &text);
                assert!(shown.is_some(), "{} differs from:\n{}", block.location, self.output);
            }
            ("console", name) => self.wait_for_output(name, &text, &block.location),
            _ => {}
        }
    }

    fn wait_for_output(&mut self, terminal: &str, text: &str, location: &str) {
        let (session, shown_lines) = self.terminals.get_mut(terminal).expect("the terminal exists");
        let rest = || -> String {
            session.output().lines().skip(*shown_lines).flat_map(|line| [line, "\n"]).collect()
        };
        let condition = format!("{location} is printed");
        *shown_lines += wait_until(&condition, WAIT_TIMEOUT, || find_shown(&rest(), text));
    }
}
