//! The language of comments and documents: active sentences, clauses with "what" or "who" are rare, and some patterns
//! are forbidden. For comparison, mini-redis, axum and rustls have 0 to 0.2 such clauses per 1,000 words.

use std::fmt::Write;

use crate::document::Document;
use crate::sources::{read, tracked_files};

/// Clauses with what or who, per 1,000 words.
const MAX_CLAUSE_RATE: f64 = 1.0;

/// Comments that begin with a clause, as a share of all.
const MAX_CLAUSE_BEGINNINGS: f64 = 0.01;

const CLAUSE_WORDS: [&str; 5] = ["what", "who", "whoever", "whatever", "whom"];

const CLAUSE_BEGINNINGS: [&str; 6] = ["what", "how", "who", "whoever", "whatever", "whether"];

/// Patterns that no sentence needs. `so many` and `so much` are wrong unless `as` follows.
const FORBIDDEN: [&str; 18] = [
    "anew",
    "all the same",
    "are let go",
    "are said",
    "are told",
    "besides",
    "for ever",
    "has to do with",
    "is let go",
    "is none",
    "is said",
    "is told",
    "let go on",
    "nobody",
    "of ours",
    "so many",
    "so much",
    "the system",
];

/// Files that quote bad sentences: the lists above.
const EXCLUDED: [&str; 1] = ["e2e/tests/docs/prose.rs"];

const REPORTED_PLACES: usize = 40;

/// A comment or a paragraph.
struct Passage {
    place: String,
    words: Vec<String>,
    questions: usize,
}

impl Passage {
    /// `None` if the text has no words. Code spans do not count.
    fn parse(place: String, text: &str) -> Option<Self> {
        let text: String = text.split('`').step_by(2).collect::<Vec<_>>().join(" ");
        let is_word = |sign: char| sign.is_ascii_alphabetic() || sign == '\'';
        let words = text.split(|sign| !is_word(sign)).map(|word| word.trim_matches('\''));
        let words: Vec<_> =
            words.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect();
        let questions = text.matches('?').count();
        (!words.is_empty()).then_some(Self { place, words, questions })
    }

    /// Words of clauses, without those of questions.
    fn clauses(&self) -> Vec<&str> {
        let mut found = Vec::new();
        for (at, word) in self.words.iter().enumerate() {
            let is_one_that = word == "that" && at > 0 && self.words[at - 1] == "one";
            if is_one_that || CLAUSE_WORDS.contains(&&**word) {
                found.push(&**word);
            }
        }
        found.drain(..self.questions.min(found.len()));
        found
    }

    fn begins_with_clause(&self) -> bool {
        self.questions == 0 && CLAUSE_BEGINNINGS.contains(&&*self.words[0])
    }

    fn forbidden(&self) -> Vec<&str> {
        let mut found = Vec::new();
        for pattern in FORBIDDEN {
            let pattern_words: Vec<_> = pattern.split(' ').collect();
            for start in 0..self.words.len() {
                let rest = &self.words[start..];
                let follows = rest.get(pattern_words.len()).map(String::as_str);
                let is_comparison = pattern_words[0] == "so" && follows == Some("as");
                let matches = rest.len() >= pattern_words.len()
                    && rest.iter().zip(&pattern_words).all(|(word, expected)| word == expected);
                if matches && !is_comparison {
                    found.push(pattern);
                }
            }
        }
        found
    }
}

#[test]
fn clauses_are_rare() {
    let passages = passages();
    let words: usize = passages.iter().map(|passage| passage.words.len()).sum();
    let clauses: usize = passages.iter().map(|passage| passage.clauses().len()).sum();
    let beginnings = passages.iter().filter(|passage| passage.begins_with_clause()).count();
    let rate = 1000.0 * clauses as f64 / words as f64;
    let share = beginnings as f64 / passages.len() as f64;
    let report = report(&passages, |passage| {
        let mut found = passage.clauses();
        found.extend(passage.begins_with_clause().then_some("(beginning)"));
        found
    });
    assert!(
        rate <= MAX_CLAUSE_RATE && share <= MAX_CLAUSE_BEGINNINGS,
        "{clauses} clauses in {words} words, {rate:.2} per 1,000; {beginnings} of {} passages begin with one\n{report}",
        passages.len()
    );
}

