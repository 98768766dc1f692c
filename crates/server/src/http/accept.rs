//! The formats and codings that a client accepts (RFC 9110, sections 12.5.1 and 12.5.3).

use http::{HeaderMap, header};

use super::list_header::weighted_elements;

/// A coding of content that the server can send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentCoding {
    Brotli,
    Zstd,
    Gzip,
}

impl ContentCoding {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// Finds the coding with this name. `x-gzip` is an old name of `gzip`.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        let name = if name.eq_ignore_ascii_case("x-gzip") { "gzip" } else { name };
        let all = [Self::Brotli, Self::Zstd, Self::Gzip];
        all.into_iter().find(|coding| name.eq_ignore_ascii_case(coding.name()))
    }
}

/// Picks the coding that the client prefers, the first of `available` among equals. `None` means no
/// coding. A client that accepts nothing that there is gets the content as it is.
pub(crate) fn preferred_coding(
    headers: &HeaderMap,
    available: &[ContentCoding],
) -> Option<ContentCoding> {
    let mut wildcard = 0;
    let mut identity = 0;
    let mut named = Vec::new();
    for element in weighted_elements(headers, &header::ACCEPT_ENCODING) {
        match (element.value, ContentCoding::by_name(element.value)) {
            (_, Some(coding)) => named.push((coding, element.weight)),
            ("*", None) => wildcard = element.weight,
            (name, None) if name.eq_ignore_ascii_case("identity") => identity = element.weight,
            (_, None) => {}
        }
    }
    let weight = |coding| {
        let found = named.iter().find(|(name, _)| *name == coding);
        found.map_or(wildcard, |(_, weight)| *weight)
    };
    let weighted = available.iter().rev().map(|coding| (weight(*coding), *coding));
    let (weight, best) = weighted.max_by_key(|(weight, _)| *weight)?;
    (weight > 0 && weight >= identity).then_some(best)
}

/// Returns true if the client prefers a page to JSON, as a browser that navigates does. A range that
/// covers both, such as `*/*`, asks for JSON.
pub(crate) fn prefers_html(headers: &HeaderMap) -> bool {
    let html = media_preference(headers, "text/html");
    html.0 > 0 && html.1 > 0 && html >= media_preference(headers, "application/json")
}

/// Returns true if the client asks for JSON lines by name, and prefers them to JSON.
pub(crate) fn prefers_json_lines(headers: &HeaderMap) -> bool {
    let lines = media_preference(headers, "application/x-ndjson");
    lines.0 > 0 && lines.1 == 2 && lines >= media_preference(headers, "application/json")
}

/// The weight of a media type, and how specific the range is that gives it: 2 for the type itself, 1
/// for all of its kind, 0 for `*/*`. The most specific range counts.
fn media_preference(headers: &HeaderMap, media_type: &str) -> (u16, u8) {
    let (kind, _) = media_type.split_once('/').unwrap_or((media_type, ""));
    let ranges = weighted_elements(headers, &header::ACCEPT).filter_map(|element| {
        let range = element.value.to_ascii_lowercase();
        let specificity = match range.split_once('/')? {
            ("*", "*") => 0,
            (range_kind, "*") if range_kind == kind => 1,
            _ if range == media_type => 2,
            _ => return None,
        };
        Some((specificity, element.weight))
    });
    ranges.max().map_or((0, 0), |(specificity, weight)| (weight, specificity))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(name: http::HeaderName, lines: &[&str]) -> HeaderMap {
        let value = |line: &&str| (name.clone(), HeaderValue::from_str(line).unwrap());
        lines.iter().map(value).collect()
    }

    #[test]
    fn codings_are_chosen_by_weight() {
        use ContentCoding::{Brotli, Gzip, Zstd};
        let check = |lines: &[&str], expected| {
            let headers = headers(header::ACCEPT_ENCODING, lines);
            assert_eq!(preferred_coding(&headers, &[Zstd, Gzip]), expected, "{lines:?}");
        };
        check(&[], None);
        check(&[""], None);
        check(&["gzip, deflate, br, zstd"], Some(Zstd));
        check(&["gzip, deflate"], Some(Gzip));
        check(&["deflate", "X-GZIP"], Some(Gzip));
        check(&["zstd;q=0.5, gzip;q=0.8"], Some(Gzip));
        check(&["*"], Some(Zstd));
        check(&["*, zstd;q=0"], Some(Gzip));
        check(&["gzip;q=0"], None);
        check(&["identity, gzip;q=0.5"], None);
        check(&["identity;q=0.5, gzip;q=0.5"], Some(Gzip));
        check(&["identity;q=0"], None);
        check(&["br"], None);
        let browser = headers(header::ACCEPT_ENCODING, &["gzip, deflate, br, zstd"]);
        assert_eq!(preferred_coding(&browser, &[Brotli, Zstd, Gzip]), Some(Brotli));
    }

    #[test]
    fn pages_are_chosen_by_weight() {
        let check = |lines: &[&str], expected| {
            assert_eq!(prefers_html(&headers(header::ACCEPT, lines)), expected, "{lines:?}");
        };
        for browser in [
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "text/html",
            "Text/HTML;charset=utf-8",
            "text/html;q=0.1",
            "text/*",
            "text/html, */*",
            "application/json;q=0.9, text/html",
            "*/*;q=0.5, text/*;q=0.6",
        ] {
            check(&[browser], true);
        }
        for program in [
            "",
            "*/*",
            "application/json",
            "application/json, text/plain, */*",
            "text/html;q=0",
            "text/html;q=0, */*",
            "text/html;q=0.0, text/*",
            "application/json, text/html;q=0.9",
            "text/html;q=0.5, application/*",
            "application/text/html",
            "text/htmlx",
            "text/html;q=2",
            "text/plain",
        ] {
            check(&[program], false);
        }
        check(&["application/json;q=0.5", "text/html"], true);
        check(&[], false);
    }
}
