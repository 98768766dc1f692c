//! `flightboard feed --list`: the sources and their terms.

use feeds::{SOURCES, SourceKey, SourceTerms};

/// Longest line, so that the list fits a terminal.
const MAX_LINE_CHARS: usize = 80;

/// The column of the values.
const INDENT: &str = "                 ";

/// The terms of all sources as text.
pub(crate) fn source_list() -> String {
    let sources: Vec<_> = SOURCES.iter().map(|terms| describe(terms)).collect();
    sources.join("\n")
}

fn describe(terms: &SourceTerms) -> String {
    let key = match terms.key {
        SourceKey::None => "no".to_owned(),
        SourceKey::Header(header) => format!("yes, sent in the header {header}"),
    };
    let mut interval = format!("{} s", terms.least_interval.as_secs());
    if let Some(requests) = terms.monthly_requests {
        interval += &format!("; {requests} requests a month");
    }
    let attribution = match terms.link {
        Some(link) => format!("\"{}\", linked to {link}", terms.attribution),
        None => format!("\"{}\"", terms.attribution),
    };
    let mut text = format!("{}\n", terms.name);
    for (label, value) in [
        ("owner", terms.owner),
        ("key", &key),
        ("least interval", &interval),
        ("terms", terms.terms),
        ("attribution", &attribution),
    ] {
        text += &wrap(&format!("  {label:<15}"), value);
    }
    text
}

/// Breaks `value` between words into lines, of which the first starts with `label`.
fn wrap(label: &str, value: &str) -> String {
    let mut text = String::new();
    let mut line = label.to_owned();
    for word in value.split(' ') {
        if line.chars().count() + word.chars().count() > MAX_LINE_CHARS {
            text += line.trim_end();
            text.push('\n');
            INDENT.clone_into(&mut line);
        }
        line += word;
        line.push(' ');
    }
    text + line.trim_end() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_a_terminal() {
        let list = source_list();
        for line in list.lines() {
            assert!(line.chars().count() <= MAX_LINE_CHARS, "{line}");
        }
        for terms in SOURCES {
            assert!(list.contains(&format!("{}\n  owner ", terms.name)), "{list}");
        }
    }

    #[test]
    fn attribution_keeps_its_words() {
        let list = source_list();
        let words: Vec<_> = list.split_whitespace().collect();
        for terms in SOURCES {
            assert!(words.join(" ").contains(&format!("\"{}\"", terms.attribution)), "{list}");
        }
    }
}
