//! Output as a document shows it, against output as it is. What differs each time, epochs of ids and
//! `retry:` times, is the same here whatever it is; `…` stands for any text, and on a line of its own
//! for any lines. JSON may have its members in another order.

use serde_json::Value;

const ANYTHING: &str = "…";

/// The number of lines up to and with those shown, which come one after another.
pub(crate) fn find(output: &str, shown: &str) -> Option<usize> {
    let output: Vec<_> = output.lines().map(str::trim_end).collect();
    let shown: Vec<_> = shown.lines().map(str::trim_end).collect();
    let starts = 0..output.len();
    starts.map(|start| Some(start + length(&output[start..], &shown)?)).find_map(|end| end)
}

/// How many lines of the output's beginning those shown are.
fn length(output: &[&str], shown: &[&str]) -> Option<usize> {
    match shown {
        [] => Some(0),
        [line, rest @ ..] if *line == ANYTHING => {
            let mut skipped = 0..=output.len();
            skipped.find_map(|skip| Some(skip + length(&output[skip..], rest)?))
        }
        [line, rest @ ..] => {
            let fits = output.first().is_some_and(|first| fits(first, line));
            if fits { Some(1 + length(&output[1..], rest)?) } else { None }
        }
    }
}

fn fits(line: &str, shown: &str) -> bool {
    let (line, shown) = (same_each_time(line), same_each_time(shown));
    line == shown || fits_with_gaps(&line, &shown) || is_same_json(&line, &shown)
}

fn fits_with_gaps(line: &str, shown: &str) -> bool {
    let Some((begin, mut rest)) = shown.split_once(ANYTHING) else { return false };
    let Some(mut line) = line.strip_prefix(begin) else { return false };
    while let Some((piece, more)) = rest.split_once(ANYTHING) {
        let Some((_, after)) = line.split_once(piece) else { return false };
        (line, rest) = (after, more);
    }
    line.ends_with(rest)
}

fn is_same_json(line: &str, shown: &str) -> bool {
    let json = |text: &str| -> Option<Value> {
        serde_json::from_str(text.strip_prefix("data: ").unwrap_or(text)).ok()
    };
    json(line).is_some_and(|line| Some(line) == json(shown))
}

fn same_each_time(line: &str) -> String {
    if let Some(millis) = line.strip_prefix("retry: ") {
        return format!("retry: {}", millis.trim_start_matches(|sign: char| sign.is_ascii_digit()));
    }
    let mut parts = line.split('-').peekable();
    let mut whole = String::new();
    while let Some(part) = parts.next() {
        let number_follows = parts.peek().is_some_and(|next| next.starts_with(is_digit));
        let epoch_at = part.len().checked_sub(8).filter(|_| number_follows);
        match epoch_at.and_then(|at| part.split_at_checked(at)) {
            Some((before, epoch)) if epoch.chars().all(is_hex_digit) => {
                whole.extend([before, "epoch"]);
            }
            _ => whole.push_str(part),
        }
        if parts.peek().is_some() {
            whole.push('-');
        }
    }
    whole
}

fn is_digit(sign: char) -> bool {
    sign.is_ascii_digit()
}

fn is_hex_digit(sign: char) -> bool {
    sign.is_ascii_digit() || ('a'..='f').contains(&sign)
}

#[test]
fn lines_shown_follow_each_other() {
    let output = "retry: 2717\n\nid: 5f3a9c01-2\ndata: {\"b\":1,\"a\":\"x\"}\ncafecafe-x\nend";
    let check = |shown, expected| assert_eq!(find(output, shown), expected, "{shown}");
    check("retry: 1\n\nid: 00000000-2", Some(3));
    check("id: 5f3a9c01-3", None);
    check("id: 5f3a9c0g-2", None);
    check("retry: 1\nid: 5f3a9c01-2", None);
    check("retry: 1\n…\nend", Some(6));
    check("retry: 1\n…\nbegin", None);
    check("data: {\"a\":\"x\",\"b\":1}", Some(4));
    check("data: {\"a\":\"y\",\"b\":1}", None);
    check("data: {…\"a\":…}", Some(4));
    check("data: {…\"c\":…}", None);
    check("en…", Some(6));
    check("en…x", None);
    check("cafecafe-x", Some(5));
    check("00000000-x", None);
}
