//! Texts of rows, safe for a terminal.

/// The text with a replacement character for each control character, and without characters that change the direction of
/// the text around them. Otherwise a row could move the cursor, set a title, or reorder other cells.
pub fn printable(text: &str) -> String {
    let shown = text.chars().filter(|sign| !is_direction_mark(*sign));
    shown.map(|sign| if sign.is_control() { char::REPLACEMENT_CHARACTER } else { sign }).collect()
}

/// The controls of Unicode's bidirectional algorithm (UAX #9).
fn is_direction_mark(sign: char) -> bool {
    matches!(sign,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_never_pass() {
        for sign in (0..=0x9f_u32).filter_map(char::from_u32).filter(|sign| sign.is_control()) {
            assert_eq!(printable(&format!("a{sign}b")), "a\u{fffd}b", "{sign:?}");
        }
        assert_eq!(printable("\u{202e}Rome\u{2066}"), "Rome");
        assert_eq!(printable("Zürich 東京 🛬"), "Zürich 東京 🛬");
    }
}
