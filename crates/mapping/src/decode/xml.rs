//! XML, folded to objects. Namespaces are dropped; document types are refused, and with them all entities but the
//! five of XML and character references.

use jaq_json::{Map, Val};
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::{MAX_DEPTH, text_value};

/// An element that is being read.
#[derive(Default)]
struct OpenElement {
    name: String,
    attributes: Vec<(String, String)>,
    /// Child elements by name, in the order of their first appearance.
    children: Map<String, Vec<Val>>,
    text: String,
}

pub(super) fn decode(body: &str) -> Result<Val, String> {
    let mut reader = Reader::from_str(body);
    // Stands for the document, whose only child is the root element.
    let mut open = vec![OpenElement::default()];
    let mut is_finished = false;
    while !is_finished {
        let step = match reader.read_event() {
            Ok(Event::Eof) => {
                is_finished = true;
                Ok(())
            }
            Ok(event) => fold(&mut open, event),
            Err(error) => Err(error.to_string()),
        };
        step.map_err(|reason| {
            let at = reader.buffer_position().max(reader.error_position());
            let read = body.get(..usize::try_from(at).unwrap_or(usize::MAX)).unwrap_or(body);
            format!(
                "it is not XML that can be read: {reason}, at line {}",
                read.lines().count().max(1)
            )
        })?;
    }
    finish(open)
}

/// Applies one event to the open elements.
fn fold(open: &mut Vec<OpenElement>, event: Event<'_>) -> Result<(), String> {
    match event {
        Event::Start(start) => open.push(OpenElement::begin(&start)?),
        Event::Empty(start) => {
            let element = OpenElement::begin(&start)?;
            close(open, element)?;
        }
        Event::End(_) => {
            let element = open.pop().ok_or("an end tag without a start")?;
            close(open, element)?;
        }
        Event::Text(text) => add_text(open, &text.xml10_content())?,
        Event::CData(text) => add_text(open, &text.xml10_content())?,
        Event::GeneralRef(reference) => add_text(open, &resolve(&reference)?)?,
        Event::DocType(_) => return Err("it has a DOCTYPE, which is refused".to_owned()),
        Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Eof => {}
    }
    if open.len() > MAX_DEPTH + 1 {
        return Err(format!("it is nested deeper than {MAX_DEPTH} levels"));
    }
    Ok(())
}

/// Adds a finished element to its parent.
fn close(open: &mut [OpenElement], element: OpenElement) -> Result<(), String> {
    let parent = open.last_mut().ok_or("an end tag without a start")?;
    let (name, value) = element.into_value();
    parent.children.entry(name).or_default().push(value);
    Ok(())
}

fn add_text(open: &mut [OpenElement], text: &str) -> Result<(), String> {
    if let [document] = open
        && !text.trim().is_empty()
    {
        let place = if document.children.is_empty() { "before" } else { "after" };
        return Err(format!("there is text {place} the root element"));
    }
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
    Ok(())
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    if let Some(character) = reference.resolve_char_ref().map_err(|error| error.to_string())? {
        return Ok(character.to_string());
    }
    let name = reference.xml10_content();
    let text = resolve_predefined_entity(&name);
    text.map(str::to_owned).ok_or_else(|| format!("the entity &{name}; is not defined"))
}

/// The value of the document: an object with the root element.
fn finish(mut open: Vec<OpenElement>) -> Result<Val, String> {
    let document = open.pop().filter(|_| open.is_empty());
    let document = document.ok_or("it is XML that ends within an element")?;
    if document.children.values().map(Vec::len).sum::<usize>() != 1 {
        return Err("it is not XML with one root element".to_owned());
    }
    Ok(document.into_value().1)
}

impl OpenElement {
    fn begin(start: &BytesStart<'_>) -> Result<Self, String> {
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|error| error.to_string())?;
            let name = attribute.key.local_name();
            attributes.push((format!("@{}", name.as_ref()), value.into_owned()));
        }
        let name = start.local_name().as_ref().to_owned();
        Ok(Self { name, attributes, ..Self::default() })
    }

    /// The element's name and value.
    fn into_value(self) -> (String, Val) {
        let text = self.text.trim();
        if self.attributes.is_empty() && self.children.is_empty() {
            return (self.name, text_value(text));
        }
        let mut object = Map::default();
        for (name, value) in self.attributes {
            object.insert(text_value(name), text_value(value));
        }
        for (name, mut values) in self.children {
            let value = match values.len() {
                1 => values.swap_remove(0),
                _ => values.into_iter().collect(),
            };
            object.insert(text_value(name), value);
        }
        if !text.is_empty() {
            object.insert(text_value("#text"), text_value(text));
        }
        (self.name, Val::obj(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_fold_to_objects() {
        for (xml, json) in [
            ("<a/>", r#"{"a":""}"#),
            ("<a> x </a>", r#"{"a":"x"}"#),
            ("<?xml version='1.0'?>\n<!-- c --><a><b>1</b><c/></a>\n", r#"{"a":{"b":"1","c":""}}"#),
            ("<a><b>1</b><c/><b>2</b></a>", r#"{"a":{"b":["1","2"],"c":""}}"#),
            (
                "<a id='7' x:id2=\"a &lt; b\">t</a>",
                r##"{"a":{"@id":"7","@id2":"a < b","#text":"t"}}"##,
            ),
            ("<n:a xmlns:n='u' xmlns='v'><n:b xmlns='w'>1</n:b></n:a>", r#"{"a":{"b":"1"}}"#),
            ("<a>A&amp;B &#197;rhus &#x41;</a>", r#"{"a":"A&B Århus A"}"#),
            ("<a><![CDATA[<x> & ]]>y</a>", r#"{"a":"<x> & y"}"#),
            ("<a>one <b>two</b> three</a>", r##"{"a":{"b":"two","#text":"one  three"}}"##),
        ] {
            assert_eq!(decode(xml).unwrap().to_string(), json, "{xml}");
        }
    }

    #[test]
    fn bad_xml_is_refused() {
        for (xml, reason) in [
            (
                "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
                "it has a DOCTYPE, which is refused, at line 1",
            ),
            ("<!doctype html><html></html>", "DOCTYPE"),
            ("<a>\n&b;</a>", "the entity &b; is not defined, at line 2"),
            ("<a>&#0;</a>", "line 1"),
            ("<a><b></a>", "line 1"),
            ("<a><b></b>", "ends within an element"),
            ("<a/><b/>", "one root element"),
            ("<a/><a/>", "one root element"),
            ("<!-- nothing -->", "one root element"),
            ("<a/>text", "text after the root element"),
            ("text<a/>", "text before the root element"),
            ("</a>", "line 1"),
            ("<a x='1' x='2'/>", "line 1"),
            ("<a", "line 1"),
        ] {
            let error = decode(xml).unwrap_err();
            assert!(error.contains(reason), "{xml}: {error}");
        }
    }

    #[test]
    fn xml_depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        assert!(decode(&nested(MAX_DEPTH)).is_ok());
        for depth in [MAX_DEPTH + 1, 200_000] {
            let error = decode(&nested(depth)).unwrap_err();
            assert!(error.contains("nested deeper than 127 levels"), "{error}");
        }
    }
}
