//! Commands in documents run, and show what is shown.
//!
//! A block of `sh` is run to its end, in order, in one folder for each document. One with a second
//! word is run in a terminal of that name, where it goes on while the reader does; the next block of
//! the same terminal stops it first. A block of `console` is what the terminal says then. All use the
//! same port in a document, another one here.

use std::collections::HashMap;

use crate::document::{self, Block, Document};
use crate::shown;
use crate::terminal::{Desk, Terminal};
use crate::wait::{WAIT_TIMEOUT, wait_until};

/// Languages of blocks that are not commands. No others, so that no command escapes by its name.
const NOT_COMMANDS: [&str; 4] = ["html", "event-stream", "nginx", "ini"];

const SHOWN_ADDRESS: &str = "127.0.0.1:5000";

/// Stands for cargo: what it would build is built already, and runs.
const CARGO: &str = r#"#!/usr/bin/env bash
set -eu
case "$*" in
    "xtask test" | "install --locked --path crates/cli") ;;
    "xtask soak "* | "xtask storm" | "xtask mutants" | "xtask compare") ;;
    "xtask failover" | "xtask journals") ;;
    "run --release -- "*) shift 3 && exec flightboard "$@" ;;
    *) echo "this stands for cargo, and knows no $*" >&2 && exit 1 ;;
esac
"#;

#[test]
fn commands_run_and_show_what_is_shown() {
    for document in document::for_users() {
        let mut reader = Reader::new();
        for block in document.blocks() {
            reader.follow(&block);
        }
    }
}

#[test]
fn every_block_is_of_a_known_language() {
    let known = |block: &Block| match &*block.language {
        "sh" | "console" => true,
        language => NOT_COMMANDS.contains(&language) && block.terminal.is_empty(),
    };
    let blocks: Vec<_> = document::for_users().iter().flat_map(Document::blocks).collect();
    assert!(blocks.iter().filter(|block| block.language == "sh").count() > 10);
    for block in blocks {
        assert!(known(&block), "{}: {} {}", block.place, block.language, block.terminal);
    }
}

/// Someone who does what a document says.
struct Reader {
    /// Before the desk, so that nothing runs any more when its folder goes.
    terminals: HashMap<String, (Terminal, usize)>,
    /// What the last block said that ran to its end.
    said: String,
    desk: Desk,
}

impl Reader {
    fn new() -> Self {
        let desk = Desk::new();
        desk.install("cargo", CARGO);
        Self { terminals: HashMap::new(), said: String::new(), desk }
    }

    fn follow(&mut self, block: &Block) {
        let text = block.text.replace(SHOWN_ADDRESS, &self.desk.address.to_string());
        match (&*block.language, &*block.terminal) {
            ("sh", "") => {
                eprintln!("{}", block.place);
                self.said = self.desk.run(&text);
            }
            ("sh", name) => {
                if let Some((mut terminal, _)) = self.terminals.remove(name) {
                    terminal.stop();
                }
                self.terminals.insert(name.to_owned(), (self.desk.start(&text), 0));
            }
            ("console", "") => {
                let shown = shown::find(&self.said, &text);
                assert!(shown.is_some(), "{} shows what was not:\n{}", block.place, self.said);
            }
            ("console", name) => self.wait(name, &text, &block.place),
            _ => {}
        }
    }

    fn wait(&mut self, name: &str, text: &str, place: &str) {
        let (terminal, seen) = self.terminals.get_mut(name).expect("a terminal of that name");
        let rest = || -> String {
            terminal.output().lines().skip(*seen).flat_map(|line| [line, "\n"]).collect()
        };
        let what = format!("{place} is shown");
        *seen += wait_until(&what, WAIT_TIMEOUT, || shown::find(&rest(), text));
    }
}
