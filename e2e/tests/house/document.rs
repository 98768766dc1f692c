//! Documents in Markdown, of which only what ours use is understood.

use std::fs;
use std::path::{Path, PathBuf};

const FENCE: &str = "```";

/// A document of the project.
pub(crate) struct Document {
    /// Its place from the root of the project.
    pub(crate) path: String,
    text: String,
}

/// A fenced block. Its first word is the language, the second the terminal that it belongs to.
pub(crate) struct Block {
    pub(crate) language: String,
    pub(crate) terminal: String,
    pub(crate) text: String,
    /// Where it begins, for whoever has to mend it.
    pub(crate) place: String,
}

/// The root of the project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The README and all in `docs/`: what users read.
pub(crate) fn for_users() -> Vec<Document> {
    let docs = fs::read_dir(root().join("docs")).unwrap();
    let names = docs.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".md")).collect();
    names.sort();
    let docs = names.into_iter().map(|name| Document::read(&format!("docs/{name}")));
    [Document::read("README.md")].into_iter().chain(docs).collect()
}

/// All documents, those for contributors too.
pub(crate) fn all() -> Vec<Document> {
    let others = ["ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md"];
    for_users().into_iter().chain(others.map(Document::read)).collect()
}

impl Document {
    pub(crate) fn read(path: &str) -> Self {
        let text = fs::read_to_string(root().join(path)).unwrap();
        Self { path: path.to_owned(), text }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn blocks(&self) -> Vec<Block> {
        let (mut blocks, mut open) = (Vec::new(), None::<Block>);
        for (line, number) in self.text.lines().zip(1..) {
            match (line.strip_prefix(FENCE), &mut open) {
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(words), None) => {
                    let mut words = words.split(' ').map(str::to_owned);
                    let mut word = || words.next().unwrap_or_default();
                    let (language, terminal) = (word(), word());
                    let place = format!("{}:{number}", self.path);
                    open = Some(Block { language, terminal, text: String::new(), place });
                }
                (None, Some(block)) => block.text.extend([line, "\n"]),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a block has no end", self.path);
        blocks
    }

    /// What stands between backticks outside of blocks.
    pub(crate) fn code(&self) -> Vec<String> {
        let prose = self.prose();
        let paragraphs = prose.split("\n\n").flat_map(|text| text.split('`').skip(1).step_by(2));
        paragraphs.map(|code| code.replace('\n', " ")).collect()
    }

    /// Targets of links and pictures.
    pub(crate) fn links(&self) -> Vec<String> {
        let prose = self.prose();
        let links = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        links.map(|(target, _)| target.to_owned()).collect()
    }

    /// The anchors of its headings, as they are made on the web.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let headings = self.text.lines().filter(|line| line.starts_with('#'));
        let anchor = |heading: &str| {
            let heading = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
            heading.chars().filter(|sign| sign.is_alphanumeric() || "-_".contains(*sign)).collect()
        };
        headings.map(anchor).collect()
    }

    /// The rows of the table below a heading, without its head, each cell without backticks.
    pub(crate) fn table(&self, heading: &str) -> Vec<Vec<String>> {
        let below = self.text.split_once(&format!("\n{heading}\n"));
        let (_, below) = below.unwrap_or_else(|| panic!("{} has no {heading}", self.path));
        let lines = below.lines().skip_while(|line| !line.starts_with('|'));
        let rows = lines.take_while(|line| line.starts_with('|')).skip(2);
        let cells = |row: &str| {
            let row = row.trim_matches('|').split('|');
            row.map(|cell| cell.trim().replace('`', "")).collect()
        };
        let rows: Vec<Vec<_>> = rows.map(cells).collect();
        assert!(!rows.is_empty(), "{}: no table below {heading}", self.path);
        rows
    }

    fn prose(&self) -> String {
        let pieces = self.text.split(FENCE);
        pieces.step_by(2).collect()
    }
}
