//! Numbers as readers see them in the tables and the plot.

/// A ratio with at most three significant digits, or without decimals from 100.
pub(crate) fn ratio(value: f64) -> String {
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$}")
}

pub(crate) fn micros(value: f64) -> String {
    format!("{value:.2} µs")
}

pub(crate) fn millis(value: f64) -> String {
    format!("{value:.1} ms")
}

pub(crate) fn bytes(value: f64) -> String {
    if value < 1024.0 { format!("{value:.0} bytes") } else { format!("{:.1} KiB", value / 1024.0) }
}

/// A whole number with a comma between groups of three digits.
pub(crate) fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with at most three decimals, without trailing zeros.
pub(crate) fn trimmed(value: f64) -> String {
    format!("{value:.3}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grouped_separates_thousands() {
        assert_eq!([1_000.0, 999.6, 1_234_567.4].map(grouped), ["1,000", "1,000", "1,234,567"]);
    }

    #[test]
    fn ratio_keeps_significant_digits() {
        let expected = ["0.95", "9.99", "10.0", "100.0", "155"];
        assert_eq!([0.951, 9.994, 10.04, 99.96, 154.7].map(ratio), expected);
    }

    #[test]
    fn bytes_become_kib_from_1024() {
        assert_eq!([1_023.0, 1_536.0].map(bytes), ["1023 bytes", "1.5 KiB"]);
    }
}
