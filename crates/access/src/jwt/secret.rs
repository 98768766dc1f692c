//! The secrets of HS256: what counts as one.
//!
//! A secret is the text as it is: nothing is decoded, as issuers do not decode it either. So a key in another format, or
//! a part of one, would count as a secret as well. Such texts are refused as far as they can be told from secrets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Shortest secret of HS256 (RFC 7518, section 3.2).
const MIN_SECRET_BYTES: usize = 32;

/// Checks a text that is to be a secret; the error is the reason.
pub(super) fn check_text(text: &str) -> Result<(), String> {
    check_no_key(text.trim())?;
    check_length(text.as_bytes())?;
    match cut_encoding(text) {
        Some(encoding) => {
            let bytes = text.len();
            Err(format!("has a secret of {bytes} bytes that is {encoding} and has been cut"))
        }
        None => Ok(()),
    }
}

pub(super) fn check_length(secret: &[u8]) -> Result<(), String> {
    let bytes = secret.len();
    if bytes < MIN_SECRET_BYTES {
        return Err(format!(
            "has a secret of {bytes} bytes: HS256 needs at least {MIN_SECRET_BYTES}, such as those of openssl rand \
             -base64 32"
        ));
    }
    Ok(())
}

/// Says so if a long enough text has fewer random bits than HS256 needs, as one that was cut.
pub(super) fn doubt(secret: &[u8]) -> Option<String> {
    const NEEDED_BITS: usize = MIN_SECRET_BYTES * 8;
    let digits = secret.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    let (bits_each, encoding) = match &secret[..digits] {
        text if text.iter().all(u8::is_ascii_hexdigit) => (4, "hexadecimal digits"),
        text if text.iter().copied().all(is_base64) => (6, "characters of base64"),
        _ => return None,
    };
    let bits = digits * bits_each;
    (bits < NEEDED_BITS).then(|| {
        format!(
            "has a secret of {digits} {encoding}, so of at most {bits} random bits; HS256 should have {NEEDED_BITS}: \
             has it been cut?"
        )
    })
}

/// Refuses keys in other formats than PEM: as a secret, a public key would let anybody sign.
fn check_no_key(text: &str) -> Result<(), String> {
    let is_ssh = ["ssh-", "ecdsa-", "sk-"].iter().any(|prefix| text.starts_with(prefix));
    let reason = if text.starts_with(['{', '[']) {
        "has JSON, which is no secret: give a set of JSON Web Keys with --jwt-jwks"
    } else if is_ssh {
        "has a public key of SSH, which is no secret: give it in PEM, as ssh-keygen -e -m pkcs8 writes it"
    } else if text.contains(char::is_control) {
        "has several lines, which are neither a public key in PEM nor a secret for HS256 on one line"
    } else if [from_base64(text), from_hex(text)].iter().flatten().any(|bytes| is_der_key(bytes)) {
        "has a key in base64 or hexadecimal digits alone, or a part of it, which is no secret: give the public key \
         in PEM, with its line -----BEGIN PUBLIC KEY-----"
    } else {
        return Ok(());
    };
    Err(reason.to_owned())
}

/// The encoding of a text whose length shows that its end is missing.
fn cut_encoding(text: &str) -> Option<&'static str> {
    if text.len() % 2 == 1 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some("an odd number of hexadecimal digits");
    }
    let digits = text.trim_end_matches('=');
    let is_padded = digits.len() < text.len() && digits.bytes().all(is_base64);
    (is_padded && !text.len().is_multiple_of(4)).then_some("base64 with too little padding")
}

/// True for a key or a certificate in DER, also if its end is missing: a sequence that begins with a sequence, with a
/// long integer, or with the number of a version.
fn is_der_key(bytes: &[u8]) -> bool {
    // The tag, and a length in one byte, or in the given number of bytes (X.690, section 8.1.3).
    let [0x30, first, rest @ ..] = bytes else { return false };
    let length_bytes = first.checked_sub(0x80).map_or(0, usize::from);
    let (length, content) = match rest.split_at_checked(length_bytes) {
        Some(([], content)) => (usize::from(*first), content),
        Some(([length], content)) => (usize::from(*length), content),
        Some(([high, low], content)) => (usize::from(u16::from_be_bytes([*high, *low])), content),
        _ => return false,
    };
    let is_key = matches!(content, [0x30, ..] | [0x02, 0x01 | 0x81 | 0x82, ..]);
    is_key && content.len() <= length
}

/// The whole bytes of base64, by either alphabet.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    STANDARD_NO_PAD.decode(text.get(..text.len() / 4 * 4)?).ok()
}

/// The whole bytes of hexadecimal digits, perhaps with colons between them.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.chars().filter(|digit| *digit != ':');
    let digits: Vec<u32> = digits.map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let (pairs, _) = digits.as_chunks();
    pairs.iter().map(|[high, low]| u8::try_from(high * 16 + low).ok()).collect()
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_encodings_raise_doubt() {
        for (length, digits) in [(63, "0123456789abcdef"), (42, "MTIzNDU2Nzg5MDEyMzQ1")] {
            let text = |length| digits.chars().cycle().take(length).collect::<String>();
            assert!(doubt(text(length).as_bytes()).is_some(), "{digits}");
            assert!(doubt(text(length + 1).as_bytes()).is_none(), "{digits}");
        }
        assert!(doubt(b"MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMg==").unwrap().contains("at most 180 random"));
        assert!(doubt(b"a secret of 32 bytes with spaces").is_none());
    }
}
