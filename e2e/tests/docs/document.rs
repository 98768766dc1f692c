//! Markdown documents of the project.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

pub(crate) struct Document {
    /// Relative to the root of the project.
    pub(crate) path: String,
    text: String,
}

/// A fenced block. The first word of its info string is the language, the second names a terminal.
pub(crate) struct CodeBlock {
    pub(crate) language: String,
    pub(crate) terminal: String,
    pub(crate) text: String,
    /// File and line, for failure messages.
    pub(crate) location: String,
}

/// The root of the project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The README and the documents in `docs/`.
pub(crate) fn user_documents() -> Vec<Document> {
    let docs = fs::read_dir(root().join("docs")).unwrap();
    let names = docs.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".md")).collect();
    names.sort();
    let docs = names.into_iter().map(|name| Document::read(&format!("docs/{name}")));
    [Document::read("README.md")].into_iter().chain(docs).collect()
}

/// The documents for users and for contributors.
pub(crate) fn all_documents() -> Vec<Document> {
    let others = ["ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "data/README.md"];
    user_documents().into_iter().chain(others.map(Document::read)).collect()
}

impl Document {
    pub(crate) fn read(path: &str) -> Self {
        let text = fs::read_to_string(root().join(path)).unwrap();
        Self { path: path.to_owned(), text }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn code_blocks(&self) -> Vec<CodeBlock> {
        let mut blocks: Vec<CodeBlock> = Vec::new();
        let mut is_inside = false;
        for (event, range) in self.events() {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    let (language, terminal) = info.split_once(' ').unwrap_or((&info, ""));
                    blocks.push(CodeBlock {
                        language: language.to_owned(),
                        terminal: terminal.to_owned(),
                        text: String::new(),
                        location: self.location(&range),
                    });
                    is_inside = true;
                }
                Event::End(TagEnd::CodeBlock) => is_inside = false,
                Event::Text(text) if is_inside => blocks.last_mut().unwrap().text += &text,
                _ => {}
            }
        }
        blocks
    }

    /// Code spans outside of blocks.
    pub(crate) fn code_spans(&self) -> Vec<String> {
        let events = self.events();
        events
            .filter_map(|(event, _)| match event {
                Event::Code(code) => Some(code.into_string()),
                _ => None,
            })
            .collect()
    }

    /// The words without code, with the line of each piece of text.
    pub(crate) fn prose(&self) -> Vec<(usize, String)> {
        let mut pieces: Vec<(usize, String)> = Vec::new();
        let mut is_code = false;
        for (event, range) in self.events() {
            match event {
                Event::Start(Tag::CodeBlock(_)) => is_code = true,
                Event::End(TagEnd::CodeBlock) => is_code = false,
                Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::Item | Tag::TableCell) => {
                    pieces.push((self.line(&range), String::new()));
                }
                Event::Text(text) if !is_code => {
                    if let Some((_, piece)) = pieces.last_mut() {
                        *piece += &text;
                    }
                }
                Event::SoftBreak | Event::HardBreak | Event::Code(_) => {
                    if let Some((_, piece)) = pieces.last_mut() {
                        piece.push(' ');
                    }
                }
                _ => {}
            }
        }
        pieces
    }

    /// Targets of links and images.
    pub(crate) fn link_targets(&self) -> Vec<String> {
        let events = self.events();
        events
            .filter_map(|(event, _)| match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    Some(dest_url.into_string())
                }
                _ => None,
            })
            .collect()
    }

    /// The anchors of headings, by GitHub's rules.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let mut anchors: Vec<String> = Vec::new();
        let mut is_inside = false;
        for (event, _) in self.events() {
            match event {
                Event::Start(Tag::Heading { .. }) => {
                    anchors.push(String::new());
                    is_inside = true;
                }
                Event::End(TagEnd::Heading(_)) => is_inside = false,
                Event::Text(text) | Event::Code(text) if is_inside => {
                    let text = text.to_lowercase().replace(' ', "-");
                    let keeps = |sign: &char| sign.is_alphanumeric() || "-_".contains(*sign);
                    anchors.last_mut().unwrap().extend(text.chars().filter(keeps));
                }
                _ => {}
            }
        }
        anchors
    }

    /// The rows of the first table below a heading, without its head and without backticks.
    pub(crate) fn table(&self, heading: &str) -> Vec<Vec<String>> {
        let start = self.text.find(&format!("\n{heading}\n"));
        let start = start.unwrap_or_else(|| panic!("{} has no {heading}", self.path));
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut is_cell = false;
        for (event, _) in self.events().filter(|(_, range)| range.start > start) {
            match event {
                Event::Start(Tag::TableRow) => rows.push(Vec::new()),
                Event::Start(Tag::TableCell) if !rows.is_empty() => {
                    rows.last_mut().unwrap().push(String::new());
                    is_cell = true;
                }
                Event::End(TagEnd::TableCell) => is_cell = false,
                Event::End(TagEnd::Table) => break,
                Event::Text(text) | Event::Code(text) if is_cell => {
                    *rows.last_mut().unwrap().last_mut().unwrap() += &text;
                }
                _ => {}
            }
        }
        assert!(!rows.is_empty(), "{}: no table below {heading}", self.path);
        rows
    }

    fn events(&self) -> impl Iterator<Item = (Event<'_>, Range<usize>)> {
        Parser::new_ext(&self.text, Options::ENABLE_TABLES).into_offset_iter()
    }

    fn location(&self, range: &Range<usize>) -> String {
        format!("{}:{}", self.path, self.line(range))
    }

    fn line(&self, range: &Range<usize>) -> usize {
        self.text[..range.start].lines().count() + 1
    }
}
