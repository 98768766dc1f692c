//! Entity tags (RFC 9110, section 8.8.3). A tag is the id of an event in quotes; the tag of content in
//! a coding has the coding's name as well, such as `"5f3a9c01-7-gzip"`.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use journal::RecordId;

use super::accept::ContentCoding;

/// The value of `If-Match` or `If-None-Match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TagCondition {
    /// `*`
    Any,
    /// A list. It lacks the tags that no server has sent: they match nothing.
    Tags(Vec<EntityTag>),
}

/// A tag that names an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EntityTag {
    pub(crate) id: RecordId,
    pub(crate) coding: Option<ContentCoding>,
    pub(crate) is_weak: bool,
}

/// The value is neither `*` nor a list of tags in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ParseTagError;

impl TagCondition {
    /// Parses the header; `None` if it is absent. Several lines are one list.
    pub(crate) fn parse(
        headers: &HeaderMap,
        name: &HeaderName,
    ) -> Result<Option<Self>, ParseTagError> {
        let lines: Vec<_> = headers.get_all(name).into_iter().map(HeaderValue::as_bytes).collect();
        match lines[..] {
            [] => Ok(None),
            [line] if line.trim_ascii() == b"*" => Ok(Some(Self::Any)),
            _ => {
                let mut tags = Vec::new();
                lines.into_iter().try_for_each(|line| parse_line(line, &mut tags))?;
                Ok(Some(Self::Tags(tags)))
            }
        }
    }
}

impl EntityTag {
    pub(crate) fn new(id: RecordId) -> Self {
        Self { id, coding: None, is_weak: false }
    }

    pub(crate) fn header_value(self) -> HeaderValue {
        HeaderValue::from_str(&self.to_string()).expect("ids are visible ASCII")
    }

    fn parse_opaque(opaque: &[u8], is_weak: bool) -> Option<Self> {
        let text = std::str::from_utf8(opaque).ok()?;
        if let Ok(id) = text.parse() {
            return Some(Self { id, coding: None, is_weak });
        }
        let (id, coding) = text.rsplit_once('-')?;
        let coding = ContentCoding::by_name(coding).filter(|known| known.name() == coding)?;
        Some(Self { id: id.parse().ok()?, coding: Some(coding), is_weak })
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = if self.is_weak { "W/" } else { "" };
        match self.coding {
            None => write!(f, "{prefix}\"{}\"", self.id),
            Some(coding) => write!(f, "{prefix}\"{}-{}\"", self.id, coding.name()),
        }
    }
}

/// Appends the tags of one line. Commas may stand inside of tags, and between them more than once.
fn parse_line(line: &[u8], tags: &mut Vec<EntityTag>) -> Result<(), ParseTagError> {
    let mut rest = line.trim_ascii();
    while !rest.is_empty() {
        if let Some(after_comma) = rest.strip_prefix(b",") {
            rest = after_comma.trim_ascii_start();
            continue;
        }
        let strong = rest.strip_prefix(b"W/");
        let opaque = strong.unwrap_or(rest).strip_prefix(b"\"").ok_or(ParseTagError)?;
        let end = opaque.iter().position(|byte| !is_tag_byte(*byte)).ok_or(ParseTagError)?;
        let after = opaque[end..].strip_prefix(b"\"").ok_or(ParseTagError)?.trim_ascii_start();
        if !after.is_empty() && !after.starts_with(b",") {
            return Err(ParseTagError);
        }
        tags.extend(EntityTag::parse_opaque(&opaque[..end], strong.is_some()));
        rest = after;
    }
    Ok(())
}

fn is_tag_byte(byte: u8) -> bool {
    byte == b'!' || (b'#'..=b'~').contains(&byte) || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use http::header::IF_MATCH;

    use super::*;

    fn parse(lines: &[&str]) -> Result<String, ParseTagError> {
        let value = |line: &&str| (IF_MATCH, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        let condition = TagCondition::parse(&lines.iter().map(value).collect(), &IF_MATCH)?;
        Ok(match condition {
            None => "none".to_owned(),
            Some(TagCondition::Any) => "any".to_owned(),
            Some(TagCondition::Tags(tags)) => {
                tags.iter().map(EntityTag::to_string).collect::<Vec<_>>().join(" ")
            }
        })
    }

    #[test]
    fn tags_are_parsed_from_all_lines() {
        let check = |lines: &[&str], expected: &str| {
            assert_eq!(parse(lines), Ok(expected.to_owned()), "{lines:?}");
        };
        check(&[], "none");
        check(&[" * "], "any");
        check(&[""], "");
        check(&["\"5f3a9c01-7\""], "\"5f3a9c01-7\"");
        check(&["\"5f3a9c01-7\" , W/\"5f3a9c01-8\",,"], "\"5f3a9c01-7\" W/\"5f3a9c01-8\"");
        check(&["\"5f3a9c01-7\"", "\"5f3a9c01-8-gzip\""], "\"5f3a9c01-7\" \"5f3a9c01-8-gzip\"");
        check(&["\"a,b\", \"5f3a9c01-7\""], "\"5f3a9c01-7\"");
        check(&["\"\", \"\u{e9}\", \"5f3a9c01-7-x-gzip\", \"5f3a9c01-7-GZIP\""], "");
    }

    #[test]
    fn malformed_tags_are_errors() {
        for line in [
            "5f3a9c01-7",
            "\"5f3a9c01-7",
            "5f3a9c01-7\"",
            "\"5f3a9c01-7\" \"5f3a9c01-8\"",
            "w/\"5f3a9c01-7\"",
            "W/ \"5f3a9c01-7\"",
            "*, \"5f3a9c01-7\"",
            "\"5f3a9c01-7\", *",
            "\"a b\"",
            "\"a\"b\"",
        ] {
            assert_eq!(parse(&[line]), Err(ParseTagError), "{line}");
        }
        assert_eq!(parse(&["*", "*"]), Err(ParseTagError));
    }
}
