//! The cookie that carries a token for browsers, whose `EventSource` sends no headers.
//!
//! It is the token itself, so it holds on every replica and across restarts, and ends with the token. No script can read
//! it, no other site can make a browser send it, and it gives no right to publish.

use access::Token;
use http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;

/// The prefix makes browsers insist on https (or localhost), and on this host alone (RFC 6265bis, section 4.1.3.2).
const NAME: &str = "__Host-flightboard";

const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Strict";

/// Longest token in a cookie. Browsers ignore cookies of more than 4,096 bytes.
pub(crate) const MAX_COOKIE_TOKEN_BYTES: usize = 3_800;

/// Longest time that browsers keep a cookie, in seconds: 400 days.
const MAX_COOKIE_SECS: i64 = 400 * 24 * 60 * 60;

/// The token in the cookie of a request.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, NAME)
}

/// The value of a cookie of a request, unless it is empty.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(known, _)| known.trim() == name)?;
    Some(value.trim()).filter(|value| !value.is_empty())
}

/// The `Set-Cookie` that signs in with `token`, until it expires. `None` if it is too long for a cookie.
pub(crate) fn sign_in(
    token: &Token,
    expires: Option<Timestamp>,
    now: Timestamp,
) -> Option<HeaderValue> {
    let secret = token.secret();
    let secs = expires.map_or(MAX_COOKIE_SECS, |expires| expires.duration_since(now).as_secs());
    let secs = secs.clamp(0, MAX_COOKIE_SECS);
    let cookie = format!("{NAME}={secret}; {ATTRIBUTES}; Max-Age={secs}");
    let mut value =
        HeaderValue::from_str(&cookie).ok().filter(|_| secret.len() <= MAX_COOKIE_TOKEN_BYTES)?;
    value.set_sensitive(true);
    Some(value)
}

/// The `Set-Cookie` that signs out.
pub(crate) fn sign_out() -> HeaderValue {
    let cookie = format!("{NAME}=; {ATTRIBUTES}; Max-Age=0");
    HeaderValue::from_str(&cookie).expect("all of it is visible ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_found_among_cookies() {
        let check = |lines: &[&str], expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::COOKIE, HeaderValue::from_str(line).unwrap());
            }
            assert_eq!(token(&headers), expected, "{lines:?}");
        };
        check(&[], None);
        check(&["__Host-flightboard=abc"], Some("abc"));
        check(&["a=1; __Host-flightboard=abc==; b"], Some("abc=="));
        check(&["a=1", "__Host-flightboard=abc"], Some("abc"));
        check(&["flightboard=abc; x__Host-flightboard=abc; __host-flightboard=abc"], None);
        check(&["__Host-flightboard=; a=__Host-flightboard=abc"], None);
    }

    #[test]
    fn cookie_ends_with_the_token() {
        let token = Token::generate();
        let now = Timestamp::UNIX_EPOCH;
        let cookie = |expires: i64| {
            let expires = Timestamp::from_second(expires).unwrap();
            let value = sign_in(&token, Some(expires), now).unwrap();
            value.to_str().unwrap().rsplit_once("; ").unwrap().1.to_owned()
        };
        assert_eq!(cookie(90), "Max-Age=90");
        assert_eq!(cookie(-90), "Max-Age=0");
        assert_eq!(cookie(1 << 30), "Max-Age=34560000");
        let long = Token::parse(&"a".repeat(MAX_COOKIE_TOKEN_BYTES + 1)).unwrap();
        assert_eq!(sign_in(&long, None, now), None);
    }
}
