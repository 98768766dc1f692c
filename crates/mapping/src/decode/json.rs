//! JSON.

use jaq_json::Val;

/// serde_json refuses values that are nested deeper than [`MAX_DEPTH`](super::MAX_DEPTH).
pub(super) fn decode(body: &str) -> Result<Val, String> {
    serde_json::from_str(body).map_err(|error| {
        let text = error.to_string();
        match text.strip_prefix("recursion limit exceeded") {
            Some(place) => {
                format!("its JSON is nested deeper than {} levels{place}", super::MAX_DEPTH)
            }
            None => format!("it is not JSON: {text}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::MAX_DEPTH;

    #[test]
    fn json_keeps_order_and_integers() {
        let text = r#"{"b":1,"a":["007",9007199254740993,null,true,1.5]}"#;
        assert_eq!(decode(text).unwrap().to_string(), text);
    }

    #[test]
    fn json_depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(decode(&nested(MAX_DEPTH)).is_ok());
        for depth in [MAX_DEPTH + 1, 200_000] {
            let error = decode(&nested(depth)).unwrap_err();
            assert!(
                error.starts_with("its JSON is nested deeper than 127 levels at line 1"),
                "{error}"
            );
        }
    }

    #[test]
    fn bad_json_names_its_place() {
        let error = decode("[\n  {\"a\": }\n]").unwrap_err();
        assert_eq!(error, "it is not JSON: expected value at line 2 column 9");
    }
}
