//! The bodies of answers, checked and parsed.

use roxmltree::{Document, Node, ParsingOptions};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::source::HttpAnswer;

/// Most nodes of an XML document; each flight of the known feeds has some 60.
const MAX_XML_NODES: u32 = 2_000_000;

/// Most characters of an answer that a reason quotes.
const MAX_QUOTED_CHARS: usize = 60;

/// The body of an answer with status 200.
pub(crate) fn ok_body(answer: Option<&Result<HttpAnswer, String>>) -> Result<&str, String> {
    let answer = answer.ok_or("there is no answer")?.as_ref().map_err(Clone::clone)?;
    if answer.status != 200 {
        return Err(format!("the answer has status {}", answer.status));
    }
    Ok(answer.body.trim_start_matches('\u{feff}').trim())
}

/// One sentence for the parts of a poll that failed: parts with the same reason share it.
pub(crate) fn join_reasons(failures: &[(String, String)]) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (part, reason) in failures {
        match groups.iter_mut().find(|(known, _)| known == reason) {
            Some((_, parts)) if parts.contains(&part.as_str()) => {}
            Some((_, parts)) => parts.push(part),
            None => groups.push((reason, vec![part])),
        }
    }
    // The page shows the text to travellers, so a long list of parts is cut.
    let groups = groups.iter().map(|(reason, parts)| match &parts[..] {
        [first, _, _, ..] => format!("{first} and {} more: {reason}", parts.len() - 1),
        _ => format!("{}: {reason}", parts.join(", ")),
    });
    groups.collect::<Vec<_>>().join("; ")
}

/// Parses a body as XML. A document type is refused, and with it all entities of its own.
pub(crate) fn xml(body: &str) -> Result<Document<'_>, String> {
    let options = ParsingOptions { nodes_limit: MAX_XML_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(body, options)
        .map_err(|error| format!("the answer is not XML as expected: {error}{}", start_of(body)))
}

/// Parses a body as JSON.
pub(crate) fn json<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, String> {
    serde_json::from_str(body).map_err(|error| {
        // The start of a JSON text says nothing that the error does not, and may be personal.
        let start = if body.starts_with(['{', '[']) { String::new() } else { start_of(body) };
        format!("the answer is not JSON as expected: {error}{start}")
    })
}

/// Parses an item of a JSON text. A field that is `null` counts as absent.
pub(crate) fn json_item<T: DeserializeOwned>(item: &RawValue) -> Result<T, serde_json::Error> {
    let mut item: Value = serde_json::from_str(item.get())?;
    remove_nulls(&mut item);
    serde_json::from_value(item)
}

/// The first child element with this name, in any namespace.
pub(crate) fn child<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    children(node, name).next()
}

/// The child elements with this name, in any namespace.
pub(crate) fn children<'a, 'input>(
    node: Node<'a, 'input>,
    name: &str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

/// The text of the first child element with this name, or nothing.
pub(crate) fn child_text<'a>(node: Node<'a, '_>, name: &str) -> &'a str {
    child(node, name).and_then(|child| child.text()).unwrap_or_default().trim()
}

/// The parser bounds the depth of a value.
fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(remove_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

fn start_of(body: &str) -> String {
    let start: String = body.chars().take(MAX_QUOTED_CHARS).collect();
    format!("; it starts with {start:?}")
}
