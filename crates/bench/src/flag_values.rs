//! Parsers for flag values.

/// Events per second, such as `10` or `0.5`.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse::<f64>().ok().filter(|rate| (0.001..=1e6).contains(rate));
    rate.ok_or_else(|| "not a number from 0.001 to 1000000".to_owned())
}

/// An HTTP method.
pub(crate) fn method(text: &str) -> Result<String, String> {
    let is_method = !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphabetic());
    is_method.then(|| text.to_ascii_uppercase()).ok_or_else(|| "not an HTTP method".to_owned())
}
