//! Compares output with the output that a document shows. Epochs of ids and `retry:` times may differ; `…` stands
//! for any text, and alone on a line for any lines. JSON members may have another order.

use serde_json::Value;

const ANYTHING: &str = "…";

/// The first of the lines of a heartbeat.
const HEARTBEAT: &str = "event: heartbeat";

/// Lines of a heartbeat: event, data, and the empty line behind them.
const HEARTBEAT_LINES: usize = 3;

/// Finds the shown lines, one after another, and returns the number of output lines up to their end.
pub(crate) fn find_shown(output: &str, shown: &str) -> Option<usize> {
    let output: Vec<_> = output.lines().map(str::trim_end).collect();
    let shown: Vec<_> = shown.lines().map(str::trim_end).collect();
    let starts = 0..output.len();
    starts.map(|start| Some(start + matched_lines(&output[start..], &shown)?)).find_map(|end| end)
}

/// The number of output lines that the shown lines match, from the first on.
fn matched_lines(output: &[&str], shown: &[&str]) -> Option<usize> {
    match shown {
        [] => Some(0),
        [line, rest @ ..] if *line == ANYTHING => {
            let mut skipped = 0..=output.len();
            skipped.find_map(|skip| Some(skip + matched_lines(&output[skip..], rest)?))
        }
        // On a slow machine a heartbeat can come between any two events.
        [line, ..] if output.first() == Some(&HEARTBEAT) && *line != HEARTBEAT => {
            Some(HEARTBEAT_LINES + matched_lines(output.get(HEARTBEAT_LINES..)?, shown)?)
        }
        [line, rest @ ..] => {
            let is_match = output.first().is_some_and(|first| line_matches(first, line));
            if is_match { Some(1 + matched_lines(&output[1..], rest)?) } else { None }
        }
    }
}

fn line_matches(line: &str, shown: &str) -> bool {
    let line = normalize(line);
    let shown = normalize(shown);
    line == shown || matches_with_gaps(&line, &shown) || is_same_json(&line, &shown)
}

fn matches_with_gaps(line: &str, shown: &str) -> bool {
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

/// Replaces the parts that differ in each run.
fn normalize(line: &str) -> String {
    if let Some(millis) = line.strip_prefix("retry: ") {
        return format!("retry: {}", millis.trim_start_matches(|sign: char| sign.is_ascii_digit()));
    }
    let line = without_last_update(line);
    let mut parts = line.split('-').peekable();
    let mut normalized = String::new();
    while let Some(part) = parts.next() {
        let number_follows = parts.peek().is_some_and(|next| next.starts_with(is_digit));
        let epoch_at = part.len().checked_sub(8).filter(|_| number_follows);
        match epoch_at.and_then(|at| part.split_at_checked(at)) {
            Some((before, epoch)) if epoch.chars().all(is_hex_digit) => {
                normalized.extend([before, "epoch"]);
            }
            _ => normalized.push_str(part),
        }
        if parts.peek().is_some() {
            normalized.push('-');
        }
    }
    normalized
}

/// The line without the time of a board's last update.
fn without_last_update(line: &str) -> String {
    const MEMBER: &str = "\"lastUpdate\":\"";
    match line.split_once(MEMBER).and_then(|(start, rest)| Some((start, rest.split_once('"')?.1))) {
        Some((start, rest)) => format!("{start}{MEMBER}time\"{rest}"),
        None => line.to_owned(),
    }
}

fn is_digit(sign: char) -> bool {
    sign.is_ascii_digit()
}

fn is_hex_digit(sign: char) -> bool {
    sign.is_ascii_digit() || ('a'..='f').contains(&sign)
}

#[test]
fn shown_lines_are_consecutive() {
    let output = "retry: 2717\n\nid: 5f3a9c01-2\ndata: {\"b\":1,\"a\":\"x\"}\ncafecafe-x\nend";
    let check = |shown, expected| assert_eq!(find_shown(output, shown), expected, "{shown}");
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

    let output = "id: 5f3a9c01-2\n\nevent: heartbeat\ndata: {}\n\nid: 5f3a9c01-3";
    let check = |shown, expected| assert_eq!(find_shown(output, shown), expected, "{shown}");
    check("id: 00000000-2\n\nid: 00000000-3", Some(6));
    check("event: heartbeat\ndata: {}", Some(4));
}
