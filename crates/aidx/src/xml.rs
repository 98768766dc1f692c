//! Reads XML into a tree of bounded depth and size.
//!
//! DOCTYPE is refused, so there are no entities but the predefined ones, and nothing that names a file
//! or a URL is ever looked at.

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// Most levels of elements.
pub const MAX_XML_DEPTH: usize = 64;

/// Most elements that are kept in memory: fifty for each leg of a long message.
pub const MAX_XML_ELEMENTS: usize = 250_000;

/// Most attributes of an element.
pub const MAX_XML_ATTRIBUTES: usize = 64;

/// Elements that are skipped with all they contain, because nothing in them is read: an airport's own
/// extensions may be longer than the rest.
const SKIPPED: [&str; 2] = ["Header", "TPA_Extension"];

/// An element. Namespaces are ignored: an element is known by its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct XmlElement {
    /// The name without prefix.
    pub(crate) name: String,
    /// Names with prefix, and values.
    attributes: Vec<(String, String)>,
    text: String,
    pub(crate) children: Vec<XmlElement>,
}

/// Parses a document and returns its root.
///
/// # Errors
/// The text is not well-formed XML, has a DOCTYPE or an entity of its own, or exceeds a limit.
pub(crate) fn parse(text: &str) -> Result<XmlElement, String> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut builder = TreeBuilder::default();
    loop {
        let event = reader.read_event().map_err(|error| malformed(&error));
        match event? {
            Event::Start(start) => builder.open(&start)?,
            Event::End(_) => builder.close(),
            Event::Text(text) => builder.push_text(&text.xml10_content())?,
            Event::CData(text) => builder.push_text(&text.xml10_content())?,
            Event::GeneralRef(reference) => builder.push_text(&resolve(&reference)?)?,
            Event::DocType(_) => return Err("must not have a DOCTYPE".to_owned()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            // Also expands to an end.
            Event::Empty(_) => {}
            Event::Eof => return builder.finish(),
        }
    }
}

impl XmlElement {
    /// The text, without white space at its ends. `None` if there is no text.
    pub(crate) fn text(&self) -> Option<&str> {
        let text = self.text.trim();
        (!text.is_empty()).then_some(text)
    }

    /// Returns whether the sender says that there is no value (`xsi:nil`), unlike an absent element, which
    /// says nothing.
    pub(crate) fn is_nil(&self) -> bool {
        let mut nil = self.attributes.iter().filter(|(name, _)| local(name) == "nil");
        nil.any(|(_, value)| ["true", "1"].contains(&value.trim()))
    }

    /// The value of an attribute, unless it is blank.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(known, _)| known == name)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// Returns whether any attribute has this value.
    pub(crate) fn has_attribute_value(&self, value: &str) -> bool {
        self.attributes.iter().any(|(_, known)| known == value)
    }

    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children_named(name).next()
    }

    pub(crate) fn children_named(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of a child.
    pub(crate) fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name)?.text()
    }
}

#[derive(Default)]
struct TreeBuilder {
    /// The open elements, outermost first.
    open: Vec<XmlElement>,
    /// The number of open elements that are skipped, the innermost ones.
    skipped: usize,
    elements: usize,
    root: Option<XmlElement>,
}

impl TreeBuilder {
    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), String> {
        if self.root.is_some() {
            return Err("must have a single root element".to_owned());
        }
        if self.open.len() + self.skipped >= MAX_XML_DEPTH {
            return Err(format!("is nested more than {MAX_XML_DEPTH} levels deep"));
        }
        let name = start.local_name();
        if self.skipped > 0 || (!self.open.is_empty() && SKIPPED.contains(&name.as_ref())) {
            self.skipped += 1;
            return Ok(());
        }
        self.elements += 1;
        if self.elements > MAX_XML_ELEMENTS {
            return Err(format!("has more than {MAX_XML_ELEMENTS} elements"));
        }
        let attributes = attributes(start)?;
        let name = name.as_ref().to_owned();
        self.open.push(XmlElement { name, attributes, ..XmlElement::default() });
        Ok(())
    }

    /// Closes the innermost element; the reader has checked its name.
    fn close(&mut self) {
        if self.skipped > 0 {
            self.skipped -= 1;
        } else if let Some(element) = self.open.pop() {
            match self.open.last_mut() {
                Some(parent) => parent.children.push(element),
                None => self.root = Some(element),
            }
        }
    }

    fn push_text(&mut self, text: &str) -> Result<(), String> {
        match self.open.last_mut() {
            Some(_) if self.skipped > 0 => Ok(()),
            Some(element) => {
                element.text.push_str(text);
                Ok(())
            }
            None if text.trim().is_empty() => Ok(()),
            None => Err("has text outside of its root element".to_owned()),
        }
    }

    fn finish(self) -> Result<XmlElement, String> {
        match self.root {
            Some(root) if self.open.is_empty() => Ok(root),
            Some(_) | None if !self.open.is_empty() => Err("ends within an element".to_owned()),
            _ => Err("is empty".to_owned()),
        }
    }
}

