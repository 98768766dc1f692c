//! Misspelled names.

/// Letters after the prefix for each wrong letter up to which a name counts as a misspelling of another one.
const LETTERS_PER_TYPO: usize = 3;

/// Returns the known name of which `name` may be a misspelling. All known names start with `prefix`.
pub fn nearest_name<'a>(name: &str, known: &'a [impl AsRef<str>], prefix: &str) -> Option<&'a str> {
    let known = known.iter().map(AsRef::as_ref);
    let distances = known.map(|known| (strsim::damerau_levenshtein(name, known), known));
    let (distance, nearest) = distances.min()?;
    let letters = nearest.len().saturating_sub(prefix.len());
    (distance <= (letters / LETTERS_PER_TYPO).max(1)).then_some(nearest)
}
