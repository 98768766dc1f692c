//! Headers whose value is a list. Several lines are one list (RFC 9110, section 5.3).

use http::{HeaderMap, HeaderName};

/// Weights are counted in thousandths.
const FULL_WEIGHT: u16 = 1_000;

/// An element of a list with weights, such as `text/*;q=0.5` (RFC 9110, section 12.4.2).
pub(crate) struct WeightedElement<'a> {
    /// The value without its parameters.
    pub(crate) value: &'a str,
    /// In thousandths; 0 means "not acceptable".
    pub(crate) weight: u16,
}

/// The elements of a list header. Skips lines that are not ASCII, and empty elements.
pub(crate) fn elements<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| split_unquoted(line, b',')).filter(|element| !element.is_empty())
}

/// The elements of a list with weights. Skips those whose weight is malformed.
pub(crate) fn weighted_elements<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = WeightedElement<'a>> {
    elements(headers, name).filter_map(|element| {
        let mut parts = split_unquoted(element, b';');
        let value = parts.next()?;
        let is_weight = |part: &&str| part.get(..2).is_some_and(|q| q.eq_ignore_ascii_case("q="));
        let weight = match parts.find(is_weight) {
            Some(weight) => parse_weight(&weight[2..])?,
            None => FULL_WEIGHT,
        };
        Some(WeightedElement { value, weight })
    })
}

/// Returns true if the list has this token, in any letter case.
pub(crate) fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    elements(headers, name).any(|element| element.eq_ignore_ascii_case(token))
}

/// Splits at a separator outside of quoted strings, and trims the parts.
pub(super) fn split_unquoted(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut is_quoted, mut is_escaped) = (false, false);
        let end = text.bytes().position(|byte| {
            let was_escaped = std::mem::take(&mut is_escaped);
            match byte {
                _ if was_escaped => {}
                b'\\' if is_quoted => is_escaped = true,
                b'"' => is_quoted = !is_quoted,
                _ => return byte == separator && !is_quoted,
            }
            false
        });
        rest = end.map(|end| &text[end + 1..]);
        Some(text[..end.unwrap_or(text.len())].trim())
    })
}

/// Parses a weight, `0` to `1` with at most three digits after the point.
fn parse_weight(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !matches!(whole, "0" | "1") || fraction.len() > 3 {
        return None;
    }
    let is_digits = fraction.bytes().all(|byte| byte.is_ascii_digit());
    let thousandths = format!("{whole}{fraction:0<3}").parse().ok().filter(|_| is_digits);
    thousandths.filter(|weight| *weight <= FULL_WEIGHT)
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    fn headers(lines: &[&'static str]) -> HeaderMap {
        let lines = lines.iter().map(|line| (header::ACCEPT, HeaderValue::from_static(line)));
        lines.collect()
    }

    #[test]
    fn lines_are_one_list() {
        let headers = headers(&["a, ,b", "", "C;x=\"1,2\\\",3\" ,d"]);
        let all: Vec<_> = elements(&headers, &header::ACCEPT).collect();
        assert_eq!(all, ["a", "b", "C;x=\"1,2\\\",3\"", "d"]);
        assert!(has_token(&headers, &header::ACCEPT, "B"));
        assert!(!has_token(&headers, &header::ACCEPT, "c"));
    }

    #[test]
    fn weights_are_thousandths() {
        for (element, expected) in [
            ("a", Some(1_000)),
            ("a;q=0", Some(0)),
            ("a ; x=1 ; Q=0.25", Some(250)),
            ("a;q=1.000", Some(1_000)),
            ("a;q=0.001", Some(1)),
            ("a;q=1.", Some(1_000)),
            ("a;q=1.001", None),
            ("a;q=2", None),
            ("a;q=-1", None),
            ("a;q=0.1234", None),
            ("a;q=0.+1", None),
            ("a;q=", None),
        ] {
            let headers = headers(&[element]);
            let weight = weighted_elements(&headers, &header::ACCEPT).next();
            assert_eq!(weight.map(|element| element.weight), expected, "{element}");
        }
    }
}