fn attributes(start: &BytesStart<'_>) -> Result<Vec<(String, String)>, String> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| malformed(&error.into()))?;
        if attributes.len() == MAX_XML_ATTRIBUTES {
            return Err(format!("has an element with more than {MAX_XML_ATTRIBUTES} attributes"));
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|error| malformed(&error))?;
        attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(attributes)
}

/// Resolves a character reference, or one of the five predefined entities.
fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    let character = reference.resolve_char_ref().map_err(|error| malformed(&error))?;
    if let Some(character) = character {
        return Ok(character.into());
    }
    let text = resolve_predefined_entity(reference);
    text.map(str::to_owned).ok_or_else(|| "must not have entities of its own".to_owned())
}

fn malformed(error: &quick_xml::Error) -> String {
    format!("is not well-formed XML: {error}")
}

/// The name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_refused(text: &str, reason: &str) {
        assert_eq!(parse(text).unwrap_err(), reason);
    }

    #[test]
    fn elements_are_read_without_prefix() {
        let root = parse(
            "<?xml version='1.0'?><!-- c --><p:a xmlns:p='u' k=' v '><b>x &amp;&#x41;<![CDATA[<y>]]></b>\
             <p:TPA_Extension><deep><b>no</b></deep></p:TPA_Extension><b xsi:nil='true'/></p:a>\n",
        );
        let root = root.unwrap();
        assert_eq!((root.name.as_str(), root.attribute("k")), ("a", Some("v")));
        assert_eq!(root.child_text("b"), Some("x &A<y>"));
        let nil: Vec<_> = root.children.iter().map(XmlElement::is_nil).collect();
        assert_eq!(nil, [false, true]);
    }

    #[test]
    fn broken_documents_are_refused() {
        check_refused("", "is empty");
        check_refused(" x <a/>", "has text outside of its root element");
        check_refused("<a><b>", "ends within an element");
        check_refused("<a/><b/>", "must have a single root element");
        for text in ["<a></b>", "<a b=1/>", "<a b='1' b='2'/>", "<a>&#0;</a>", "<a", "<a b='&x;'/>"]
        {
            let reason = parse(text).unwrap_err();
            assert!(reason.starts_with("is not well-formed XML: "), "{text}: {reason}");
        }
    }

    #[test]
    fn entities_and_doctype_are_refused() {
        let reason = "must not have a DOCTYPE";
        check_refused("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", reason);
        check_refused("<!DOCTYPE a [<!ENTITY b 'bb'><!ENTITY c '&b;&b;'>]><a>&c;</a>", reason);
        check_refused("<a>&nbsp;</a>", "must not have entities of its own");
    }

    #[test]
    fn limits_hold_within_skipped_elements() {
        let nested = |depth| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        assert!(parse(&nested(MAX_XML_DEPTH)).is_ok());
        check_refused(&nested(1_000), "is nested more than 64 levels deep");
        let skipped = format!("<r><TPA_Extension>{}</TPA_Extension></r>", nested(63));
        check_refused(&skipped, "is nested more than 64 levels deep");
        let many = format!("<r>{}</r>", "<a/>".repeat(MAX_XML_ELEMENTS));
        check_refused(&many, "has more than 250000 elements");
        let attributes = (0..=MAX_XML_ATTRIBUTES).map(|number| format!(" a{number}=''"));
        let wide = format!("<r{}/>", attributes.collect::<String>());
        check_refused(&wide, "has an element with more than 64 attributes");
    }
}
