//! Misspelled names.

use std::cmp::Reverse;

/// Letters after the prefix for each wrong letter up to which a name counts as a misspelling of another one.
const LETTERS_PER_TYPO: usize = 3;

/// Returns the known name of which `name` may be a misspelling. All known names start with `prefix`. Of two
/// that are as near, the longer one: a letter is left out more often than added.
pub fn nearest_name<'a>(name: &str, known: &'a [impl AsRef<str>], prefix: &str) -> Option<&'a str> {
    let known = known.iter().map(AsRef::as_ref);
    let distances = known.map(|known| {
        let distance = strsim::damerau_levenshtein(name, known);
        (distance, Reverse(known.len()), known)
    });
    let (distance, _, nearest) = distances.min()?;
    let letters = nearest.len().saturating_sub(prefix.len());
    (distance <= (letters / LETTERS_PER_TYPO).max(1)).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_name_is_preferred() {
        assert_eq!(nearest_name("LISTN", &["LIST", "LISTEN"], ""), Some("LISTEN"));
    }
}