#[test]
fn forbidden_patterns_are_absent() {
    let passages = passages();
    let count: usize = passages.iter().map(|passage| passage.forbidden().len()).sum();
    assert_eq!(count, 0, "forbidden patterns\n{}", report(&passages, Passage::forbidden));
}

/// The places with the most hits first.
fn report<'a>(passages: &'a [Passage], hits: impl Fn(&'a Passage) -> Vec<&'a str>) -> String {
    let mut places: Vec<_> = passages.iter().map(|passage| (hits(passage), passage)).collect();
    places.retain(|(hits, _)| !hits.is_empty());
    places.sort_by_key(|(hits, _)| usize::MAX - hits.len());
    let mut report = String::new();
    for (hits, passage) in places.iter().take(REPORTED_PLACES) {
        let hits = hits.join(", ");
        writeln!(report, "{}: {hits}: {}", passage.place, passage.words.join(" ")).unwrap();
    }
    let more = places.len().saturating_sub(REPORTED_PLACES);
    if more > 0 {
        writeln!(report, "and {more} more places").unwrap();
    }
    report
}

/// The comments of all sources and the paragraphs of all documents.
fn passages() -> Vec<Passage> {
    let mut passages = Vec::new();
    for file in tracked_files(&["rs", "ts", "tsx", "mjs", "patch", "md"]) {
        if EXCLUDED.contains(&&*file) {
            continue;
        }
        let texts = match file.rsplit_once('.').unwrap().1 {
            "md" => Document::read(&file).prose(),
            "patch" => patch_header(&read(&file)),
            _ => comments(&read(&file)),
        };
        let found =
            texts.iter().filter_map(|(line, text)| Passage::parse(format!("{file}:{line}"), text));
        passages.extend(found);
    }
    passages
}

/// The description above a patch.
fn patch_header(patch: &str) -> Vec<(usize, String)> {
    let lines = patch.lines().take_while(|line| !line.starts_with("diff ")).map(str::to_owned);
    let lines = (1..).zip(lines);
    lines.filter(|(_, line)| !line.starts_with("Caught by: ")).collect()
}

/// Paragraphs of comments in Rust or TypeScript, each with its first line; examples in them do not count.
fn comments(source: &str) -> Vec<(usize, String)> {
    let mut paragraphs: Vec<(usize, String)> = Vec::new();
    let mut continues = false;
    let mut is_example = false;
    for (number, line) in (1..).zip(source.lines()) {
        let Some(text) = comment_text(line) else {
            continues = false;
            is_example = false;
            if let Some((_, comment)) = line.split_once(" // ") {
                paragraphs.push((number, comment.to_owned()));
            }
            continue;
        };
        let text = text.trim();
        if text.starts_with("```") {
            is_example = !is_example;
        } else if text.is_empty() {
            continues = false;
        } else if !is_example {
            if !continues {
                paragraphs.push((number, String::new()));
            }
            let (_, paragraph) = paragraphs.last_mut().expect("one has begun");
            paragraph.extend([text, " "]);
            continues = true;
        }
    }
    paragraphs
}

/// The text of a line that is a comment, `None` for code.
fn comment_text(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line_comment = line.strip_prefix("//").map(|text| text.trim_start_matches(['/', '!']));
    let block_comment = || {
        let text = line.strip_prefix("/**").or_else(|| line.strip_prefix("* "))?;
        Some(text.trim_end_matches("*/"))
    };
    line_comment.or_else(block_comment)
}

#[test]
fn patterns_are_found_in_comments_only() {
    let source = "//! Whoever waits is told.\n//!\n//! Next.\nlet a = \"anew\"; // so many as\n    // so many\n";
    let passages: Vec<_> = comments(source)
        .iter()
        .filter_map(|(line, text)| Passage::parse(line.to_string(), text))
        .collect();
    let places: Vec<_> = passages.iter().map(|passage| &*passage.place).collect();
    assert_eq!(places, ["1", "3", "4", "5"]);
    assert_eq!(passages[0].clauses(), ["whoever"]);
    assert!(passages[0].begins_with_clause());
    let forbidden: Vec<_> = passages.iter().map(Passage::forbidden).collect();
    assert_eq!(forbidden, [vec!["is told"], vec![], vec![], vec!["so many"]]);
    let question = Passage::parse(String::new(), "Who knows `what`? Nobody.").unwrap();
    assert_eq!((question.clauses().len(), question.begins_with_clause()), (0, false));
}
